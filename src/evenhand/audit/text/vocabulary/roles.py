"""Words for what a number is said to be: a share, a difference, a reference, something certain; in several languages.

They are alternatives of patterns, without their edges.
"""

from __future__ import annotations

PERCENT_WORDS = r"percent\b|per cent\b|per centum\b|Prozent\b|pour ?cent\b|por ciento\b|процент\w*|%"
POINT_WORDS = (
    r"(?:percentage |prozent)?points?\b|pp\b|p\.p\.|pts?\b|(?:Prozent)?punkte?n?\b|puntos?\b|пункт\w*|п\.\s?п\.|"
    r"个(?:百分)?点|百分点"
)
# counts and shares
OUT_OF = r"/|of|out of|from|among|in|sur|de|des|von|aus|unter|из|среди|中|里"
ALL_OF = r"(?:the|all|these|those|a total of|our|los|las|les|des|den|der|die|ces|его|этих|das)\s+"
OF_WHICH = (
    r"dont|davon|darunter|of which|of whom|of these|of those|of them|из них|из которых|de los cuales|de las cuales|其中"
)
CONSEQUENCE = (
    r"or|i\.\s?e\.|that is|that's|which is|which gives|which makes|giving|gives|makes|making|meaning|so|thus|hence|"
    r"therefore|for an?|an?|soit|donc|ainsi|d\.\s?h\.|also|somit|damit|das sind|macht|ergibt|es decir|o sea|por tanto|"
    r"т\.\s?е\.|то есть|итого|значит|即|也就是|因此|=>?|->|→|⇒|:|\(|—|–"
)
THUS = (
    r"so|thus|hence|therefore|then|that is|that's|this is|that makes|this makes|in other words|which is|amounts? to|"
    r"corresponds? to|soit|donc|ainsi|cela représente|ce qui|also|somit|damit|folglich|das sind|das ergibt|por tanto|"
    r"es decir|eso es|итого|значит|таким образом|то есть|因此|所以|即"
)
SHARE_NAMES = (
    r"acc|accuracy|rates?|ratio|share|shares|fraction|proportion|percent|percentage|pct|quote|anteil|taux|tasa|доля|"
    r"точность|率|recall@\w+|pass@1|hit@\w+|em|exact(?: match)?|exactitude|aciertos|genauigkeit"
)
PART_NAMES = (
    r"correct|right|hits?|solved|passed|pass|wins?|won|success(?:es)?|matches|ok|good|accepted|detected|found|valid|"
    r"resolved|parsed|missed|errors?|wrong|failed|crashed|k|richtig|treffer|erkannt|gelöst|corrects?|justes?|aciertos|"
    r"правильн\w*|верн\w*|正确|成功|命中"
)
WHOLE_NAMES = (
    r"n|total|all|items?|queries|questions|problems|examples|samples|prompts|trials|episodes|tasks|games|cases|rows|"
    r"utterances|clips|sentences|images|documents|docs|tried|attempted|tickets|calls|messages|pages|pairs|runs|users|"
    r"puzzles|positions|patients|count|size|gesamt|fragen|aufgaben|sätze|bilder|phrases|élèves|всего|вопрос\w*|"
    r"总数|总计|题数|errors read"
)
OF_THEM = (
    r"of (?:them|these|those|which)|d['’]entre (?:eux|elles)|davon|de ell[oa]s|из них|times|fois|mal|veces|раз|cases|"
    r"cas|fälle|casos|случа\w+|次|例"
)
ITEM_NOUNS = (
    r"questions?|problems?|items?|examples?|prompts?|queries|images?|pictures?|photos?|sentences?|documents?|docs|tasks?|"
    r"trials?|games?|episodes?|puzzles?|cases?|pairs?|clips?|recordings?|utterances?|scenes?|songs?|calls?|tickets?|"
    r"messages?|dialogues?|dialogs?|conversations?|emails?|mails?|patients?|users?|people|persons?|participants?|"
    r"students?|pupils?|interviews?|positions?|levels?|boards?|maps?|books?|abstracts?|papers?|articles?|reviews?|"
    r"requests?|answers?|snippets?|functions?|programs?|bugs?|issues?|repos|notebooks?|rows|records?|subjects?|"
    r"households?|signs?|words?|names?|errors?|households|plates?|samples|instances?|scans?|slides?|tweets?|comments?|"
    r"fragen|aufgaben|sätzen?|bildern?|dokumenten?|beispielen?|anfragen|gesprächen?|aufnahmen|fälle|schülern?|teilnehmern?|"
    r"pilzen?|texten?|szenen|nutzern?|anrufen?|stücke?|briefen?|rezepten?|"
    r"phrases?|élèves|exemples?|images|textes|extraits|appels|personnes|étudiants|courriels|résumés|cas|essais|"
    r"preguntas?|frases|imágenes|ejemplos?|usuarios?|empleados?|llamadas?|casos|textos|personas|alumnos|"
    r"вопрос\w*|задач\w*|предложени\w*|изображени\w*|пример\w*|уровн\w*|текст\w*|запрос\w*|пользовател\w*|картин\w*|"
    r"случа\w*|диалог\w*|题|句|张|条|道|个样本|段|幅|人|名学生|局|关"
)
ONCE = (
    r"one (?:attempt|try|trial|shot|reply|answer|recording|rollout|chance|go|search|run|crop|verdict|sample|question|"
    r"chart)|(?:asked|tried|answered|answers|played|read|scored|shown|saw|seen|judged|marked|done) (?:only |just "
    r")?once|once each|each once|single (?:attempt|try|sample|greedy)|right or wrong|correct or (?:not|wrong)|yes or "
    r"no|pass or fail|pass/fail|no (?:half|partial) (?:points?|credits?|marks?)|"
    r"no ties|majority vote|all[- ]or[- ]nothing|one \w+ (?:per|for each) \w+|exact (?:string )?match|greedy|"
    r"temp(?:erature)?\W{0,3}0(?![.\d])|either \w+ or|or not\b|trust / don't trust|ja oder nein|richtig oder falsch|je "
    r"ein\w*|genau ein\w*|einmal|une seule|un seul|une fois|oui ou non|una sola|un solo|una vez|sí o no|по одно\w+|"
    r"один раз|да или нет|一次|每题一次|对或错"
)
SHARE_SAID = (
    r"acc|accuracy|success(?: rate)?|correct|right|solved|solves|passed|resolved|detected|accepted|found|"
    r"preferred|wins?|"
    r"win rate|exact match|em|pass rate|pass@1|top-1|fooled|answered|completed|in character|hit|hits|said|chose|voted|"
    r"treffer\w*|richtig|erkannt|gefunden|fehlerfrei|gelöst|stimmt\w*|exactes?|correctes?|justes?|réuss\w+|choisi\w*|"
    r"acert\w+|encontr\w+|correct[oa]s?|верн\w+|правильн\w+|пройден\w*|решен\w*|решил\w*|正确\w*|答对|通过|成功"
)
PLANNED = (
    r"next|will|would|should|planned?|plans|later|todo|to do|more|another|collecting|larger|future|dann|nächste\w*|"
    r"später|folgt|prochain\w*|ensuite|próxim\w*|se repetirá|дальше|следующ\w*|потом|будет|下次|下一步|以后"
)
# differences
DIFFERENCE_NAMES = (
    r"Δ\w*|deltas?|diff(?:erence)?s?|change|gains?|lift|improvements?|improv|drop|rise|increase|decrease|reduction|"
    r"saved|savings?|advantage|gap|margin|écart|différence|gain|hausse|baisse|unterschied|differenz|zuwachs|gewinn|abstand|"
    r"прирост|разност\w+|разница|изменение|выигрыш|diferencia|mejora|cambio|ganancia|提升|差值|差|变化|增益"
)
UP_WORDS = (
    r"more|higher|up|plus|gain\w*|rais\w+|ris\w+|rose|increas\w+|improv\w+|boost\w*|lift\w*|climb\w*|add(?:s|ed)|better|"
    r"above|ahead|mehr|höher|plus|steig\w+|bring\w+|gewinn\w*|verbesser\w*|gagn\w+|hausse|augment\w+|améliore\w*|"
    r"sube\w*|aument\w+|mejor\w*|gana\w*|вырос\w*|выше|больше|прирост\w*|рост|高了|提升|提高|增加|上升"
)
DOWN_WORDS = (
    r"less|lower\w*|down|minus|drop\w*|fell|falls?|reduc\w+|decreas\w+|cuts?|shav\w+|sav\w+|remov\w+|fewer|below|shrink\w*|"
    r"shrank|declin\w+|weniger|niedriger|senk\w+|sink\w+|gesunken|spar\w+|moins|baiss\w+|rédui\w+|diminu\w+|économi\w+|"
    r"baja\w*|menos|reduc\w+|ahorr\w+|снизи\w+|снижен\w+|ниже|меньше|упал\w*|сократи\w+|降低|下降|减少|低了"
)
QUICK_WORDS = r"faster|quicker|speed[- ]?up|schneller|plus rapide|más rápido|быстрее|加速|更快"
SLOW_WORDS = r"slower|langsamer|plus lent\w*|más lent\w*|медленнее|更慢"
RELATIVE_WORDS = r"relative(?:ly)?|rel\.|relativ\w*|en relatif|relativ[oa]s?|относительн\w+|相对"
ABSOLUTE_WORDS = r"absolute|abs\.|absolut\w*|absolu\w*|absolut[oa]s?|абсолютн\w+|绝对"
SPREAD_NAMES = (
    r"sd|std|s\.d\.|stdev|standard deviations?|standard errors?|sample sd|spread|scatter\w*|interval|ci|streuung|"
    r"standardabweichung\w*|écarts?-types?|desviaci\w+|разброс\w*|ст\. откл\.|标准差|lr|learning rate|seeds?|threshold|"
    r"weight decay|wd|temp\w*|beta|dropout|top-p|release|version|v|p"
)
PART_WORDS = {
    "a third": 100 / 3, "one third": 100 / 3, "two thirds": 200 / 3, "a quarter": 25.0, "one quarter": 25.0,
    "three quarters": 75.0, "a fifth": 20.0, "half": 50.0, "ein drittel": 100 / 3, "ein viertel": 25.0,
    "die hälfte": 50.0, "un tiers": 100 / 3, "un quart": 25.0, "la moitié": 50.0, "un tercio": 100 / 3,
    "la mitad": 50.0, "треть": 100 / 3, "четверть": 25.0, "половин": 50.0,
}  # fmt: skip
# certainty
CERTAIN_WORDS = (
    r"(?:statistically |highly |strongly |clearly )?significant(?:ly)?|"
    r"statistically (?:established|clear|confirmed|proven|secured?|sound|certain|speaking)|"
    r"(?:is |are |was |been )?(?:proven|proved)|proves|proof that|beyond (?:any |all |a )?(?:reasonable )?(?:doubt|"
    r"chance|question|noise)|(?:there is |there's |is |there can be )?no (?:doubt|question)|"
    r"without (?:any |a )?doubt|undoubted(?:ly)?|undeniabl[ye]|indisputabl[ye]|unquestionabl[ye]|(?:is |it is |it's "
    r")?certain(?:ly)?|definite(?:ly)?|conclusive(?:ly)?|cannot be (?:chance|noise|luck)|can't be (?:chance|noise|"
    r"luck)|(?:clearly |certainly )?not (?:chance|noise|luck|by chance|a fluke)|"
    r"a real (?:effect|gain|improvement|difference)|reliably (?:better|distinguishable)|firmly established|(?:robust|"
    r"solid) (?:gain|improvement|effect|win)|(?:gain|effect|improvement) (?:is|was|ist|est) (?:robust|real|solid)|"
    r"(?:hoch|statistisch )?signifikante?[rsnm]?|nachweislich|zweifelsfrei|zweifellos|ohne (?:jeden )?zweifel|"
    r"statistisch (?:gesichert|belegt|abgesichert)|gesichert|bewiesen|erwiesen|eindeutig belegt|beweist|sicher belegt|"
    r"belegt|significati(?:f|ve|fs|ves|vement)|sans (?:aucun )?doute|prouv(?:e|é|ée|és)|démontr(?:e|é|ée)|avérée?|"
    r"indiscutable\w*|statistiquement \w+|significativ(?:o|a|os|as|amente)|sin (?:ninguna )?duda|demostrad[oa]|"
    r"probad[oa]|demuestra|indudable\w*|достоверн\w+|статистически значим\w+|значимо|доказан\w*|несомненн\w*|без "
    r"сомнени\w+|统计显著|显著|毫无疑问|无疑|证明了|证实|确凿"
)
GAIN_WORDS = (
    r"gains?|improv\w*|better|best|prefer\w*|wins?|winning|won|effects?|differen\w+|increas\w*|advantages?|helps?|"
    r"helped|outperform\w*|beats?|lead\w*|lift|superior|ahead|stronger|works?|worth|reduc\w*|lowers?|raises?|higher|"
    r"lower|benefits?|boosts?|matters?|distinguishable|makes?|besser\w*|gewinn\w*|nutzen|hilft|effekt|verbesser\w*|"
    r"vorteil|überlegen|höher|niedriger|wirk\w*|senkt|erklärt|meilleur\w*|gain|amélior\w*|effet|aide|avantage|"
    r"supérieur\w*|mieux|mejor\w*|ganancia|efecto|ayuda|ventaja|superior|лучше|прирост\w*|улучш\w*|эффект\w*|помогает|"
    r"выше|ниже|выигрыш\w*|提升|提高|改善|优于|有效|更好|增益|降低"
)
NO_TEST_WORDS = (
    r"no (?:significance )?tests?|not (?:been )?tested|untested|tests? (?:was |were )?not (?:done|made|run)|without "
    r"(?:a |any )?tests?|nah|eyeballed|(?:1|one|single) (?:seed|run)|ein (?:seed|lauf)|kein test|nicht getestet|aucun "
    r"test|sin test|без теста|没有(?:做)?检验|未检验|检验先不做|检验还没做"
)
TEST_NAMES = (
    r"\bt[- ]?tests?|welch|wilcoxon|mcnemar|permutation|bootstrap\w*|anova|mann-whitney|chi-?squared?|\bz[- ]tests?|"
    r"p[-_ ]?values?|paired|sign[- ]test|(?:rank|exact|pairs|proportion)[- ]?\w*[- ](?:z|test)|"
    r"\w*test\b(?= (?:over|of|on|gave|ergab|gives|with|across))|检验"
)
TEST_WORDS = (
    r"t-?tests?|welch|wilcoxon|mcnemar|permutation|bootstrap\w*|anova|mann-whitney|chi-?squared?|z[- ]tests?|"
    r"p-?values?|(?<![a-z])p\s*[=<>≤]|p_value|confidence intervals?|credible|(?<![a-z])ci(?:95)?(?![a-z])|95 ?%|"
    r"standard error|konfidenzintervall|vertrauensintervall|intervalle de confiance|intervalo de confianza|"
    r"доверительн\w+|置信区间|检验"
)
RUN_NOUNS = (
    r"seeds?|runs?|trainings?|repeats?|repetitions?|replicates?|folds?|trainings each|läufen?|durchläufen?|saaten|"
    r"graines?|entraînements|semillas|ejecuciones|запуск\w*|прогон\w*|сид\w*|зерн\w*|个?种子|次运行|次实验"
)
# gains and their references
OVER_WORDS = (
    r"over|vs\.?|versus|against|than|compared (?:to|with)|relative to|with respect to|above|below|from|to|on|reference|"
    r"ref\.?|gegenüber|über|unter|gegen|verglichen mit|im vergleich zu|als|par rapport (?:à|au|aux)|sur|de moins que|"
    r"de plus que|contre|frente a|respecto (?:a|de)l?|sobre|по сравнению с|относительно|над|против|比|相比|相对(?:于)?|"
    r"较"
)
REFERENCE_NAMES = (
    r"vs|over|ref|(?:reference|baseline|base|starting)(?: (?:used|model|system|run|arm|point))?|"
    r"from|against|on top of|applied to|compared (?:with|to)|delta (?:to|vs|over)|gain (?:over|from|vs)|relative to|"
    r"référence|contre|referenz|gegenüber|basis|referencia|frente a|относительно|база|基线|参照|相对"
)
RANK_WORDS = (
    r"twice|double|triple|half|\d(?:\.\d)?\s?[x×]|times|larger|bigger|greater|stronger|strongest|more effective|better|"
    r"best|wins?|won|beats?|outweighs?|ahead|dwarfs|exceeds|more|less|worth|first|weaker|outranks?|ranking|rank|above|"
    r"choice|mehr|größer\w*|stärker\w*|besser\w*|doppelt\w*|das doppelte|wirksamer|weniger|plus|mieux|emporte|double|"
    r"meilleur\w*|rentable|supérieur\w*|moins|más|mejor|doble|supera|mayor|menos|больше|лучше|вдвое|сильнее|"
    r"эффективнее|выгоднее|大于|优于|更|优先|胜|两倍|高于"
)
# results told again
AGAIN_WORDS = (
    r"summary|summari[sz]\w*|tl;?dr|abstract|headline|conclusions?|discussion|report\w*|digest|recap|changelog|as "
    r"(?:said|stated|noted|given|reported) (?:above|before|earlier)|"
    r"(?:said|given|stated|reported) (?:above|in)|above|for the (?:record|deck|blog|slides?|poster|paper|post|mail|"
    r"team|release)|mail\w*|letter|submission|submitted|post|comment|repeated?|recall|remember|published|says|quoted?|"
    r"overview|deploy|scale|ship\w*|message|note|figure of|zusammenfassung|fazit|wochenbericht|bericht|gemeldet|"
    r"kurzfassung|wie oben|résumé|conclusion|bilan|rapport|resumen|cierre|conclusión|informe|итог\w*|вывод\w*|резюме|"
    r"отч[её]т\w*|总结|结论|摘要|部署|汇报"
)
QUALIFIER_WORDS = (
    r"dev|test|val|valid|validation|train|training|holdout|held-out|ood|before|after|old|new|previous\w*|earlier|initial\w*|"
    r"start|final|best|worst|min|max|mean|median|average|avg|sd|std|ema|ensemble|tta|greedy|sampled|beam|first|second|last|"
    r"top|rerun|retry|again|again|updated|corrected|revised|now|then|was|target|goal|expected|baseline|zero-shot|few-shot|"
    r"без|после|до|vorher|nachher|alt|neu|avant|après|antes|después"
)
COMMON_WORDS = frozenset(
    ("the", "a", "an", "of", "on", "in", "at", "to", "for", "and", "or", "with", "by", "as", "is", "are", "was",
     "were", "be", "this", "that", "it", "its", "from", "we", "our", "all", "than", "then", "but", "not", "no",
     "has", "had", "have", "which", "now", "run", "runs", "result", "results", "value", "score", "scores",
     "model", "system", "set", "both", "each", "so", "very", "per", "still", "one", "two", "three", "mean",
     "average", "der", "die", "das", "und", "ist", "mit", "auf", "von", "zu", "bei", "im", "den", "dem", "des",
     "ein", "eine", "sind", "hat", "hatte", "waren", "le", "la", "les", "de", "du", "et", "est", "dans", "pour",
     "une", "un", "avec", "sur", "el", "los", "las", "del", "en", "por", "con", "una", "para", "que", "se",
     "es", "son", "и", "в", "на", "с", "по", "для", "у", "к", "о", "из", "не", "а", "%", "step", "steps",
     "epoch", "seed", "seeds", "gets", "got", "reaches", "reached", "ended", "remains", "finished", "went",
     "goes", "said", "given")
)  # fmt: skip
