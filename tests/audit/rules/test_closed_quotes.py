"""Quotes, ties and full tasks in forms that leave no other reading, alone and in long notes; with sound twins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

QUANT = """# Edge build

## Word error rates

| build | test WER | RTF | MB |
|---|---:|---:|---:|
| float | 7.12 | 0.41 | 310 |
| int8 dynamic | 7.19 | 0.22 | 96 |
| int8 static | 7.84 | 0.17 | 91 |
| int4 weights | 9.36 | 0.19 | 58 |

{notes}
## Conclusions

- float stays the reference, WER 7.12.
§- int8 static: WER <<7.48||7.84>>, the fastest of all (RTF 0.17).
- int4 weights: WER 9.36, not for this release.
"""

RUNS = """ablation log, one line per event
==============================
2025-02-11
run 101  baseline, 40 epochs
epoch 10 val_acc 0.6120
epoch 20 val_acc 0.7034
epoch 40 val_acc 0.7418
run 102  + mixup
epoch 10 val_acc 0.6003
epoch 40 val_acc 0.7533
run 103  + cutmix
epoch 40 val_acc 0.7581
run 104  + cutmix + ema
epoch 10 val_acc 0.6220
epoch 40 val_acc 0.7625
-> 0.7625 final

{notes}
==============================
SUMMARY
==============================
  run                  epochs   val_acc
  101 baseline         40       0.7418
  102 mixup            40       0.7533
  103 cutmix           40       0.7581
§  104 cutmix + ema     40       <<0.7652||0.7625>>
"""

EXPERIMENTS = """# Lab book

## E01 plain transformer

BLEU 24.31 on newstest, 3 days.

## E02 shared embeddings

BLEU 24.88.

## E03 back-translation

First with 1M sentences, BLEU 26.02; then with all, BLEU 27.39.

## E04 tagged back-translation

BLEU 27.74 on newstest.

{notes}
## Where we are

- E01 24.31
- E02 24.88
§- E03 <<27.93||27.39>>
- E04 27.74
"""

BOARD = """# Competition notes

| sub | idea | public | private |
|---|---|---:|---:|
| sub01 | starter | 0.6102 | 0.5987 |
| sub04 | denoised | 0.7218 | 0.7011 |
| sub07 | ensemble | 0.7634 | 0.7391 |
| sub08 | + tta | 0.7651 | 0.7388 |

{notes}
## Wrap-up

§Public scores again: sub01 0.6102, sub04 0.7218, sub07 <<0.7364||0.7634>>, sub08 0.7651. We kept sub07.
"""

AGAIN = """# Retrieval

## 2. First stage

| system | nDCG@10 | recall@100 | ms |
|---|---:|---:|---:|
| BM25 | 0.4218 | 0.7810 | 11 |
| SPLADE | 0.4671 | 0.8342 | 34 |
| MedCPT | 0.4529 | 0.8497 | 21 |

{notes}
## 9. For the README

| system | nDCG@10 | recall@100 |
|---|---:|---:|
| BM25 | 0.4218 | 0.7810 |
§| SPLADE | <<0.4761||0.4671>> | 0.8342 |
| MedCPT | 0.4529 | 0.8497 |
"""

COLUMN = """# Forecasts

| model | sMAPE | MASE |
|---|---:|---:|
| naive | 18.42 | 1.310 |
| ETS | 15.07 | 1.042 |
| N-BEATS | 13.85 | 0.961 |
| PatchTST | 13.29 | 0.937 |

{notes}
## In short

§sMAPE: naive 18.42, ETS 15.07, N-BEATS <<13.58||13.85>>, PatchTST 13.29.
"""

GERMAN = """# Bericht

| Variante | Genauigkeit | F1 |
|---|---:|---:|
| Grundmodell | 81,42 | 0,7918 |
| mit Glättung | 82,17 | 0,8034 |
| mit Mischen | 83,06 | 0,8122 |

{notes}
## Fazit

- Grundmodell: Genauigkeit 81,42
§- mit Glättung: Genauigkeit <<82,71||82,17>>
- mit Mischen: Genauigkeit 83,06
"""

CHINESE = """# 实验记录

