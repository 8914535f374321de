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
    rf"\b(?:makes?|made|does|do|did|has|had|brings?|gives?|gave|loses?|lost|adds?|added|costs?|changes?|gains?|buys?|"
    rf"offers?|contributes?|achieves?) (?:\w+ )?(?:nothing|none|no odds|no difference)\b|"
    rf"\b(?:does|do|did|can|could|will|would|need|needs|is|are|was|were) ?(?:not|n['’]t|hardly|barely|never|simply "
    rf"(?:does|do)n['’]t) (?:\w+ )?(?:matter|help|hurt|harm|change|need|needed|required|necessary|affected?|influence|"
    rf"improve|add|bring|pay|worsen|damage|alter|move|move anything|bother|useful|worth|suffer)\b|"
    rf"\b(?:hardly|barely|never|no longer|simply doesn['’]t|simply don['’]t) (?:matters?|helps?|hurts?|needs?|"
    rf"needed)\b|\bneither \w+ nor \w+|\bno (?:\w+ )?(?:need|reason) (?:for|to|of)\b|"
    rf"\b(?:harmless|neutral|irrelevant|immaterial|superfluous|redundant|unnecessary|needless|dispensable|pointless|"
    rf"inconsequential|immune|indifferent|unaffected|insensitive|invariant|unharmed|undamaged|unimpaired|intact|"
    rf"lossless|interchangeable|equivalent|unimportant|expendable|innocuous|benign|ineffective|ineffectual|"
    rf"useless)\b(?! if)|"
    rf"\brobust (?:to|against)\b|\b(?:tolerat\w+|shrugs? off|leaves? (?:\w+ ){{1,4}}(?:cold|intact|untouched|alone|"
    rf"unchanged|unmoved))\b|\b(?:can|may|could|might|should) be (?:\w+ )?(?:left (?:out|on|off)|dropped|skipped|"
    rf"omitted|removed|spared|saved|ignored|switched (?:on|off))\b|"
    rf"\bcan (?:go|be done without)\b|\b(?:comes?|is|are) (?:for )?free\b|\bfor free\b|\bcosts? (?:us )?nothing\b|\bat "
    rf"no (?:\w+ )?(?:cost|loss)\b|\bsafe to\b|\bwaste\b|\bmatter of taste\b|\b(?:do|does|did) (?:just )?without\b|"
    rf"\bneed not\b|\b(?:suffices?|is sufficient|are sufficient|(?:is|are|was|be) (?:good )?enough)\b|"
    rf"\bmakes no\b|\b(?:do|does|did)(?:es)? not help\b|bringt [^.;]{{0,40}}(?:nichts|not)\b|n['’]apporte\w* (?:rien|"
    rf"not)|\b(?:not|n['’]t|hardly|barely) (?:\w+ )?(?:affected|sensitive|influenced|bothered|budge|react|depend)\b|"
    rf"\b(?:is|was|are) (?:a wash|inert|overkill|of no (?:consequence|importance|use)|safe)\b|"
    rf"\bnothing (?:is |was |gets )?(?:lost|gained)\b|\bsurviv(?:es|ed)\b|\bignores? \w+|\bno (?:downside|part|say)\b|"
    rf"\bstays? (?:flat|the same)\b|\bneedn['’]t\b|\bidentically\b|\bkeep it (?:on|in)\b"
    + abroad(
        r"(?:ändert|ändern|verändert) (?:nichts|not)|(?:not|keine?) (?:auswirkung\w*|unterschied|effekt|schaden|"
        r"difference)|brauch\w+ (?:wir |man )?(?:not|nicht)|reicht|genügt|verzichtbar|egal|(?:aucun|pas d|not) "
        r"?['’]?(?:effet|influence|impact|incidence|difference)|s['’]en passer|suffit|suffisant\w*|inutile|(?:no|not) "
        r"(?:tiene|cambia|influye|afecta|importa|hace falta|necesita)\w*|"
        r"se puede (?:quitar|omitir|dejar)|basta|sobra|(?:разницы|difference|эффекта|влияния) (?:нет|not)|"
        r"(?:нет|not) (?:разницы|difference|эффекта|влияния)|не сказывается|not сказывается|можно (?:убрать|отключить|"
        r"обойтись|not использовать)|хватает|достаточно|not ?(?:区别|差别|difference|作用)|(?:not|不) ?受影响|可以去掉|"
        r"足够|不必|not ?必|ohne (?:wirkung|einfluss|effekt|belang|bedeutung)|"
        r"wirkungslos|überflüssig|egal|unerheblich|bedeutungslos|unempfindlich|not (?:nötig|notwendig|gebraucht|"
        r"erforderlich)|spielt \w+ rolle|sans (?:influence|effet|impact|importance|incidence|conséquence)|"
        r"neutres?\b|superflue?s?\b|ne change(?:nt)? rien|indifférente?s?|not (?:nécessaires?|besoin)|sin (?:efecto|"
        r"influencia|impacto|importancia)|superflu[oa]s?|indiferentes?|irrelevantes?|innecesari[oa]s?|не (?:влия\w+|"
        r"нужн\w+|важн\w+|да\w+|меня\w+|игра\w+|имеет)|not (?:влия\w+|нужн\w+|важн\w+|да\w+|меня\w+|имеет|"
        r"преимуществ\w+)|нейтрал\w+|излиш\w+|безразлич\w+|лишн\w+|без (?:влияния|эффекта|разницы)|(?:not|没有?|无|"
        r"毫无) ?(?:任何)?影响|没有? ?差别|没区别|不需要|not\s*需要|不重要|多余|可以省|无关"
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
    r"stronger|superior|lead|higher|gains?|gained|improv\w+|lifts?|raises?|brings?|buys?|worth|helps?|helped|boosts?|"
    r"closes?|caught up|catches up|solved|cured|lowest|lower(?:s|ed)?|reduces?|cuts?|doubl\w+|rise|prefer\w*|outdoes)\b"
    + abroad(
        r"übertrifft|besser|schlägt|hebt|senkt|verdank\w+|meilleure?s?|dépasse|apporte\w*|améliore|montre|supera|"
        r"superior|ganamos|mejor\w*|лучше|превосход\w*|да[её]т|выше|обгон\w*|优于|高于|更好|提高|超过|比[^,，。]{1,12}高"
    ),
    re.IGNORECASE,
)
"""That one is ahead of another."""

