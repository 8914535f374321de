"""Words of two conclusions: that a result is steady over repeats, and that something has no effect.

Vocabularies of roles, in the languages that an audit reads. ``said_steady`` and ``said_none`` find a conclusion in a
sentence; whether it is asserted is for the caller.
"""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import REPEAT, worded

_CHANCE = (
    rf"(?:{REPEAT}|initiali[sz]ations?|init|randomness|random\w*|luck|chance|repetition|retraining|restart\w*|"
    r"startwert\w*|zufall\w*|initialisierung\w*|initialisation\w*|hasard|inicializaci\w+|azar|инициализаци\w+|"
    r"случайност\w+|"
    r"初始化|随机性)"
)
_STEADY = (
    r"stabl[ey]|stabil[er]?|robust(?:ly)?|reliabl[ey]|dependabl[ey]|reproducibl[ey]|repeatabl[ey]|"
    r"consistent(?:ly)?|stead(?:y|ily)|"
    r"insensitive|invariant|solid|bullet-?proof|trustworthy|identical|"
    r"verlässlich\w*|zuverlässig\w*|reproduzierbar\w*|konsistent\w*|beständig\w*|gleichbleibend\w*|unempfindlich\w*|"
    r"fiables?|reproductibles?|constant\w*|régul\w+|insensibles?|estables?|robust[oa]s?|fiabilidad|consistentes?|"
    r"reproducibles?|"
    r"устойчив\w*|стабильн\w*|над[её]жн\w*|воспроизводим\w*|稳定|稳健|可靠|复现|一致"
)
_LITTLE = (
    r"(?:hardly|barely|scarcely|little|low|tiny|negligible|almost no|no|never|kaum|wenig|à peine|peu|guère|apenas|"
    r"poca|"
    r"почти не|мало|едва|几乎不)"
)
_MOVES = (
    r"(?:mov\w+|var(?:y|ies|ied|iance|iation)|chang\w+|scatter\w*|spread|fluctuat\w*|wobbl\w*|differ\w*|matter\w*|"
    r"schwank\w*|streu\w*|änder\w*|"
    r"varie\w*|bouge\w*|change\w*|cambia\w*|меня\w+|колебл\w+|变化|波动)"
)
_STEADY_NEEDS = (
    "stabl|stabil|robust|reliab|dependab|reproducib|repeatab|consistent|stead|insensi|invariant|solid|bullet|trustworthy|"
    "identical|verlässlich|zuverlässig|reproduzierbar|konsistent|beständig|gleichbleibend|unempfindlich|fiab|"
    "reproductible|constant|régul|йчи|абильн|жн|пр|稳|可靠|复现|一致|"
    "whatever|matter|regardless|irrespective|independent|for any|with any|under any|egal|unabhängig|que soi|sea cual|"
    "importa|неза|无论|不管|depend|dépend|hängt nicht|не |依赖|"
    "mov|var|chang|scatter|spread|fluctuat|wobbl|differ|schwank|streu|änder|bouge|cambia|меня|лебл|变化|波动|"
    "no role|no effect|no influence|irrelevant|keine rolle|aucun|影响|"
    "always|same|behaves|relied|every |again|time after|jedes mal|immer wieder|chaque|cada vez|todas las|раз|每次|换"
)
"""Of steadiness, of what it is in spite of, of little change, of no role, and of what happens each time."""

