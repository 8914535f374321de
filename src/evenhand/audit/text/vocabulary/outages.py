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
    r"|\b(?:hit|reached|exceeded) (?:the |its |a )?(?:\w+ )?(?:wall ?-?time|time ?out)\b|\b(?:was|got|were) evicted\b|"
    r"\bdisks? (?:\w+ )?(?:filled up|ran full)|\b(?:nfs|mount|share|volume)\b[^.;]{0,12}\b(?:vanished|dropped|"
    r"lost|gone|hung)\b|"
    r"\b(?:ssh|network|vpn) (?:\w+ )?(?:dropped|drop|broke|lost|outage)\b|\b(?:returned|gave|answered|got) (?:a |"
    r"an )?(?:40[13]|429|50[0234])s?\b|"
    r"\brate limits? (?:kicked|hit|reached)|\bkernel panic|\b(?:vm|instance|machine|container|server|job|"
    r"pod) (?:was |got |were )?"
    r"(?:reclaimed|killed|terminated|evicted|rebooted|went down|crashed)\b|\btime-?outs? of the\b|\bbus error\b|"
    r"\bfell off the bus\b|"
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
    needs="memory|oom|ran out of|hit|exceeded|ran into|reached|cut by|killed|stopped by|time|limit|cancel|evicted|"
    "terminated|signal |sigkill|sigsegv|empt|spot|nccl|node|no space|disk|errno |oserror|stale file|endpoint|mount |"
    "segfault|segmentation|core dump|xid |ecc |cuda error|driver |power |failure|401|403|404|429|500|502|503|504|"
    "connection|network|disconnected|threw me out|outage|machine |vanished|drop|broke|lost|gone|hung|kernel panic|"
    "reclaimed|rebooted|went down|crashed|bus|speicher|abgest|ausgefallen|failed|weg|stromausfall|panne|tomb|plant|"
    "se ca|se agot|apag|corte de luz|platte|disque|no hay espacio|disco|宕机|掉线|断连|断开|磁盘|断电|узел|машин|пал|"
    "бра|ключил|к п|к за",
)
"""That machine, memory, time, disk or network ended a run, and not what was tried in it."""