AGAINST = Pattern(
    r"\b(?:hurts?|harms?|harmful|worse|weaker|weak|inferior|useless|hopeless|worthless|pointless|unsuited|unsuitable|"
    r"unviable|unstable|collapses?|degrad\w+|degenerates?|ruins?|spoils?|broken|(?:not|no longer|never|hardly|barely) "
    r"(?:\w+ ){0,2}(?:suited|suitable|work\w*|help\w*|scale|scales|train\w*|converg\w*|learn\w*|pay\w*|viable|useful|"
    r"worth\w*|good|promising|competitive|improv\w+|rank|compete|up to|an option|lohn\w*|рабо\w+|обуча\w+|сход\w+|"
    r"行得通|适合)|(?:can['’]?t|cannot|can not|won['’]t) (?:\w+ )?(?:work|help|scale|train|converge|learn|rank|compete|"
    r"be trained|handle|keep up|win)|no (?:\w+ )?(?:good|match|gain|benefit|use|advantage|improvement|value|effect|"
    r"help|better|progress|future|way)|(?:brings?|gives?|gains?|does|adds?|yields?|achieves?|buys?|gets us) (?:\w+ "
    r")?(?:nothing|no (?:benefit|gain))|(?:fails?|failed) (?:to|on|at|as|for|here|completely)|(?:lookahead|method|idea|"
    r"approach|it) fails|dead end|negative result|ruled out|(?:i['’]?m|we|i|and|then|so|,|:)? ?(?:drop|dropping|bury|"
    r"scrap|shelve|strike|retire|abandon|discard|ditch|close|closing|removing|give up|giving up|forget|rejecting) "
    r"(?:it|this|the|that|them)\b|bad for|break(?:s)? the|no longer pursue\w*|won['’]t pursue|not pursue|is no match|"
    r"loses? to|does not help|doesn['’]t help|did not pay|dropped|rejected|discarded|abandoned)\b|"
    r"n['’]t (?:\w+ ){0,2}(?:suited|work|help|scale|train|converge|learn|pay|viable|useful|worth|good|rank|compete)\b|"
    r"\b(?:is|was|are) (?:a (?:failure|bad idea|dead end|no-go)|dead|out|hopeless)\b|"
    r"\bno[- ]go\b|\bunderperform\w*|\b(?:gave|given) up on\b|\bdiverges?\b|\bshould be avoided\b|\bcan(?:no|['’])t "
    r"(?:cope|handle|learn)\b|\b(?:breaks? down|falls? apart|performs? (?:poorly|badly)|lags? behind)\b|"
    r"\b(?:scrapped|kicked (?:it|this) out|struck off|buried|shelved|retired|rejected) ?(?:it|this|the)?\b"
    + abroad(
        r"moins bon\w*|se descarta|descartamos|отказ\w+ от|效果 ?差|不可行|not ?可行|较差|行 ?(?:not|不) ?通|taugt "
        r"(?:nichts|not)|schadet|schlechter|ungeeignet|bringt [^.;]{0,40}(?:nichts|not)\b|untauglich|verschlechter\w+|"
        r"unterlegen|not (?:geeignet|konkurrenzfähig)|dégrade\w*|nuit|échoue\w*|pire|mauvais\w*|inadapté\w*|retirée?\b|"
        r"empeora|perjudica|peor|fracasa|хуже|вред\w+|меша\w+|ухудша\w+|провал\w*|бесперспектив\w*|не (?:оправда\w+|"
        r"сход\w+|работа\w+|годит\w+)|not (?:оправда\w+|сход\w+|работа\w+|годит\w+)|"
        r"себя not|行不通|失败|更差|不行|不适合|有害"
    ),
    re.IGNORECASE,
)
"""That something is bad, or is given up."""

