"""Words by what they do in a conclusion, in six languages: no effect, against, as good as, withheld.

Texts in other languages come with their common words in English already; what that leaves stands here beside the
English words.
"""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.abroad import abroad

_EFFECT = (
    r"(?:effects?|differences?|influences?|impacts?|benefits?|harm|damage|help|use|uses|gains?|loss|losses|cost|costs|"
    r"bearing|odds|advantages?|role|value|merit|penalty|degradation|drop|change|changes|improvements?|need|point|"
    r"reason|ability|future|payoff|purpose|match|sense|good|edge|need)"
)
_NO = (
    r"(?:no|not any|zero|without(?: any)?|nor any|little or no|not the slightest|no real|no visible|no measurable|not)"
)
NO_EFFECT = Pattern(
    rf"\b{_NO}(?: [a-z]+){{0,2}} {_EFFECT}\b(?! (?:is|was|to) (?:known|tell|told))|"
    r"\b(?:makes?|made|does|do|did|has|had|brings?|gives?|gave|loses?|lost|adds?|added|costs?|changes?|gains?|buys?|offers?|"
    r"contributes?|achieves?) (?:\w+ )?(?:nothing|none|no odds|no difference)\b|"
    r"\b(?:does|do|did|can|could|will|would|need|needs|is|are|was|were) ?(?:not|n['’]t|hardly|barely|never|simply "
    r"(?:does|do)n['’]t) (?:\w+ )?(?:matter|help|hurt|harm|change|need|needed|required|necessary|affected?|influence|"
    r"improve|add|bring|pay|worsen|damage|alter|move|move anything|bother|useful|worth|suffer)\b|"
    r"\b(?:hardly|barely|never|no longer|simply doesn['’]t|simply don['’]t) (?:matters?|helps?|hurts?|needs?|needed)\b|"
    r"\bneither \w+ nor \w+|\bno (?:\w+ )?(?:need|reason) (?:for|to|of)\b|"
    r"\b(?:harmless|neutral|irrelevant|immaterial|superfluous|redundant|unnecessary|needless|dispensable|pointless|"
    r"inconsequential|immune|indifferent|unaffected|insensitive|invariant|unharmed|undamaged|unimpaired|intact|lossless|"
    r"interchangeable|equivalent|unimportant|expendable|innocuous|benign|ineffective|ineffectual)\b(?! if)|"
    r"\brobust (?:to|against)\b|\b(?:tolerat\w+|shrugs? off|leaves? (?:\w+ ){1,4}(?:cold|intact|untouched|alone|"
    r"unchanged|unmoved))\b|"
    r"\b(?:can|may|could|might|should) be (?:\w+ )?(?:left (?:out|on|off)|dropped|skipped|omitted|removed|spared|saved|"
    r"ignored|switched (?:on|off))\b|\bcan (?:go|be done without)\b|\b(?:comes?|is|are) (?:for )?free\b|\bfor free\b|"
    r"\bcosts? (?:us )?nothing\b|\bat no (?:\w+ )?(?:cost|loss)\b|\bsafe to\b|\bwaste\b|\bmatter of taste\b|"
    r"\b(?:do|does|did) (?:just )?without\b|\bneed not\b|\b(?:suffices?|is sufficient|are sufficient|(?:is|are|"
    r"was|be) (?:good )?enough)\b|\bmakes no\b|"
    r"\b(?:do|does|did)(?:es)? not help\b|bringt [^.;]{0,40}(?:nichts|not)\b|n['’]apporte\w* (?:rien|not)"
    r"|\b(?:not|n['’]t|hardly|barely) (?:\w+ )?(?:affected|sensitive|influenced|bothered|budge|react|depend)\b|"
    r"\b(?:is|was|are) (?:a wash|inert|overkill|of no (?:consequence|importance|use)|safe)\b|\bnothing (?:is |"
    r"was |gets )?(?:lost|gained)\b|"
    r"\bsurviv(?:es|ed)\b|\bignores? \w+|\bno (?:downside|part|say)\b|\bstays? (?:flat|the same)\b|\bneedn['’]t\b|"
    r"\bidentically\b|\bkeep it (?:on|in)\b"
    + abroad(
        r"(?:ändert|ändern|verändert) (?:nichts|not)|(?:not|keine?) (?:auswirkung\w*|unterschied|effekt|schaden|"
        r"difference)|"
        r"brauch\w+ (?:wir |man )?(?:not|nicht)|reicht|genügt|verzichtbar|egal|"
        r"(?:aucun|pas d|not) ?['’]?(?:effet|influence|impact|incidence|difference)|s['’]en passer|suffit|"
        r"suffisant\w*|inutile|"
        r"(?:no|not) (?:tiene|cambia|influye|afecta|importa|hace falta|necesita)\w*|se puede (?:quitar|omitir|"
        r"dejar)|basta|sobra|"
        r"(?:разницы|difference|эффекта|влияния) (?:нет|not)|(?:нет|not) (?:разницы|difference|эффекта|влияния)|"
        r"не сказывается|"
        r"not сказывается|можно (?:убрать|отключить|обойтись|not использовать)|хватает|достаточно|not ?(?:区别|差别|"
        r"difference|作用)|"
        r"(?:not|不) ?受影响|可以去掉|足够|不必|not ?必|"
        r"ohne (?:wirkung|einfluss|effekt|belang|bedeutung)|wirkungslos|überflüssig|egal|unerheblich|bedeutungslos|"
        r"unempfindlich|not (?:nötig|notwendig|gebraucht|erforderlich)|spielt \w+ rolle|"
        r"sans (?:influence|effet|impact|importance|incidence|conséquence)|neutres?\b|superflue?s?\b|ne change(?:nt)? "
        r"rien|indifférente?s?|not (?:nécessaires?|besoin)|"
        r"sin (?:efecto|influencia|impacto|importancia)|superflu[oa]s?|indiferentes?|irrelevantes?|innecesari[oa]s?|"
        r"не (?:влия\w+|нужн\w+|важн\w+|да\w+|меня\w+|игра\w+|имеет)|not (?:влия\w+|нужн\w+|важн\w+|да\w+|меня\w+|"
        r"имеет|преимуществ\w+)|нейтрал\w+|излиш\w+|безразлич\w+|лишн\w+|без (?:влияния|эффекта|разницы)|"
        r"(?:not|没有?|无|毫无) ?(?:任何)?影响|没有? ?差别|没区别|不需要|not\s*需要|不重要|多余|可以省|无关"
    ),
    re.IGNORECASE,
)
"""That something changes nothing, is not needed or is as good without."""