OVER_SEEDS = Pattern(
    rf"(?:(?<![^\W_])(?:{_STEADY})(?![^\W_])[^.;]{{0,24}}?(?<![^\W_])(?:against|to|across|over|between|from|under|of|"
    rf"w\.?r\.?t\.?|gegen|"
    rf"gegenüber|über|à|aux?|face|entre|a|ante|к|от|对)\s+(?:[\w']+\s+){{0,2}}?|"
    rf"(?:whatever|no matter (?:which|what)|regardless of|irrespective of|independent(?:ly)? of|for any|with any|"
    rf"under any|"
    rf"egal welche[rsmn]?|unabhängig vo\w+|quel(?:le)?s? que soi\w+|sea cual sea|sin importar|независимо от|при "
    rf"любом|无论|不管)"
    rf"\s*(?:[\w']+\s+){{0,3}}?|"
    rf"(?<![^\W_])(?:do|does|did)(?: not|n['’]t) depend on (?:\w+ ){{0,2}}?|"
    rf"hängt nicht vo[mn] (?:\w+ )?|ne dépend\w* pas d\w+ (?:la )?|no depende\w* de(?: la)? |не завис\w+ от \S*|"
    rf"不依赖于?|(?<![^\W_]){_LITTLE} (?:\w+ )?{_MOVES}[^.;]{{0,30}}?){_CHANCE}|"
    rf"(?<![^\W_]){_CHANCE}[^.;]{{0,16}}?(?:plays? no role|(?:does|do)(?: not|n['’]t) matter|(?:has|have) no "
    rf"(?:effect|influence)|"
    rf"makes? no difference|is irrelevant|spielt keine rolle|ist egal|n['’]a aucun\w* \w+|no importa|не важ\w+|не "
    rf"влия\w+|无影响|不影响|{_LITTLE} {_MOVES})|"
    rf"seed[- ](?:independent|insensitive|robust|invariant)\w*|"
    rf"(?<![^\W_])always (?:get|gives?|ends?|lands?|reach\w*|converg\w*|yields?|produces?) (?:\w+ ){{0,2}}?the same|"
    r"(?<![^\W_])(?:from )?(?:one )?(?:run|seed|init\w*|training)[ -]to[ -](?:the )?(?:next|run|seed|init\w*|"
    r"training)\b[^.;]{0,40}?"
    r"(?:stable|same|consistent|behaves|reliable|identical|relied|steady)|"
    r"(?:stable|consistent(?:ly)?|behaves|reliable|identical|steady)[^.;]{0,24}?(?:from )?(?:one )?(?:run|seed|"
    r"init\w*|training)[ -]to[ -](?:the )?(?:next|run|seed|init\w*|training)\b(?! (?:noise|varia))|"
    r"(?<![^\W_])every (?:single )?time(?![^\W_])|(?<![^\W_])(?:time and again|again and again|time after time|"
    r"jedes mal|immer wieder|"
    r"à chaque (?:fois|graine|essai|run)|cada vez|todas las veces|каждый раз|всякий раз)(?![^\W_])|每次都|换(?:一个|"
    r"个)?(?:初始化|种子)\S{0,4}(?:不|都)",
    re.IGNORECASE,
    needs=_STEADY_NEEDS,
)
"""A steadiness that is said of seeds, starts or repeats in so many words."""

STRONG = worded(
    r"rock[- ]solid|bullet-?proof|dependable|dependably|repeatable|repeatably|reproducible|reproducibly|reliable|"
    r"reliably|consistently|robustly|"
    r"can be (?:relied on|trusted)|safe to rely on|"
    r"verlässlich\w*|zuverlässig\w*|reproduzierbar\w*|beständig\w*|durchweg|fiables?|reproductibles?|(?:grande "
    r")?régularité|"
    r"reproducibles?|над[её]жн\w*|воспроизводим\w*|可靠|可复现|复现"
)
"""Words that promise the same result next time."""

WEAK = worded(
    r"stable|stably|robust|consistent|stabil(?:e[rsnm]?)?|устойчив(?:о|ы|а|ый|ое|ая)?|стабильн(?:о|ы|а|ый|ое|ая)?|"
    r"estables?|robustes?|稳定|稳健"
)
"""Words that also say other things: of a course, a version, a baseline."""

MACHINERY = worded(
    r"spikes?|grad\w*|diverg\w*|nan|numeric\w*|throughput|memory|fp\d+|bf16|release|versions?|branch|api|region|"
    r"hash\w*|builds?|tests?|"
    r"pipeline|infrastructure|resum\w+|commit|commands?|scripts?|code|deterministic\w*|config\w*|schedul\w*|"
    r"server|protocol|artifacts?|"
    r"sigmoid|softmax|loss curve|training curve|optimi[sz]\w+|plateau|rank|ledger|frozen|manifest|schema|audit\w*|"
    r"resume|"
    r"故障|脚本|代码|配置|脚手架|环境"
)
"""What a promise beside them is made of, in place of a result: programs, files, numerics."""

COURSE = worded(
    r"convergence|phase|regime|attractor|orderings?|directions?|signals?|rankings?|stationary|equilibrium|"
    r"baseline|epochs?|steps?|steadily|curves?|"
    r"evidence|conclusion|story|with|correlat\w*|days?|symbols?|天|轮"
)
"""What a weak word beside them is said of: the course of a training, or agreement with something."""

_BE = (
    r"(?:is|are|was|were|remains?|remained|stays?|stayed|proved|looks?|seems?|ist|sind|war|bleibt|est|sont|es|"
    r"son|fue|ведёт себя|ведет себя|остаётся)"
)
PREDICATED = Pattern(
    rf"(?<![^\W_]){_BE}\s+(?:(?:very|quite|remarkably|therefore|thus|also|fully|completely|so|highly|extremely|"
    rf"d['’]une|sehr|muy|très|damit|donc|the|a|all|both)\s+){{0,3}}$|"
    rf"(?:^|[:,→=]|\b(?:so|therefore|thus|verdict|conclusion|note|status)\b)\s*(?:very |quite |remarkably |super |"
    rf"really |pretty |perfectly |totally |extremely )*$|\b(?:consider|call|deem|find)\w*\s+(?:it|this|"
    rf"them)\s+(?:as\s+)?(?:an?\s+)?$",
    re.IGNORECASE,
)
"""What stands before a promise that is made of a subject, or that is a verdict by itself."""