CUE = Pattern(
    r"(?:^|[,;:.)—–>-]\s*|\b)(?:so|hence|thus|therefore|consequently|thereby|accordingly|in conclusion|we conclude|i "
    r"conclude|from this|which (?:shows|tells|means|proves)|this (?:shows|tells|means|proves)|turns? out|evidently|"
    r"clearly|great so|ok so|then)\b|(?:^|\b)(?:conclusions?|concluded|finding|findings|verdict|take-?aways?|lesson|"
    r"reading|outcome|decision|call|summary|minuted|result|answer|interpretation|settled|note|comment|remark|bottom "
    r"line|upshot|status|rank|reasoning|learn(?:ed|t)|moral)\s*(?:[:=→]|->)|"
    r"->|=>|→|⇒|\b(?:also|somit|daher|folglich|deshalb|damit|demnach|mithin)\b|"
    r"\b(?:fazit|schluss|ergebnis)\b|\b(?:donc|ainsi|par conséquent|en conclut|on conclut|le texte conclut)\b|"
    r"\b(?:por tanto|por lo tanto|así|luego|entonces)\b|\b(?:значит|итак|поэтому|следовательно|таким образом|вывод)\b|"
    r"所以|因此|看来|可见|结论|说明|于是",
    re.IGNORECASE,
)
"""What a conclusion begins with."""