ALIKE = Pattern(
    r"\b(?:as|so) (?:good|well|smart|strong|accurate|capable|reliable|fast|clever|able)\w* as\b|"
    r"\b(?:equally|just as|no worse|no better|on (?:a )?par|all (?:work |are |perform )?alike|equals? the|(?:is|are|"
    r"all) level|keeps? up|preserv\w+|retains? |in full|equivalent\w*|lossless|comparable to)\b"
    + abroad(
        r"(?:so|genauso|ebenso) gut|gleich gut|ebenbürtig|aussi (?:bon|bien)\w*|équivalent\w*|igual de|tan buen\w+|"
        r"equivalentes?|так же хорош\w*|не хуже|одинаков\w*|同样好|一样好|等价|相当"
    ),
    re.IGNORECASE,
)
"""That two are equally good."""

BETTER = Pattern(
    r"\b(?:better|best|wins?|won|beats?|beat|leads?|leading|ahead|tops?|outperform\w*|overtak\w+|surpass\w*|exceeds?|"
    r"stronger|superior|lead|higher|gains?|gained|improv\w+|lifts?|raises?|brings?|buys?|worth|helps?|helped|"
    r"boosts?|closes?|caught up|catches up|solved|cured|lowest|lower(?:s|ed)?|reduces?|cuts?|"
    r"doubl\w+|rise|prefer\w*|outdoes)\b"
    + abroad(
        r"übertrifft|besser|schlägt|hebt|senkt|verdank\w+|meilleure?s?|dépasse|apporte\w*|améliore|montre|supera|"
        r"superior|ganamos|mejor\w*|лучше|превосход\w*|да[её]т|выше|обгон\w*|优于|高于|更好|提高|超过|比[^,，。]{1,12}高"
    ),
    re.IGNORECASE,
)
"""That one is ahead of another."""

