"""Words of results over repeats, in the languages that an audit reads: what is a repeat, a mean, a spread of a sample.

Each is a vocabulary of one role. Running text reaches the rules with most of its words in English already; what stands
in tables and files of data does not.
"""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern, alternatives, chinese
from evenhand.audit.text.vocabulary.numerals import NUMBERS


def worded(words: str, needs: str = "") -> Pattern:
    """A pattern of whole words; a name's parts between underscores are words, and signs of Chinese need no borders."""
    parts = alternatives(words)
    plain = "|".join(one for one in parts if not chinese(one))
    signs = "|".join(one for one in parts if chinese(one))
    pattern = rf"(?<![^\W_])(?:{plain})(?![^\W_])" + (f"|{signs}" if signs else "")
    return Pattern(pattern, re.IGNORECASE, needs=needs)


REPEAT = (
    r"(?:random[ _-]?|train\w*[ _-]?|calibration[ _-]?)?(?:seeds?|runs?|reps?|repeats?|repetitions?|replicates?|"
    r"replicas?|trials?|restarts?|reruns?|inits?|initiali[sz]ations?|trainings?|train(?![_ -]?(?:time|loss|acc|steps?|"
    r"set|data|split))|launch(?:es)?|draws?|shuffles?|folds?|splits?|ses|sessions?|panels?|checkpoints? \(one per "
    r"seed\)|startwerte?n?|läufen?|lauf|wiederholungen?|durchläufen?|graines?|essais?|répétitions?|tirages?|"
    r"entraînements?|semillas?|repeticion(?:es)?|ejecucion(?:es)?|corridas?|сид\w*|зерн[ао]|зёрна|зёрен|прогон\w*|"
    r"запуск\w*)"
)
SIGNS = r"种子|次运行|次训练|次实验"
"""What is done again with nothing changed but chance."""

A_REPEAT = worded(f"{REPEAT}|{SIGNS}")
"""Where a word for a repeat stands."""

REPEAT_NEEDS = (
    "seed|run|rep|trial|restart|init|train|launch|draw|shuffle|fold|split|ses|panel|checkpoint|startwert|lauf|läuf|"
    "wiederholung|graine|essai|répét|tirage|entra|semilla|ejecucion|corrida|и|зер|зёр|пр|запу"
)
"""Letters of which some stand in each word for a repeat."""

_STRONG_MEAN = (
    r"mean|means|avg|average|averages|averaged|averaging|arith\w*|μ|µ|mu|mittelwert\w*|mittel|gemittelt|mittlere[rsn]?|schnitt|"
    r"durchschnitt\w*|moyennes?|media|medio|promedio|média|среднее|среднем|средняя|средний|средн|均值|平均值|平均"
)
MEAN_WORD = worded(_STRONG_MEAN)
"""A word that makes a number a mean, whatever else is said."""

POOLED = worded(
    rf"overall|pool(?:ed|ing)|typical\w*|centre|center|combined|together|taken together|cv|summari[sz]ed|gesamt|"
    rf"zusammen|insgesamt|ensemble|au total|global|conjunto|итог\w*|вместе|总体|合计|(?:over|across|from|for|of) "
    rf"(?:all )?(?:the |these |those )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten) {REPEAT}"
)
"""A word that may make a number a mean, where it is said how many results it is of."""

NO_MEAN = worded(
    r"median\w*|médiane|mediana|медиан\w*|中位数|min(?:imum)?|max(?:imum)?|best|worst|highest|lowest|beste[rsn]?|"
    r"meilleure?s?|mejor|лучш\w+|最好|最佳|range\w*|geometric|harmonic|geomean|weighted|trimmed|moving|running|ema|"
    r"baseline|without|previous|old|prior|last (?:week|year|month)|target|ensembl\w*|predictions?|of means|majority|"
    r"votes?|micro|macro|ranks?|ranking|gewichtet\w*|pondéré\w*|ponderad\w+|взвешенн\w+|加权"
)
"""What a number beside a word for means is of in place of a mean of the values."""

SPREAD_WORD = worded(
    r"std\.? ?dev\w*|std|sd|s\.d\.?|stdev\w*|standard[- ]deviations?|deviation|stddev|pstdev|np\.std|spread|scatter|σ|"
    r"sigma|streuung|standardabweichung\w*|std\.?-?abw\w*|stabw\w*|écart[- _]types?|ecart[- _]types?|desviación(?: "
    r"(?:estándar|típica))?|desv(?:iacion)?\.?|desvio|с\.?к\.?о\.?|отклонени\w+|разброс|标准差|标准偏差"
)
"""A word that makes a number a spread."""

OF_A_SAMPLE = worded(
    r"sample|unbiased|bessel\w*|corrected|n\s?[-−–_]\s?1|ddof\W{0,3}1|stdev|statistics\.stdev|stichprobe\w*|"
    r"korrigiert\w*|erwartungstreu\w*|échantillon\w*|corrigée?|sans biais|muestral(?:es)?|insesgada|corregida|"
    r"выборочн\w+|несмещ[её]нн\w+|исправленн\w+|样本|无偏"
)
"""A word that says that a spread divides by one less than the number of values."""

OF_ALL = worded(
    r"population|biased|ddof\W{0,3}0|pstdev|divid\w+ by n(?![\w\s]*[-−–])|grundgesamtheit|de population|"
    r"poblacional(?:es)?|генеральн\w+|总体"
)
"""A word that says that it divides by their number."""

OF_A_MEAN = worded(
    r"se|sem|s\.e\.|std\.? ?err\w*|standard[- ]errors?|stderr|standardfehler|erreur[- ]type|error estándar|"
    r"ci\d*|confidence|interval\w*|intervalle|intervalo|range|iqr|min|max"
)
"""Widths that are no standard deviation."""

NUMBER_WORDS = {
    **NUMBERS, **dict.fromkeys(("ein", "eine", "einem", "einzigen", "un", "une", "una", "одного", "一个"), 1),
    **dict.fromkeys(("both", "beide", "beiden", "双"), 2),
}  # fmt: skip
"""Numbers as words, and what counts repeats beside them."""