OUTCOME = Pattern(
    r"^\s+(?:\w+\s+){0,2}?(?:beat|win|won|outperform|improv|better|worse|ahead|above|below|higher|lower|reach|"
    r"achiev|land|end|converg|get|got|gain|score|values?|results?|werte|"
    r"at this|over|under|same|gives?|yields?|solv)\w*",
    re.IGNORECASE,
)
"""What follows an adverb of steadiness that is said of an outcome."""

NO_EFFECT = Pattern(
    r"(?<![^\W_])(?:(?:makes?|made|making|shows?|there (?:is|was)|see|saw|is|was|are|had|has|have|with|of|:|zero|"
    r"a)\s+)?(?:no|zero|null|without(?: any)?|not any|any)\s+(?:\w+\s+){0,2}?"
    r"(?:difference|effect|influence|impact|odds|bearing|consequence)(?![^\W_])|"
    r"(?<![^\W_])(?:does|do|did|is|are|was|were|would)(?: not|n['’]t)\s+(?:\w+\s+){0,2}?(?:matter|change|affect|"
    r"influence|move|touch|hurt|harm|differ|cost)\w*|"
    r"(?<![^\W_])(?:brings?|does|did|adds?|gives?|buys?|yields?|contributes?)\s+(?:us\s+|"
    r"absolutely\s+)?nothing(?![^\W_])|(?<![^\W_])(?:useless|pointless|of no use|nutzlos|wirkungslos|inutile|"
    r"inútil|бесполез\w+)(?![^\W_])|bringt nichts|n['’]apporte rien|no aporta nada|ничего не да\w+|"
    r"(?<![^\W_])(?:changes?|moves?|affects?|costs?|loses?)\s+(?:nothing|no (?:\w+ )?(?:quality|accuracy|"
    r"performance))|"
    r"(?<![^\W_])(?:is|are|was|were|both|all|:|^|,|so|now|then)\s*(?:\w+\s+){0,2}?(?:interchangeable|equivalent|"
    r"irrelevant|immaterial|equally good|equal|the same|on par|indistinguishable)(?![^\W_])|"
    r"(?<![^\W_])(?:just )?as good (?:as|with\w*)(?![^\W_])|(?<![^\W_])play(?:s|ed)? no role|(?<![^\W_])for "
    r"free(?![^\W_])|"
    r"kein(?:en|e|erlei)? (?:\w+ )?(?:unterschied|einfluss|effekt|wirkung|auswirkung)|ohne (?:einfluss|wirkung|"
    r"auswirkung|unterschied)|spielt keine rolle|(?<![^\W_])gleichwertig|austauschbar|ist egal|macht nichts aus|"
    r"(?:sans|aucune?|pas d['’e]|nul) (?:\w+ )?(?:effet|influence|différence|incidence)|ne (?:change|changent|"
    r"sert|servent|joue)\w* (?:donc |en )?(?:rien|à rien|aucun)|(?<![^\W_])équivalent\w*|interchangeables?|"
    r"(?:no (?:influye|afecta|importa|cambia)|sin (?:efecto|influencia|diferencia)|ning\w+ (?:efecto|diferencia|"
    r"influencia)|da igual|equivalentes?|indistint\w+)|"
    r"не (?:\w+ )?влия\w+|не (?:меня|измен)\w+|нет (?:никак\w+ )?(?:разниц\w+|влияни\w+|эффект\w*|различи\w*)|без "
    r"(?:влияния|разницы|эффекта)|безразличн\w+|равноценн\w+|взаимозаменяем\w+|"
    r"没有(?:\S{0,3})(?:差别|影响|区别|差异|作用|效果)|无(?:影响|差别|区别|差异|关)|不影响|等价|没什么区别|不起作用",
    re.IGNORECASE,
)
"""A conclusion that something changes nothing."""

BUT_NOISE = worded(
    r"(?:within|beyond|above|outside|given|in) (?:the |seed |our |this )*(?:noise|error\w*|spread|scatter|"
    r"uncertainty|variance)|that scatter|"
    r"im rauschen|dans le bruit|dentro del ruido|в пределах шума"
)
"""What limits a denial that stands before it to the noise."""

NOT_SHOWN = worded(
    r"cannot|can ?not|can['’]t|could not|couldn['’]t|unclear|unknown|undecided|inconclusive|open|too (?:few|noisy|"
    r"jumpy)|not shown|not the same|isn['’]t|whether|may or may not|"
    r"to tell|hide|hidden|invisible|too much scatter|margin|interval|ci|significan\w+|detect\w*|visible|seen|"
    r"measurable|yet|so far|need\w*|"
    r"ob|offen|unklar|nicht (?:zu )?(?:sagen|erkennen|entscheiden)|bleibt|on ne sa\w*|ne (?:sait|saurait)|dire si|"
    r"indécis\w*|no se (?:sabe|puede)|"
    r"нельзя|не видно|неясно|ли|看不出|无法|不能|未知|是否|不清楚"
)
"""Words that leave an effect open in place of denying it."""