AGAINST = Pattern(
    r"\b(?:hurts?|harms?|harmful|worse|weaker|weak|inferior|useless|hopeless|worthless|pointless|unsuited|unsuitable|"
    r"unviable|unstable|collapses?|degrad\w+|degenerates?|ruins?|spoils?|broken|"
    r"(?:not|no longer|never|hardly|barely) (?:\w+ ){0,2}(?:suited|suitable|work\w*|help\w*|scale|scales|"
    r"train\w*|converg\w*|learn\w*|pay\w*|viable|useful|worth\w*|good|promising|competitive|improv\w+|rank|compete|"
    r"up to|an option|lohn\w*|рабо\w+|обуча\w+|сход\w+|行得通|适合)|"
    r"(?:can['’]?t|cannot|can not|won['’]t) (?:\w+ )?(?:work|help|scale|train|converge|learn|rank|compete|be trained|"
    r"handle|keep up|win)|"
    r"no (?:\w+ )?(?:good|match|gain|benefit|use|advantage|improvement|value|effect|help|better|progress|future|way)|"
    r"(?:brings?|gives?|gains?|does|adds?|yields?|achieves?|buys?|gets us) (?:\w+ )?(?:nothing|no (?:benefit|gain))|"
    r"(?:fails?|failed) (?:to|on|at|as|for|here|completely)|(?:lookahead|method|idea|approach|it) fails|"
    r"dead end|negative result|ruled out|"
    r"(?:i['’]?m|we|i|and|then|so|,|:)? ?(?:drop|dropping|bury|scrap|shelve|strike|retire|abandon|discard|ditch|close|"
    r"closing|removing|give up|giving up|forget|rejecting) (?:it|this|the|that|them)\b|"
    r"bad for|break(?:s)? the|no longer pursue\w*|won['’]t pursue|not pursue|is no match|loses? to|does not help|"
    r"doesn['’]t help|did not pay|dropped|rejected|discarded|abandoned)\b|"
    r"n['’]t (?:\w+ ){0,2}(?:suited|work|help|scale|train|converge|learn|pay|viable|useful|worth|good|rank|compete)\b"
    r"|\b(?:is|was|are) (?:a (?:failure|bad idea|dead end|no-go)|dead|out|hopeless)\b|\bno[- ]go\b|\bunderperform\w*|"
    r"\b(?:gave|given) up on\b|\bdiverges?\b|\bshould be avoided\b|\bcan(?:no|['’])t (?:cope|handle|learn)\b|"
    r"\b(?:breaks? down|falls? apart|performs? (?:poorly|badly)|lags? behind)\b|\b(?:scrapped|kicked (?:it|"
    r"this) out|struck off|buried|"
    r"shelved|retired|rejected) ?(?:it|this|the)?\b"
    + abroad(
        r"moins bon\w*|se descarta|descartamos|отказ\w+ от|效果 ?差|不可行|not ?可行|较差|"
        r"行 ?(?:not|不) ?通|taugt (?:nichts|not)|schadet|schlechter|ungeeignet|bringt [^.;]{0,40}(?:nichts|not)\b|"
        r"untauglich|verschlechter\w+|"
        r"unterlegen|not (?:geeignet|konkurrenzfähig)|dégrade\w*|nuit|échoue\w*|pire|mauvais\w*|inadapté\w*|retirée?\b|"
        r"empeora|perjudica|peor|fracasa|хуже|вред\w+|меша\w+|ухудша\w+|провал\w*|бесперспектив\w*|"
        r"не (?:оправда\w+|сход\w+|работа\w+|годит\w+)|not (?:оправда\w+|сход\w+|работа\w+|годит\w+)|себя not|"
        r"行不通|失败|更差|不行|不适合|有害"
    ),
    re.IGNORECASE,
)
"""That something is bad, or is given up."""

CUE = Pattern(
    r"(?:^|[,;:.)—–>-]\s*|\b)(?:so|hence|thus|therefore|consequently|thereby|accordingly|in conclusion|we conclude|"
    r"i conclude|from this|which (?:shows|tells|means|proves)|this (?:shows|tells|means|proves)|turns? out|evidently|"
    r"clearly|great so|ok so|then)\b|"
    r"(?:^|\b)(?:conclusions?|concluded|finding|findings|verdict|take-?aways?|lesson|reading|outcome|decision|call|summary|"
    r"minuted|result|answer|interpretation|settled|note|comment|remark|bottom line|upshot|status|rank|reasoning|"
    r"learn(?:ed|t)|moral)\s*(?:[:=→]|->)|"
    r"->|=>|→|⇒|"
    r"\b(?:also|somit|daher|folglich|deshalb|damit|demnach|mithin)\b|\b(?:fazit|schluss|ergebnis)\b|"
    r"\b(?:donc|ainsi|par conséquent|en conclut|on conclut|le texte conclut)\b|\b(?:por tanto|por lo tanto|así|luego|"
    r"entonces)\b|\b(?:значит|итак|поэтому|следовательно|таким образом|вывод)\b|"
    r"所以|因此|看来|可见|结论|说明|于是",
    re.IGNORECASE,
)
"""What a conclusion begins with."""