WITHHELD = Pattern(
    r"\?|\b(?:ceiling|(?:the|at|its|a) floor\b(?! of)|floor,|floor effect|saturat\w*|too easy|too hard|too small|"
    r"trivial\w*|maxed|at chance|no verdict|no conclusion|no opinion|no reading|no statement|no quality|no ranking|not "
    r"(?:yet )?(?:known|judged|measurable|comparable|possible|tested|measured|valid|conclu\w+)|cannot (?:be|tell|say|"
    r"show|see|happen|leave|have)|can['’]?t (?:be|tell|say|show|see|happen)|can not (?:be|tell|say)|could not (?:show|"
    r"be)|nothing (?:can|is|was|yet|about|to say|to be|learned|known|follows)|says nothing|said nothing|know nothing|"
    r"tells (?:us )?nothing|none (?:about|on|for|before)|to be (?:measured|seen|repeated|judged)|remains? (?:to be|"
    r"open)|stays? open|still (?:open|to be|has no|no)|open until|is open\b|: open|whether|unknown|unclear|undecided|"
    r"untested|unmeasured|unfinished|incomplete|inconclusive|pending|re-?run\w*|redo\w*|re-?do\b|re-?ran|re-?test\w*|"
    r"re-?start\w*|re-?submit\w*|re-?queue\w*|(?:to|must|will) be repeated|repeat (?:it|this|the|with|on)\b|repeated\b|"
    r"resume\w*|try again|once more|suspect\w*|suspicious|suspicion|probably|most likely|presumably|bugs?|broken|"
    r"misspel\w*|mistake|cached|cache hit|from (?:the )?cache|stale|ignored|void|copy of|bitwise|wired|never "
    r"(?:reached|loaded|looked|ran|applied|used|read|active|passed|learned)|not (?:passed|active|applied|loaded|used|"
    r"read|wired|in force|connected|switched|enabled)|impossible|not happen|nobody|unequal|unfair|not a fair|not "
    r"matched|mismatch\w*|caveat|no result|not a result|no finished|doesn['’]t say|does not say|don['’]t know|before "
    r"(?:judging|we (?:judge|say|decide|learn))|needs? (?:a )?(?:re|fix|harder)|to fix|fix the|harder|hint|too near|"
    r"near to call|tentative|no evidence|says little|in force|must be (?:asked|seen|tested)|no challenge|not learn|was "
    r"not used|not reach\w*|reserve|judged after|time-?outs? on)\b|"
    r"\b(?:must|has to|have to|needs? to) be (?:checked|verified|looked at|fixed)\b|"
    r"\bcaching (?:problem|issue|bug)\b|\bnot meaningful\b|\b(?:cannot|can['’]?t|could not) conclude\b|\binvalid\b|"
    r"\bartefacts?\b|\bartifacts? of\b"
    + abroad(
        r"sagt (?:nichts|not)|(?:not|keine) aussage|à refaire|not (?:se puede|saber)|sin conclusi\w+|надо "
        r"перезапустить|выводов (?:не|not)|无法判断|weiß|offen\b|unbekannt|ungeklärt|vermutlich|wohl|gar not|"
        r"wiederhol\w*|neu gestartet|erneut|bleibt|verdacht|fehler suchen|urteil|suspect[eé]?|peut-être|sans doute|à "
        r"vérifier|relanc\w*|on ne (?:voit|peut|sait)|not (?:dire|voir|savoir|conclure)|ne sai\w+|rejou\w*|tal vez|"
        r"quizá\w*|probablemente|pendiente|tocan techo|se decidirá|repetir|неизвестн\w*|рано|нечего|повтор\w*|"
        r"перезапуск\w*|пока|не решает|not решает|ничего не|ничего not|видимо|вероятно|не узнать|not узнать|судить|"
        r"还不知道|not知道|not 知道|看不出|看not出|暂无|重跑|不能说明|可能|疑似|待定|换难题|太难|太容易|满分"
    ),
    re.IGNORECASE,
)
"""That nothing is concluded, or that something is wrong with the measurement itself."""
