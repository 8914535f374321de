"""Words of a choice, in six languages: the best was taken, on which data, with fresh ones, and told as the result."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.abroad import abroad

REPORTED = Pattern(
    r"\b(?:(?:we|i|and|to|is|are|they|will|be|the|therefore|hence|so) (?:\w+ )?(?:report|quote|announce|publish|state|"
    r"claim|advertise)\b|reporting|quoted|is reported|reported(?: (?:in|as|from|result|figure|number|score|"
    r"value))?\s*[:=,]|headline|announc\w+|advertis\w+|published\s*[:=]|abstract|readme|(?:title|summary) slide|press "
    r"kit|model card|data sheet|system paper|paper:|(?:official|final|reported|claimed|headline|main|published) "
    r"(?:result|number|figure|score|value|comparison|metric|performance)s?|final(?:_result)?\s*[:=]|our (?:\w+ "
    r")?(?:number|score|entry|figure)|our final|so the (?:[\w'’]+ ){1,4}(?:is|are) (?=[\d.])|that is its result|figure "
    r"we|our (?:\w+ )?(?:system|model|approach|method|classifier|tagger) (?:\w+ )?(?:has|reaches|gets|achieves)|"
    r"(?:number|figure|score|result)s? (?:that )?(?:we|i|for the|in the|of the project|of the study|is|for \w+ \d is)|"
    r"goes? (?:to|into|in) the|claimed (?:in|as)|posting in|tell sales|outcome of the|quality of the \w+(?=\s*:)|score "
    r"for the|in the (?:results )?table as|carry into|(?:this|that) (?:is|goes) (?:what|in|into)|ship the|the result\b|"
    r"model therefore|can be read off|goes to the)\b|RESULTS\.md <-|results?\s*[:=]\s*[\d.]"
    + abroad(
        r"in die (?:arbeit|tabelle)|(?:end)?ergebnis\w*(?: des \w+)?\s?:|nennen wir|angegeben|final result\w*|"
        r"résultats? (?:retenu|final)\w*|que nous (?:retenons|annonçons)|score que nous|résumé|entregad\w+|se informa|"
        r"publicad\w+|alcanza|en el resumen|в отч[её]т|есть итог|итог работы|в статью|汇报|论文|写入|成绩|公布"
    ),
    re.IGNORECASE,
)
"""That a number is given out as the result."""

GIVEN_OUT = Pattern(
    r"\b(?:(?:we|i|and|to|therefore|hence|so|is|are) (?:\w+ )?(?:report|quote|announce|publish|state|claim|advertise|"
    r"quoted|reported|announced|claimed)|headline|announc\w+|advertis\w+|published|abstract|readme|slides?|press kit|"
    r"model card|data sheet|paper|report|table|sheet|wiki|front page|chapter|overview|outcome of the|(?:official|final|"
    r"reported|claimed|headline|main|published) (?:result|number|figure|score|value|comparison|performance)s?|our "
    r"(?:\w+ )?(?:score|entry|figure|number)|our (?:\w+ )?(?:system|model|approach|method|classifier|tagger) (?:\w+ "
    r")?(?:has|reaches|gets|achieves)|tell sales|can be read off|posting in)\b"
    + abroad(
        r"in die (?:arbeit|tabelle)|nennen wir|angegeben|ergebnis des \w+|que nous (?:retenons|annonçons)|résumé|"
        r"rapport|se informa|publicad\w+|en el resumen|en la memoria|в отч[её]т|в статью|итог|汇报|论文|公布"
    ),
    re.IGNORECASE,
)
"""That a number is given out to others, not only noted."""

PICKED = Pattern(
    r"\b(?:best|winner|wins|won|win|top(?:ped|s|most)?|highest|lowest|largest|smallest|max(?:imum)?|maximi[sz]\w+|min(?:imum|ima)?|minimi[sz]\w+|"
    r"peak\w*|cummax|argmax|argmin|first (?:place|of)|came (?:out )?(?:on top|first|top)|comes? (?:out )?(?:on top|"
    r"first)|bottoms? out|picked?|chosen|chose|selected|select|pick|selection|choose|keep the top|lucky|leads?|rank 1|"
    r"ahead|our pick|sorted|then \w+ it is|is the one)\b|\"rank\": ?1\b"
    + abroad(
        r"höchst\w+|niedrigst\w+|best\w*|sieger\w*|vorn|gewinner|gewählt\w*|gewann|"
        r"meilleur\w*|maximum|plus (?:haut|bas)\w*|gagnant\w*|retenu\w*|choisi\w*|máximo|mínimo|mejor\w*|ganador\w*|"
        r"elegid\w*|elegir|наилучш\w*|лучш\w*|максим\w*|миниму\w*|победител\w*|выбра\w*|最高|最好|最低|最佳|第一|最优|挑"
    ),
    re.IGNORECASE,
)
"""That the best of several was taken."""

TEST = Pattern(
    r"(?<![a-z])(?:tests?|tested|testing|test[- _]?(?:set|split|data|items?|score|acc\w*|loss|subjects|prompts|text|"
    r"worlds|labels|server|questions|months|part)|held[- ]?out|holdout|eval[- ]final|blind|private|leaderboard|"
    r"benchmark)(?![a-z])"
    + abroad(
        r"testteil\w*|testsatz\w*|testdaten\w*|testmenge\w*|de test|corpus de test|jeu de test|datos de prueba|de "
        r"prueba|тест\w*|测试"
    ),
    re.IGNORECASE,
)
"""Data that are kept for the end."""

DEV = Pattern(
    r"(?<![a-z])(?:dev|val|valid|validation|development|tuning|tune|dev-\w+|devset|cross-?validation)(?![a-z])"
    + abroad(r"validierung\w*|entwicklungs\w*|validaci[oó]n|валидац\w*|验证|开发集"),
    re.IGNORECASE,
)
"""Data that may choose."""

FRESH = Pattern(
    r"\b(?:fresh|unseen|untouched|untouch\w*|disjoint|kept (?:back|aside)|set aside|held[- ]?(?:out|back)(?! test)|not "
    r"used|never (?:used|seen)|none of (?:the|which)|no trial|(?:other|further|more|different|new|another|remaining) "
    r"(?:\d+ |\w+ ){0,2}(?:seeds?|halves|items|questions|tickets|words|articles|dialogues|prompts|qs|images|customers|"
    r"set|data|runs|split|months|half|part)|the other|afterwards|after the pick|once|one[- ]shot|single pass|only look|"
    r"re-?trained|retrain\w*|re-?r[ua]n\w*|rerunning|again on|confirm\w*|replicat\w*|selection (?:only|bias|score)|"
    r"optimistic\w*|biased|upper bound|oracle|not (?:the|a) (?:result|claim)|only picked|later)\b"
    + abroad(
        r"\b(?:neue[nrm]?|frische[nrm]?|andere[nrm]?|weitere[nrm]?) \w+|einmal(?:ig)? gemessen\w*|niemand vorher|"
        r"nouve(?:aux|lles?)|autres \w+|une seule fois|un seul passage|jamais vu|nuev[oa]s|otr[oa]s|no intervin\w+|"
        r"not intervin\w+|на нов\w+|нов\w+ зёрн\w*|отложенн\w*|新种子|另一|另外|新的|未参与|第二批|换用|新 ?seeds"
    ),
    re.IGNORECASE,
)
"""That other data or seeds were used, or the choice was owned up to."""