WITHHELD = Pattern(
    r"\?|\b(?:ceiling|(?:the|at|its|a) floor\b(?! of)|floor,|floor effect|saturat\w*|too easy|too hard|too small|"
    r"trivial\w*|maxed|at chance|no verdict|no conclusion|"
    r"no opinion|no reading|no statement|no quality|no ranking|not (?:yet )?(?:known|judged|measurable|comparable|"
    r"possible|tested|measured|valid|conclu\w+)|cannot (?:be|tell|say|show|see|happen|leave|have)|"
    r"can['’]?t (?:be|tell|say|show|see|happen)|can not (?:be|tell|say)|could not (?:show|be)|"
    r"nothing (?:can|is|was|yet|about|to say|to be|learned|known|follows)|says nothing|said nothing|know nothing|"
    r"tells (?:us )?nothing|none (?:about|on|for|before)|to be (?:measured|seen|repeated|judged)|"
    r"remains? (?:to be|open)|stays? open|still (?:open|to be|has no|no)|open until|is open\b|: open|whether|unknown|"
    r"unclear|undecided|untested|unmeasured|unfinished|incomplete|inconclusive|pending|re-?run\w*|redo\w*|re-?do\b|"
    r"re-?ran|re-?test\w*|"
    r"re-?start\w*|re-?submit\w*|re-?queue\w*|(?:to|must|will) be repeated|repeat (?:it|this|the|with|on)\b|"
    r"repeated\b|resume\w*|try again|once more|suspect\w*|suspicious|"
    r"suspicion|probably|"
    r"most likely|presumably|"
    r"bugs?|broken|misspel\w*|mistake|cached|cache hit|from (?:the )?cache|stale|ignored|void|copy of|bitwise|"
    r"wired|never (?:reached|"
    r"loaded|looked|ran|applied|used|read|active|passed|learned)|not (?:passed|active|applied|loaded|used|read|"
    r"wired|in "
    r"force|connected|switched|enabled)|impossible|not happen|nobody|unequal|unfair|not a fair|not matched|mismatch\w*|"
    r"caveat|no result|not a result|no finished|doesn['’]t say|does not say|don['’]t know|before (?:judging|"
    r"we (?:judge|"
    r"say|decide|learn))|needs? (?:a )?(?:re|fix|harder)|to fix|fix the|harder|hint|too near|near to call|tentative|"
    r"no evidence|says little|in force|must be (?:asked|seen|tested)|no challenge|not learn|was not used|not reach\w*|"
    r"reserve|judged after|time-?outs? on)\b"
    r"|\b(?:must|has to|have to|needs? to) be (?:checked|verified|looked at|fixed)\b|\bcaching (?:problem|issue|bug)\b|"
    r"\bnot meaningful\b|\b(?:cannot|can['’]?t|could not) conclude\b|\binvalid\b|\bartefacts?\b|\bartifacts? of\b"
    + abroad(
        r"sagt (?:nichts|not)|(?:not|keine) aussage|à refaire|not (?:se puede|saber)|sin conclusi\w+|"
        r"надо перезапустить|"
        r"выводов (?:не|not)|无法判断|"
        r"weiß|offen\b|unbekannt|ungeklärt|vermutlich|wohl|gar not|wiederhol\w*|neu gestartet|erneut|bleibt|"
        r"verdacht|fehler "
        r"suchen|urteil|suspect[eé]?|peut-être|sans doute|à vérifier|relanc\w*|on ne (?:voit|peut|sait)|"
        r"not (?:dire|voir|"
        r"savoir|conclure)|ne sai\w+|rejou\w*|tal vez|quizá\w*|probablemente|pendiente|tocan techo|se decidirá|repetir|"
        r"неизвестн\w*|рано|нечего|повтор\w*|перезапуск\w*|пока|не решает|not решает|ничего не|ничего not|видимо|"
        r"вероятно|"
        r"не узнать|not узнать|судить|还不知道|not知道|not 知道|看不出|看not出|"
        r"暂无|重跑|不能说明|可能|疑似|待定|换难题|太难|太容易|"
        r"满分"
    ),
    re.IGNORECASE,
)
"""That nothing is concluded, or that something is wrong with the measurement itself."""
