"""Other languages and other signs: decimal commas as points, and the few words of a result in English.

Only what an audit asks for is translated (mean, spread, seeds, steps, baseline, gain, what failed); the rest of a text
stays as it is, so that a sentence which is not understood says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from evenhand.audit.text.pattern import Pattern, alternatives, chinese

_COMMA = Pattern(r"(?<![\d,.\w])[+\-−]?\d{1,3},\d+(?!\d|,\d|\.\d)")
_POINT = Pattern(r"(?<![\d,.\w])[+\-−]?\d*\.\d+(?![\d.])")
_FIGURE = Pattern(r"(?<![\w.,])\d+(?:[.,]\d+)+(?!\w)")
_GROUPED = Pattern(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?")
_DECIMAL = Pattern(r"\d+,\d+")
_SPACED = Pattern(r"(?<![\d.,])(?<![\d.,] )([1-9]\d{0,2})(?:[\u00a0\u202f\u2009](\d{3})| (\d00))(?![\d.,]\d|\d| \d)")
_LISTED = Pattern(r"(?:seeds?|сид\w*|种子|graines?|semillas?)\s*=?\s*[\[({]?$", re.IGNORECASE)
_WIDE = str.maketrans(
    {
        "，": ", ",
        "：": ": ",
        "；": "; ",
        "（": " (",
        "）": ") ",
        "％": "%",
        "。": ". ",
        "、": ", ",
        "＋": "+",
        "－": "-",
        "＝": "=",
    }
)

_LEXICON: tuple[tuple[str, str], ...] = (
    # what failed, and verdicts: before the words that they are made of
    (r"bringt (?:also )?(?:nichts|keinen?\w* \w+)|hilft (?:also )?nicht|taugt nicht\w*|funktioniert (?:also )?nicht|"
     r"trainiert nicht|kein(?:e|en)? (?:gewinn|nutzen|verbesserung|zuwachs|vorteil)|nutzlos|unbrauchbar|"
     r"nicht konkurrenzfähig|прироста не да[её]т|не да[её]т (?:прироста|выигрыша|улучшени\w+)|не помога\w+|"
     r"не работает|бесполез\w+|не обучает\w+|неконкурентоспособ\w+|n['’]aide(?:nt)? pas|n['’]apporte rien|"
     r"ne (?:marche|sert|fonctionne|converge)(?:nt)? (?:pas|à rien)|inutile|no (?:ayuda|sirve|funciona|mejora|"
     r"aporta)\w*|"
     r"inútil|没有帮助|(?<!有)没有用|没有效果|不起作用|没用|无效|无提升|没有提升|"
     r"não (?:ajuda|funciona)|non (?:aiuta|funziona)",
     "does not help"),
    (r"不能说明|没有(?:得到)?任何结果|不作(?:判断|结论)|不下结论|不算结果|不作为结果|kein urteil|sans verdict|"
     r"sin veredicto|без вывода", "no verdict"),
    (r"verlustfrei|sans perte|sin pérdidas?|senza perdita|без потерь|无损", "lossless"),
    (r"schadet nicht|unschädlich|harmlos|sans effet nocif|inofensiv[oa]s?|безвредн\w+|无害", "harmless"),
    (r"endergebnis\w*|résultat final|resultado final|итоговый результат|最终结果", "final result"),
    (r"次试验|次实验", "trials"), (r"同一(?!次)|相同", "same"),
    (r"verworfen|gestrichen|вычёркива\w+|вычеркива\w+|отброш\w+|выкину\w+|abandonn\w+|écart(?:é|ée)s?|descartad\w+|"
     r"放弃|弃用", "dropped"),
    (r"(?:grafik|gpu)?-?speicher (?:ist |war )?(?:voll|erschöpft)|kein speicher|zu wenig speicher|speichermangel|"
     r"nicht genug speicher|(?:не хватило|нехватк\w+|кончилась|недостаточно) (?:видео)?памят\w+|"
     r"(?:manque de|plus de) mémoire|mémoire insuffisante|(?:sin|falta de|falta) memoria|memoria insuficiente|"
     r"显存不足|内存不足|爆显存|显存溢出", "out of memory"),
    (r"zeit(?:limit|überschreitung|grenze)|лимит\w* времени|таймаут\w*|délai (?:dépassé|expiré)|tiempo agotado|超时",
     "timed out"),
    (r"abgebrochen|abgestürzt|gescheitert|fehlgeschlagen|не (?:начал\w+|запустил\w+)|упал[аио]?|прерван\w*|"
     r"interrompu\w*|planté\w*|abortad\w+|interrumpid\w+|崩溃|中断|失败", "failed"),
    # numbers
    (r"im mittel|mittlere[rsn]?|durchschnittliche[rsn]?|"
     r"mittelwert\w*|mittel|durchschnitt\w*|в среднем|средн(?:ее|яя|ий|их|ие)|moyennes?|promedio|média|"
     r"media(?= [\d=:+-])|"
     r"均值|平均值|平均", "mean"),
    (r"standardabweichung\w*|std\.?-?abw\w*\.?|streuung|ст\. ?откл\.?|стд\.? ?откл\.?|"
     r"стандартн\w+ отклонени\w+|样本标准差|总体标准差|"
     r"с\.?к\.?о\.?|разброс|écart[- ]types?|desviación (?:estándar|típica)|desv\. ?(?:est|típ)\w*\.?|"
     r"desvio padrão|deviazione standard|标准差|标准偏差", "sd"),
    (r"differenz(?:en)?|unterschiede?|разност\w+|разниц\w+|différences?|diferencias?|differenze|差值|差异",
     "difference"),
    (r"zuwachs|gewinne?|verbesserung\w*|steigerung|vorteil|прирост\w*|выигрыш\w*|улучшени\w+|ganancias?|mejoras?|"
     r"amélioration\w*|提升|增益|改进|改善", "gain"),
    (r"anstieg|wuchs|gestiegen|рост|вырос\w*|hausse|aumento|增加|增长", "increase"),
    (r"rückgang|gesunken|снижение|падение|упало|baisse|caída|下降|减少", "decrease"),
    (r"beide[nr]?|оба|обоих|les deux|ambas|ambos|两个|兩個", "both"), (r"zwei|два|двух|deux|dos", "two"),
    (r"drei|три|тр[её]х|trois|tres|三个", "three"), (r"vier|четыре|quatre|cuatro", "four"),
    (r"fünf|пять|пяти|cinq|cinco", "five"),
    (r"startwerte?n?|zufallszahlen|сид(?:ы|ов|ам|ах|ами|а)|graines|semillas|sementes|个种子|個種子|种子|種子", "seeds"),
    (r"startwert|сид|graine|semilla|semente", "seed"),
    (r"lauf", "run"), (r"läufen?|прогон\w*|ejecuciones|次运行", "runs"),
    (r"schritten?|шаг(?:ов|а|и|ах)?|(?<=\d )pas|pasos|passos|passi|步", "steps"),
    (r"秒钟?", "s"), (r"sekunden|секунд\w*|secondes|segundos", "seconds"),
    (r"epochen|эпох\w*|époques|épocas|epoche|个epoch", "epochs"), (r"токен\w*|标记", "tokens"),
    (r"aktualisierungen|обновлени\w+", "updates"),
    (r"beispielen?|примеро?в|exemples|ejemplos|样本|примера", "examples"),
    (r"fragen|вопрос\w*|preguntas|道题|题", "questions"), (r"aufgaben|задач\w*|tareas|tâches", "tasks"),
    (r"treffern?|richtigen?|korrekte?n?|верн(?:о|ых|ые)|правильн\w+|correctes?|justes|aciertos|correctas|correctos|"
     r"答对|正确", "correct"),
    (r"gelöste?n?|решен\w+|résolus?|resueltos?", "solved"), (r"побед\w*|siege|victoires|victorias", "wins"),
    (r"genauigkeit|trefferquote|точност\w*|exactitude|précision|exactitud|precisión|准确率|正确率|精度", "accuracy"),
    (r"verlust|потер\w+|perte|pérdida|损失", "loss"),
    (r"von(?= \S+(?: %)? (?:auf|zu|nach) \S)|с(?= \S+(?: %)? до \S)|de(?= \S+(?: %)? (?:à|a) \d)", "from"),
    (r"(?<=[\d%] )(?:auf|zu|nach|до|à|a)(?= \d)", "to"),
    (r"(?<=\d )(?:von|aus|из|sur|de|su)(?= \d)|(?<=\d )(?:из)\b|(?<= )(?:von|из|sur)(?= (?:den |les )?\d)", "of"),
    (r"gegenüber|gegen|anstatt|statt|против|вместо|contre|au lieu de|frente a|contra|en vez de|相比|对比", "against"),
    (r"grundmodell|basislinie|grundlinie|бейзлайн\w*|базов\w+|базлайн\w*|référence|línea base|基线", "baseline"),
    # certainty
    (r"численно|numerisch|numériquement|numéricamente|数值", "numerically"),
    (r"stabile?[rsnm]?|устойчив\w*|стабильн\w*|estables?|estável|stabile|稳定", "stable"),
    (r"robuste?[rsnm]?|робастн\w*|robustes?|robust[oa]s?|稳健|鲁棒", "robust"),
    (r"zuverlässige?[rsnm]?|verlässliche?[rsnm]?|над[её]жн\w*|fiables?|可靠", "reliable"),
    (r"konsistente?[rsnm]?|durchweg|durchgängige?[rsnm]?|консистентн\w*|cohérente?s?|consistentes?|constante?s?|一致",
     "consistent"),
    (r"signifikante?[rsnm]?|значим\w*|significati(?:f|ve|fs|ves|vo|va|vos|vas)|显著", "significant"),
    (r"eindeutige?[rsnm]?|klare?[rsnm]?|gesicherte?[rsnm]?", "clear"),
    (r"(?:ne |n['’])\w+ (?:pas|plus|jamais)|pas (?:de|du|un|une)|aucune?", "not"),
    (r"nicht|kein(?:e|en|er|em|es)?|не|нет|ni|nie|没有|未|并非|不是|不", "not"),
    (r"intervalle?|интервал\w*|intervalo|区间|konfidenzintervall|vertrauensintervall|доверительн\w+", "interval"),
    # what was done
    (r"trainierte?n?|trainiert|обуч(?:али|ен\w*|алась|ался|ены)|entraîné\w*|entren[óa]\w*|训练", "trained"),
    (r"бюджет\w*|presupuesto|预算", "budget"), (r"beste[rsnm]?|лучш\w+|meilleur\w*|mejor|最好|最佳", "best"),
    (r"auswertungen|оцен(?:ок|ки)|évaluations|evaluaciones|次评估|评估", "evaluations"),
    (r"varianten|вариант\w*|variantes|个变体", "variants"),
    (r"ausgewählt|gewählt|выбра\w+|choisi\w*|elegid\w+|选出|选择", "selected"),
    (r"neue[nr]? seeds|frische[nr]? seeds|нов\w+ seeds|свеж\w+ seeds", "fresh seeds"),
    (r"derselbe lauf|dieselben läufe|gleicher lauf|тот же прогон|те же прогоны|même run|mismo run|同一次", "same run"),
)  # fmt: skip
_TURNED = Pattern(
    r"\b(gain|increase|difference|decrease) (stable|robust|reliable|consistent|significant|clear)\b", re.IGNORECASE
)
"""What stands behind its noun there and before it in English."""

_ASCII_WORDS = frozenset(
    ("mittel", "mittelwert", "streuung", "standardabweichung", "durchschnitt", "schritte", "schritten", "moyenne",
     "promedio", "semillas", "graines", "pasos", "genauigkeit", "signifikant", "gegen", "epochen", "differenz",
     "differenzen", "abgebrochen", "verworfen", "unterschied", "verbesserung", "aciertos", "ganancia", "frente")
)  # fmt: skip
"""Words that no English text has: two of them, or letters of other scripts, tell of another language."""

_FUNCTION = frozenset(
    ("der", "und", "ist", "nicht", "mit", "ohne", "auf", "eine", "von", "zu", "gegen", "bei", "le", "les", "des", "est",
     "et", "dans",
     "pour", "une", "avec", "sur", "el", "los", "las", "del", "por", "con", "una", "para", "che", "sono")
)  # fmt: skip
_ENGLISH = frozenset(
    ("the", "and", "of", "to", "is", "for", "with", "on", "not", "was", "at", "by", "this", "from", "are")
)
_COLUMNS = frozenset(("treffer", "fragen", "aufgaben", "richtig", "lauf", "schritte", "epochen", "pasos", "startwert"))
_CJK = Pattern(r"[\u3400-\u9fff]")
_OTHER_LETTERS = Pattern(r"[\u0400-\u04ff\u3400-\u9fffäöüßéèêàçñóíúã]", re.IGNORECASE)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Pattern, str], ...]:
    made = []
    for words, english in _LEXICON:
        whole = "|".join(one for one in alternatives(words) if not chinese(one))
        signs = "|".join(one for one in alternatives(words) if chinese(one))
        if whole:
            made.append((Pattern(rf"(?<![\w])(?:{whole})(?![\w])", re.IGNORECASE), english))
        if signs:
            made.append((Pattern(rf"\s?(?:{signs})\s?"), f" {english} "))
    return tuple(made)


def foreign(text: str) -> bool:
    """Whether a text speaks another language than English, as far as its letters and plain words tell."""
    words = re.findall(r"[a-z]+", text.lower()) if len(text) < 400_000 else []
    if len(_ASCII_WORDS.intersection(words)) >= 2:
        return True
    letters = len(re.findall(r"[^\W\d_]", text[:400_000]))
    own, english = (sum(one in known for one in words) for known in (_FUNCTION, _ENGLISH))
    if own >= 2 and own > 2 * english and len(words) < 400:
        return True
    others = len(_OTHER_LETTERS.findall(text[:400_000]))
    cjk = len(_CJK.findall(text[:400_000]))
    known = sum(one in _ASCII_WORDS for one in words)
    return others + 3 * cjk > 0.2 * letters or (known >= 1 and others >= 4)


def with_commas(texts: Sequence[str], least: int = 4) -> str | None:
    """The first decimal comma of a text that writes decimals so, at least so often; None where it does not."""
    joined = "\n".join(texts)
    found = _COMMA.findall(joined)  # 1,234 may be a thousand, 0,812 is none
    commas = [one for one in found if len(one.partition(",")[2]) != 3 or one.lstrip("+-−").startswith("0")]
    return commas[0] if len(commas) >= least and len(commas) > 2 * len(_POINT.findall(joined)) else None


def pointed(text: str) -> str:
    """A line with decimal points for commas, and commas between thousands; lists of seeds stay as they are."""
    return _FIGURE.sub(lambda found: _pointed(found[0], text[: found.start()]), text)


def _pointed(figure: str, before: str) -> str:
    if _LISTED.search(before):
        return figure
    if _GROUPED.fullmatch(figure):
        return figure.translate({44: ".", 46: ","})
    return figure.replace(",", ".") if _DECIMAL.fullmatch(figure) else figure


_CELL = Pattern(r"(?<![^;\s\"])([+\-−]?\d+),(\d+)(?=\s?%?[\s\"]*(?:;|$))")


def pointed_cells(text: str) -> str:
    """A row of cells between semicolons with decimal points for commas."""
    return _CELL.sub(r"\1.\2", text)


def header_in_english(text: str) -> str:
    """Names of columns in English, where one of them is of another language."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    if not (words & _ASCII_WORDS or words & _COLUMNS or _OTHER_LETTERS.search(text)):
        return text
    return in_english(text.replace("_", " "))


def in_english(text: str) -> str:
    """A line with the words of results in English; what is not known stays."""
    text = _SPACED.sub(lambda found: f"{found[1]},{found[2] or found[3]}", text.translate(_WIDE))
    for pattern, english in _patterns():
        text = pattern.sub(english, text)
    return _TURNED.sub(r"\2 \1", text)