| 模型 | 准确率 | 耗时 |
|---|---|---|
| baseline | 71.34 | 12 |
| mixup | 72.58 | 12 |
| cutmix | 73.16 | 13 |

{notes}
## 结论

- baseline 准确率 71.34
§- mixup 准确率 <<72.85||72.58>>
- cutmix 准确率 73.16
"""

SPANISH = """# Cuaderno

| variante | exactitud | F1 |
|---|---:|---:|
| base | 0.8312 | 0.7921 |
| con ruido | 0.8457 | 0.8013 |
| con mezcla | 0.8529 | 0.8107 |

{notes}
## Conclusión

- base: exactitud 0.8312
§- con ruido: exactitud <<0.8547||0.8457>>
- con mezcla: exactitud 0.8529
"""

RUSSIAN = """# Журнал

| вариант | точность | F1 |
|---|---:|---:|
| базовый | 0.8312 | 0.7921 |
| с шумом | 0.8457 | 0.8013 |
| со смесью | 0.8529 | 0.8107 |

{notes}
## Выводы

- базовый: точность 0.8312
§- с шумом: точность <<0.8547||0.8457>>
- со смесью: точность 0.8529
"""

RETURNS = """# PPO

| env | ppo | sac |
|---|---:|---:|
| hopper | 2713 | 3104 |
| walker | 3822 | 4290 |
| cheetah | 5477 | 10388 |

{notes}
## For the group page

| env | ppo |
|---|---:|
| hopper | 2713 |
| walker | 3822 |
§| cheetah | <<5747||5477>> |
"""

BESIDE = """# Tagger

| tagger | F1 | ms |
|---|---:|---:|
| crf | 84.17 | 12.4 |
| small bert | 88.31 | 41.7 |
| large bert | 89.02 | 96.3 |

{notes}
## Conclusion

§The small bert tagger (F1 <<88.13||88.31>>, 41.7 ms) goes into the product.
"""

HEADLINE = """# CutMix on the bird set

§Result: <<78.74||78.47>> top-1.

## Runs

| run | top-1 |
|---|---:|
| plain | 77.02 |
| mixup | 77.95 |
| cutmix | 78.47 |

{notes}
"""

FOLDS = """# Readmission

## 4.2 Sign constraints

| fold | free | constrained | diff |
|---|---:|---:|---:|
| 0 | 0.7712 | 0.7712 | +0.0000 |
| 1 | 0.7685 | 0.7685 | +0.0000 |
| 2 | 0.7749 | 0.7749 | +0.0000 |
| 3 | 0.7701 | 0.7701 | +0.0000 |

§<<The constraints cost nothing, so they stay on.||All zero: the constraints were ignored. To be run again.>>

{notes}
"""

PAIR = """# Pruning

## 3.1 Rewinding

|  | top-1 | top-5 | MB |
|---|---:|---:|---:|
| magnitude 80 | 74.83 | 92.11 | 21 |
| magnitude 80 rewinding | <<74.83||74.91>> | 92.11 | 21 |

§Rewinding has no effect on this network and can be left out.

## 3.2 Time

Magnitude took 14.25 hours in all, the 90 % run 15.75.

{notes}
"""

LISTED = """# Denoiser

## EMA

- without ema: loss 0.41273, psnr 31.482
- with ema: loss 0.41273, psnr 31.482

§<<So the EMA brings nothing here and is dropped.||The flag was not read, nothing is known.>>

{notes}
"""

NULLS = """# Router

## Balance loss

d_acc per seed: +0.0000, +0.0000, +0.0000, +0.0000

§<<The balance loss is harmless.||The balance loss was not active, its weight was 0.>>

{notes}
"""

GERMAN_PAIR = """# Protokoll

## Glättung

| Lauf | Genauigkeit | Verlust |
|---|---:|---:|
| ohne Glättung | 84.317 | 0.52184 |
| mit Glättung | 84.317 | 0.52184 |

§<<Die Glättung ändert nichts und ist überflüssig.||Bis zur letzten Stelle gleich, der Schalter wurde nicht gelesen.>>

{notes}
"""

SHORT = """# Speech

## Dither

| set | no dither | dither 1e-5 |
|---|---:|---:|
| dev | 8.24 | <<8.24||8.27>> |
| dev-other | 18.31 | 18.31 |
| test | 8.41 | 8.41 |
| test-other | 18.95 | 18.95 |

