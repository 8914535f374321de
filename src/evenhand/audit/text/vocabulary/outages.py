"""Words for what ended a run and was not what was tried in it, in six languages: memory, time, disk, network, power."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.abroad import abroad

INFRASTRUCTURE = Pattern(
    r"(?<![a-z])(?:(?:torch\.)?(?:cuda\.)?outofmemory\w*|out[- ]of[- ](?:\w+ )?memory|oom(?:ed|s|[- ]?kill\w*)?|"
    r"ran out of (?:\w+ )?(?:memory|disk|quota|time|space)|(?:hit|exceeded|ran into|reached|cut by|got cut by|"
    r"killed by|"
    r"stopped by)\b[^.;]{0,24}\b(?:time|wall|limit|quota)\b|(?:due to )?time[- _]?limit|wall[- ]?(?:clock|"
    r"time)? ?limit|"
    r"(?:gateway|nccl|read|connect\w*|request|api|server|socket|sandbox|proxy|queue|job)[-_ ]?time-?_?outs?|"
    r"(?<!\ds )timed[- ]?out|"
    r"(?:cancel\w*|killed|evicted|terminated) by (?:the )?(?:signal|slurm|scheduler|kernel|cluster|os|watchdog|oom)\w*|"
    r"killed \(\w+|worker killed|signal (?:9|11|15)\b|sigkill|sigsegv|pre-?empt(?:ed|ion)|spot[- ](?:node|instance|vm|"
    r"machine)s? (?:was |were |got |is )?(?:taken|lost|gone|reclaimed|died|killed)|спот-(?:узел|машин\w+) (?:отобра\w*|"
    r"пропал\w*|умер\w*)|"
    r"nccl (?:watchdog|error|time-?out|failure|hang|abort)\w*|lost (?:its )?(?:link|connection|node)|"
    r"node [\w-]+ (?:lost|went|died|failed|crashed)|"
    r"node (?:failure|failed|crash\w*|died|went down|down|lost)|no space left|disk (?:is |was )?full|disk quota|"
    r"errno \d+|oserror|stale file handle|transport endpoint|mount (?:was |is )?(?:gone|lost|broken)|"
    r"segfault\w*|segmentation fault|core dump\w*|xid \d+|(?:double bit )?ecc (?:error|fault)|"
    r"illegal memory access|cuda error|driver "
    r"(?:crash\w*|fault|error)|power (?:cut|outage|failure)|(?:http|error|status|code) ?(?:401|403|404|429|50[0234])|"
    r"\b(?:429|502|503|504)(?:s\b| gateway|[- ]?antwort\w*| responses| errors|-fehler)|rate[- ]?limited|(?:hit|by|"
    r"ran into|due to|exceeded) (?:the |its )?(?:api )?rate[- ]?limits?|connection "
    r"(?:reset|lost|refused|error|aborted)|network (?:error|failure|outage)|(?:runtime|session|colab|node|"
    r"worker) (?:was |got )?disconnected|threw me out|hub outage|"
    r"drive failure|machine (?:crash\w*|died|rebooted))(?![a-z])"
    r"|\b(?:hit|reached|exceeded) (?:the |its |a )?(?:\w+ )?(?:wall ?-?time|time ?out)\b|"
    r"\b(?:(?:was|got|were) evicted|evicted from)\b|"
    r"\bdisks? (?:\w+ )?(?:filled up|ran full)|\b(?:nfs|mount|share|volume)\b[^.;]{0,12}\b(?:vanished|dropped|"
    r"lost|gone|hung)\b|"
    r"\b(?:ssh|network|vpn) (?:\w+ )?(?:dropped|drop|broke|lost|outage)\b|\b(?:returned|gave|answered|got) (?:a |"
    r"an )?(?:40[13]|429|50[0234])s?\b|"
    r"\brate limits? (?:kicked|hit|reached)|\bkernel panic|\b(?:vm|instance|machine|container|server|job|"
    r"pod) (?:was |got |were )?"
    r"(?:reclaimed|killed|terminated|evicted|rebooted|went down|crashed)\b|\btime-?outs? of the\b|\bbus error\b|"
    r"\bfell off the bus\b|\bdownloads? (?:of [^.;,]{1,30} )?(?:failed|broke|aborted)\b|"
    r"\bscancel(?:led)?\b"
    + abroad(
        r"speicher (?:reichte|voll|war voll)|(?:rechner|knoten|server|job) (?:ist |war )?(?:abgestürzt|"
        r"ausgefallen|failed|weg)|stromausfall|"
        r"panne (?:de courant|réseau)|(?:nœud|noeud|serveur) (?:est |a )?(?:tombé|planté|failed)|se (?:cayó|"
        r"agotó) (?:el|la) \w+|"
        r"apagón|corte de luz|宕机|"
        r"speicher (?:voll|übergelaufen)|platte (?:ist |war )?voll|disque \S*\s?(?:étant )?plein|disque plein|"
        r"no hay espacio|disco lleno|节点 ?\w{0,8}掉线|掉线|断连|断开|"
        r"磁盘(?:已)?满|断电|узел \S* ?(?:упал|отвалил\w*|выключил\w*|"
        r"отобра\w*|пропал\w*)|(?:пропал|упал|отвалился|выключился) узел|диск (?:переполн\w*|заполн\w*|полон)|"
        r"отключил\w*"
    ),
    re.IGNORECASE,
    needs="memory|oom|download|"
    "ran out of|hit|exceeded|ran into|reached|cut by|killed|stopped by|time|limit|cancel|evicted|"
    "terminated|signal |sigkill|sigsegv|empt|spot|nccl|node|no space|disk|errno |oserror|stale file|endpoint|mount |"
    "segfault|segmentation|core dump|xid |ecc |cuda error|driver |power |failure|401|403|404|429|500|502|503|504|"
    "connection|network|disconnected|threw me out|outage|machine |vanished|drop|broke|lost|gone|hung|kernel panic|"
    "reclaimed|rebooted|went down|crashed|bus|speicher|abgest|ausgefallen|failed|weg|stromausfall|panne|tomb|plant|"
    "se ca|se agot|apag|corte de luz|platte|disque|no hay espacio|disco|宕机|掉线|断连|断开|磁盘|断电|узел|машин|пал|"
    "бра|ключил|к п|к за",
)
"""That machine, memory, time, disk or network ended a run, and not what was tried in it."""

NO_ROOM = Pattern(
    r"\b(?:not (?:\w+ )?(?:an option|viable|scale|fit|suited (?=for (?:this|the|our|one) ))|no option|impractical|"
    r"can(?:not|['’]t) (?:be used|run|handle))\b",
    re.IGNORECASE,
)

MACHINE = Pattern(r"\b(?:cards?|GPUs?|GB|GiB|VRAM|[AH]100|V100|T4|RTX|device|machine|laptop|hardware|windows|tokens)\b")
"""That something does not fit a machine is a result by itself."""

ON_PURPOSE = Pattern(
    r"\b(?:simulat\w*|inject\w*|at random|on purpose|deliberate\w*|robustness|pruner|early[- ]stop\w*)\b", re.IGNORECASE
)
"""Failures that are made or chosen."""

REJECTED = Pattern(
    r"\b(?:rejected|discarded|ruled out|dead end|negative result|useless|(?:not|n['’]t) (?:work|help)|"
    r"no (?:gain|benefit|effect|use|improvement)|not (?:useful|worth\w*)|hurts|harmful|worse)\b",
    re.IGNORECASE,
)
"""A verdict on an idea, not on whether it fits a machine."""

MENDED = Pattern(
    r"\b(?:avoid\w*|prevent\w*|fix(?:ed|es)?|handl(?:es|ed|ing)|if|risk|may|might|could|would|should|no longer|unless|"
    r"in case|set to|defaults?|retried|retry\w*|repeated|repeat|re-?r[ua]n\w*|requeued?|resubmit\w*|resum\w+|restarted|"
    r"all through|resolved|worked around|now (?:runs|works|fits)|usually|sometimes|occasional\w*|otherwise|expected|"
    r"excluded|left out|skipped|wiederholt|neu gestartet|relanc\w+|перезапу\w+|повтор\w+|重跑)\b",
    re.IGNORECASE,
)
"""What says that a failure did not happen, or is over."""

CAUSE = Pattern(
    r"\b(?:when|because|since|if|as|while|until|unless|where|before|after|how|to|some|many|probably|anyway|either)\b",
    re.IGNORECASE,
)
GENERAL = Pattern(r"\b(?:how|if|when|whether|whenever)\b", re.IGNORECASE)
"""What makes of a verdict a cause, a condition or a doubt."""

SO_FAR = Pattern(r"\b(?:last logged|so far|until then|at that point|scored? (?:as|at)? ?0|counts? as)\b", re.IGNORECASE)

ENDED_CELL = Pattern(r"(?:timeout|timed out|time limit|wall ?time|killed|preempted)", re.IGNORECASE)

REJECTED_CELL = Pattern(r"(?:reject(?:ed)?|abandon(?:ed)?|no (?:gain|improvement))", re.IGNORECASE)

FORETOLD = Pattern(r"^\W*H\d\b|\b(?:risk|hypothes\w+|pre-?registered|criteri\w+|gate|would)\b", re.IGNORECASE)

REASON = Pattern(r"\W*(?:root )?(?:causes?|reasons?|symptoms?|原因|причин\w+)\W{0,4}\s*(?::|：|$)", re.IGNORECASE)
"""A heading of what is wrong with a thing, which is no verdict on one."""

ARM_NAME = Pattern(
    r"\b(?:(?i:variant|config(?:uration)?|arm|run|exp(?:eriment)?\.?|trial|model|method|option|candidate|version|setup|"
    r"attempt)\s+#?(?P<a>[A-Za-z]\d*|\d+[a-z]?)|(?P<b>[B-HJ-Z]|A(?= (?:is|was|ran|crashed|died|timed|hit|failed))|"
    r"[A-Za-z]{1,4}-?\d{1,3})|(?<!\w)(?P<c>[A-Za-z]\w{0,5}=\d+))(?![\w'’])"
)
"""What an arm is called: variant D, run 5, v3, r=64."""

OF_MACHINES = Pattern(r"\b(?:node|server|host|gpu|machine|vm|worker|rank|disk|card)\s+$", re.IGNORECASE)
"""What stands before the name of a machine, which is no arm."""

A_RUN = Pattern(
    r"\b(?:run|job|training|variants?|config\w*|batch|steps?|epochs?|eval\w*|seed|exp\w*|arm|trial|trained)\b",
    re.IGNORECASE,
)
LEFT_OUT = Pattern(r"\b(?:dropp\w+|drop|abandon\w*|discard\w*|g[ai]ve\w* up|giving up)\b|\bfrom the \w+", re.IGNORECASE)
"""What is left out of a comparison is not judged."""

OF_ITSELF = Pattern(
    r"\b(?:nans?|diverg\w+|explod\w+|unstable|even (?:at|with)|(?:each|every) (?:time|attempt)|all attempts|"
    r"too (?:slow|big|large|expensive)|(?:not|n['’]t) fit|times the (?:memory|time)|vram|hardware|budget)\b",
    re.IGNORECASE,
)
"""That what was tried brought its run to an end itself: then that is its result."""

OF_FAILURE = Pattern(
    r"(?:it )?(?:fails?|failed)\b(?! to (?:improve|help|beat))|broken|collaps|breaks?|unstable|diverg|"
    r"(?:is|was|are) (?:dead|out)\b",
    re.IGNORECASE,
)
"""A word against an arm that only tells the failure again."""

_OF_RUNS = (
    "run job training step steps first memory error result results verdict gpu cuda time out crashed died killed node "
    "evaluation eval server worker checkpoint failed timed hit ran before minutes epoch data dataset model"
)
OF_RUNS = frozenset(_OF_RUNS.split())
"""Words of runs and of failures, which name no arm."""

OF_ALL = Pattern(r"\W*(?:an?|any|every|such|never|always)\b|.*\bworse than (?:none|nothing)\b", re.IGNORECASE)
"""What is true of all such runs, and no verdict on one."""

OF_RESULTS = Pattern(
    r"\b(?:(?:after|since|from|beyond|past) (?:epoch|step|round|iteration)|(?:same|equal) (?:steps?|epochs?|budget))\b",
    re.IGNORECASE,
)
"""What a verdict rests on where results were there."""