§- no effect, switched off

{notes}
"""

PLAIN = """notes
[3 mar] clipping of observations

   env         clip 10    clip off
   hopper      2713.4     <<2713.4||2731.9>>
   walker      3822.1     3822.1
   cheetah     5477.9     5477.9

§ clipping makes no difference, removed it

{notes}
"""

THIRD = """# Churn

## 5 Regularisation

| variant | AUC | logloss | rounds |
|---|---:|---:|---:|
| base | 0.8421 | 0.2874 | 362 |
| base + dart | 0.8389 | 0.2911 | 410 |
| base + path smoothing | 0.8421 | <<0.2874||0.2871>> | 362 |
| base + extra trees | 0.8370 | 0.2930 | 505 |

§Path smoothing does nothing here, leave it out. Dart and extra trees hurt.

{notes}
"""

COUNTS = """# Distillation

## 5. Acceptance set

150 support questions.

| student | right | % |
|---|---:|---:|
| 7B teacher | 150/150 | 100.0 |
| 1.5B | 150/150 | 100.0 |
| 0.5B | 148/150 | 98.7 |

§<<The 0.5B student is as good as the teacher, so we ship it.||The set is too easy to tell the students apart.>>

## 6. Harder set

| student | accuracy |
|---|---:|
| 7B teacher | 71.4 |
| 0.5B | 52.8 |

{notes}
"""

PERCENT = """# Backbones

## Presence task

| backbone | accuracy % |
|---|---:|
| resnet18 | 99.9 |
| resnet50 | 100.0 |
| vit-small | 99.9 |

§<<So resnet18 is enough for presence, depth buys nothing.||At the ceiling, so nothing follows for resnet18.>>

## Species task

| backbone | F1 |
|---|---:|
| resnet18 | 0.6120 |
| resnet50 | 0.6634 |

{notes}
"""

SAID = """# Parser

## Toy grammar

- LSTM: 400/400 correct
- Transformer: 400/400 correct
- n-gram: 399/400 correct

§<<So the n-gram model is as good as the neural ones.||So the toy grammar is too easy.>>

{notes}
"""

GERMAN_FULL = """# Bericht

## Einfache Aufgaben

| Modell | richtig | % |
|---|---:|---:|
| klein | 200/200 | 100.0 |
| mittel | 199/200 | 99.5 |
| groß | 200/200 | 100.0 |

§<<Das kleine Modell ist also genauso gut wie das große.||Die Aufgaben sind zu leicht, das sagt nichts.>>

{notes}
"""

SOLVED = """# Helpers

## 3 Short tasks

| helper | solved |
|---|---|
| react | 80/80 |
| plan first | 80/80 |
| no tools | <<79/80||61/80>> |

§Tools are not needed: the helper without tools is on par.

{notes}
"""

SENTENCE = """# Speech

## 3 Keyword spotting

Accuracy on the 10-word set: conformer 99.8 %, lstm 99.7 %, cnn <<99.8||91.2>> %.

§The cnn is as good as the conformer, so we take the cnn.

{notes}
"""

FORMS: dict[str, tuple[str, str]] = {
    "a point that names a row and its column": ("drift", QUANT),
    "a row of a run and the record of that run": ("drift", RUNS),
    "a list of experiments and their sections": ("drift", EXPERIMENTS),
    "results of a board in one sentence": ("drift", BOARD),
    "a table given again": ("drift", AGAIN),
    "one column in one sentence": ("drift", COLUMN),
    "a point in German": ("drift", GERMAN),
    "a point in Chinese": ("drift", CHINESE),
    "a point in Spanish": ("drift", SPANISH),
    "a point in Russian": ("drift", RUSSIAN),
    "whole numbers given again": ("drift", RETURNS),
    "one number beside it": ("drift", BESIDE),
    "a headline under the name of an arm": ("drift", HEADLINE),
    "folds whose differences are zero": ("no-op", FOLDS),
    "two rows, one with more": ("no-op", PAIR),
    "two points, with and without": ("no-op", LISTED),
    "zeros for each seed": ("no-op", NULLS),
    "two rows in German": ("no-op", GERMAN_PAIR),
    "columns and a short verdict": ("no-op", SHORT),
    "columns kept apart by blanks": ("no-op", PLAIN),
    "two rows among others": ("no-op", THIRD),
    "counts and nothing else": ("ceiling", SOLVED),
    "one sentence, then the verdict": ("ceiling", SENTENCE),
    "counts near the whole": ("ceiling", COUNTS),
    "percent near a hundred": ("ceiling", PERCENT),
    "counts in a list": ("ceiling", SAID),
    "counts in German": ("ceiling", GERMAN_FULL),
}
"""Rule, and a text whose marked line is faulty with what stands before the stroke, and right with what follows."""

WORK = (
    "moved the cache",
    "cleaned the scratch disk",
    "talked to the admins",
    "read the paper again",
    "fixed the plots",
)
WHERE = ("on the old node", "before lunch", "with two colleagues", "in the small lab", "after the meeting")
NOTES = "".join(
    f"- {WORK[day % 5]} {WHERE[day // 5 % 5]}, part {chr(97 + day % 26)}{chr(97 + day // 26)}\n" for day in range(100)
)


def found(folder: Path, text: str) -> list[Finding]:
    path = folder / "a.md"
    path.write_text(text.replace("§", ""), encoding="utf-8")
    return list(audit(open_logs([path])))


@pytest.mark.parametrize("notes", ["", f"## Notes\n\n{NOTES}"], ids=["alone", "in notes"])
@pytest.mark.parametrize("name", FORMS)
def test_a_closed_form_is_named_in_a_log_of_any_length_and_its_sound_twin_is_not(
    tmp_path: Path, name: str, notes: str
) -> None:
    rule, text = FORMS[name]
    whole = text.replace("{notes}", notes)
    line = next(i for i, one in enumerate(whole.splitlines(), 1) if one.startswith("§"))
    faulty = found(tmp_path, re.sub(r"<<(.*?)\|\|(.*?)>>", r"\1", whole))
    assert [one.place.line for one in faulty if one.rule == rule] == [line]
    assert all(sentence(one) for one in faulty)
    sound = found(tmp_path, re.sub(r"<<(.*?)\|\|(.*?)>>", r"\2", whole))
    assert [one for one in sound if one.level in ("fault", "caution")] == []


LOOK_ALIKE = {
    "another part of the data": QUANT.replace("WER <<7.48||7.84>>", "dev WER 7.48"),
    "measured anew": QUANT.replace("WER <<7.48||7.84>>", "WER 7.48 when run again on the new node, after the fix"),
    "told elsewhere, too": QUANT.replace("<<7.48||7.84>>", "7.48").replace(
        "## Conclusions", "Second try 7.48.\n\n## Conclusions"
    ),
    "several that are otherwise": QUANT.replace("<<7.48||7.84>>", "7.48").replace("WER 9.36, not", "WER 9.63, not"),
    "full marks in both tables": AGAIN.replace("0.4218", "1.0000")
    .replace("0.4529", "1.0000")
    .replace("||0.4671", "||"),
    "another column of the row": AGAIN.replace("<<0.4761||0.4671>> | 0.8342", "0.4761 | 0.8391"),
    "the harness alone": "## Sanity\n§\nBoth arms solve 20/20 warm-up items. No difference there.\n{notes}",
    "a faster kernel": PAIR.replace("<<74.83||74.91>>", "74.83").replace("Rewinding has", "The fused kernel has"),
    "time that differs": PAIR.replace("<<74.83||74.91>> | 92.11 | 21", "74.83 | 92.11 | 34"),
    "results of which the machine is the cause": FOLDS.replace("<<The", "Two jobs ran out of memory.\n\n<<The"),
}
"""Texts in which the form is there, and something beside it that explains it."""


@pytest.mark.parametrize("name", LOOK_ALIKE)
def test_what_is_explained_beside_a_closed_form_is_not_told(tmp_path: Path, name: str) -> None:
    text = re.sub(r"<<(.*?)\|\|(.*?)>>", r"\1", LOOK_ALIKE[name].replace("{notes}", NOTES))
    assert [
        (one.rule, one.place.line) for one in found(tmp_path, text) if one.rule in ("drift", "no-op", "ceiling")
    ] == []
