"""Unfair comparisons that are told aloud, each beside a twin; and look-alikes of them, of which nothing is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_logs

BUDGETS, ITEMS, TEST, WINNER, BASES = (
    "unequal-budgets", "fewer-items", "best-on-test", "winner-on-its-seeds", "baselines-differ",
)  # fmt: skip
RULES = (BUDGETS, ITEMS, TEST, WINNER, BASES)


def aloud(tmp_path: Path, name: str, text: str) -> list[tuple[str, int]]:
    """Rules and lines of the findings of fairness that are no hints."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [(one.rule, one.place.line) for one in audit(open_logs([path])) if one.rule in RULES]


LOUD = {
    "devices for the same time": (
        "a.json",
        '{\n"title": "speech",\n"arms": {\n"plain": {"gpus": 2, "wall_hours": 24, "wer": 18.98},\n'
        '"spoken": {"gpus": 4, "wall_hours": 24, "wer": 18.21}},\n"answer": "spoken text lowers WER by 0.77"\n}\n',
        BUDGETS, 5, '"gpus": 4', '"gpus": 2',
    ),
    "gains in one line": (
        "a.md",
        "# Parts\n\nCropping improves over the small net by 3.0 points. Voting improves over the large "
        "net by 1.2 points. Cropping is therefore worth more (3.0 > 1.2).\n",
        BASES, 3, "over the large net", "over the small net",
    ),
    "the best of all values in a list": (
        "a.json",
        '{\n"note": "this is our final test set",\n"log": [\n{"step": 1, "fid": 19.0},\n{"step": 2, "fid": 17.1},\n'
        '{"step": 3, "fid": 16.3},\n{"step": 4, "fid": 16.9},\n{"step": 5, "fid": 17.2}\n],\n'
        '"evals": 5,\n"reported": {"fid": 16.3, "how": "lowest of the evaluations above"}\n}\n',
        TEST, 11, "our final test set", "our dev set",
    ),
    "steps in two sentences": (
        "a.md",
        "# Ordering\n\nThe shuffled control ran for 5,000 steps and ends at 61.4 EM.\n"
        "The sorted arm ran for 15,000 steps and ends at 63.0 EM.\nSorting the documents brings 1.6 points.\n",
        BUDGETS, 4, "15,000 steps and ends at 63.0", "5,000 steps and ends at 63.0",
    ),
    "epochs in a table": (
        "a.md",
        "# Loss\n\n| loss | epochs | F1 |\n|---|---|---|\n| plain | 4 | 70.1 |\n| margin | 12 | 72.4 |\n\n"
        "The margin loss is worth 2.3 points.\n",
        BUDGETS, 6, "| margin | 12 |", "| margin | 4 |",
    ),
    "settings tried in a list": (
        "a.md",
        "# Bake-off\n\n- sgd: 3 configs tried on dev, test F1 70.1\n"
        "- lion: 60 configs tried on dev, test F1 71.3\n- lion is the better choice by 1.2\n",
        BUDGETS, 4, "lion: 60 configs", "lion: 3 configs",
    ),
    "the first of all items": (
        "a.md",
        "# Judge\n\nThe small judge agrees with people on 71.2 % of all 2,400 pairs.\n"
        "The large judge saw the first 120 pairs only and agrees on 74.0 %.\n"
        "So the large judge is 2.8 points ahead.\n",
        ITEMS, 4, "saw the first 120 pairs only", "saw all 2,400 pairs, too,",
    ),
    "items in a column": (
        "a.md",
        "# Browsing\n\n| agent | items | success |\n|---|---|---|\n| one | 640 | 31.2 % |\n"
        "| two | 40 | 35.0 % |\n\nAgent two leads by 3.8 points.\n",
        ITEMS, 6, "| two | 40 |", "| two | 640 |",
    ),
    "a conclusion from ten questions": (
        "a.md",
        "# Tools\n\n- 10 questions of our own, right without tools: 5\n- right with tools: 7\n"
        "- conclusion: tools help the assistant\n",
        ITEMS, 5, "10 questions", "910 questions",
    ),
    "the best epoch on test": (
        "a.md",
        "# Tagger\n\nAfter each of the 30 epochs we measured F1 on the test set; the peak is 81.7.\n"
        "So the result of the tagger is 81.7.\n",
        TEST, 4, "on the test set", "on the dev set",
    ),
    "the best of a column of test results": (
        "a.md",
        "# Captions\n\n| epoch | test CIDEr |\n|---|---|\n| 10 | 91.2 |\n| 20 | 94.0 |\n| 30 | 95.1 |\n"
        "| 40 | 94.3 |\n\nOur entry in the paper: 95.1.\n",
        TEST, 10, "| epoch | test CIDEr |", "| epoch | dev CIDEr |",
    ),
    "the best of prompts given out": (
        "a.md",
        "# Search\n\nWe tried 14 prompts on 300 tickets; prompt 6 came first with 77.3 %.\n"
        "We report 77.3 % in the readme.\n",
        WINNER, 4, "report 77.3 % in", "report 74.0 % of 300 other tickets in",
    ),
    "fields of a search": (
        "a.json",
        '{\n  "task": "retrieval",\n  "combinations": 36,\n  "best": {"k": 4, "hit": 81.2},\n'
        '  "published": {"hit": 81.2}\n}\n',
        WINNER, 5, '"published": {"hit": 81.2}', '"published": {"hit": 78.9}',
    ),
    "references in a column": (
        "a.md",
        "# Tricks\n\n| trick | over | gain |\n|---|---|---|\n| crop | small net | 3.1 |\n"
        "| blur | large net | 1.4 |\n\nCropping helps more than blurring (3.1 against 1.4).\n",
        BASES, 8, "| blur | large net |", "| blur | small net |",
    ),
    "references in sentences": (
        "a.md",
        "# Levers\n\nRetrieval gains 4.2 points over the raw model.\n"
        "Preference tuning gains 1.5 points over the tuned model.\n"
        "Retrieval is the stronger lever, 4.2 against 1.5.\n",
        BASES, 5, "over the tuned model.\nRetr", "over the raw model.\nRetr",
    ),
}  # fmt: skip
"""A file, the rule and the line that are told, and words in it with those of the twin."""


@pytest.mark.parametrize("name", LOUD)
def test_it_is_told_aloud_and_not_in_its_twin(tmp_path: Path, name: str) -> None:
    file, text, rule, line, told, twin = LOUD[name]
    assert told in text
    assert aloud(tmp_path, file, text) == [(rule, line)]
    assert aloud(tmp_path, file, text.replace(told, twin)) == []


SILENT = {
    "a larger model": (
        "- small: 8 epochs on all pages, 71.2\n- large: 64 epochs on all pages, 75.0\n"
        "- the large model is better by 3.8\n"
    ),
    "languages": (
        "| model | sentences | BLEU |\n|---|---|---|\n| en-de | 3003 | 27.3 |\n| en-is | 500 | 31.0 |\n\n"
        "en-is is better by 3.7.\n"
    ),
    "win rates": (
        "Its win rate is 60.0 over one judge and a win rate of 55.0 over another.\n"
        "We beat the first more clearly (60.0 vs 55.0).\n"
    ),
    "tests of a program": (
        "| checkpoint | tests passed |\n|---|---|\n| 1 | 80.1 % |\n| 2 | 84.5 % |\n| 3 | 86.0 % |\n| 4 | 85.5 % |\n\n"
        "Final: 86.0 %, our number for the report.\n"
    ),
    "steps from one setting to the next": (
        "T=0.7 gains 1.2 over greedy; T=1.0 gains 0.4 over T=0.7. The first step helps more (1.2 vs 0.4).\n"
    ),
    "the better one had fewer steps": (
        "Model A was trained for 12k steps and has 47.9 EM. Model B was trained for 4k steps and has 51.6 EM.\n"
        "Model B is better by 3.7 points.\n"
    ),
    "the epochs are the variant": (
        "| epochs | acc |\n|---|---|\n| 10 | 81.2 |\n| 30 | 83.1 |\n\nThirty epochs bring 1.9 points.\n"
    ),
    "stages of one run": (
        "Stage one: 20 epochs, top-1 71.2. Stage two: 5 epochs, top-1 74.0.\nStage two improves it by 2.8.\n"
    ),
    "runs that stopped by themselves": (
        "| model | epochs | acc |\n|---|---|---|\n| baseline | 37 | 81.2 |\n| ours | 52 | 83.1 |\n\n"
        "Our model is 1.9 points better than the baseline.\n"
    ),
    "a teacher": (
        "The student ran for 90 epochs and has 79.0. The teacher ran for 300 epochs and has 81.4.\n"
        "The teacher is 2.4 points ahead.\n"
    ),
    "steps of a sampler": (
        "Baseline sampler with 20 steps: FID 22.0. Ours with 50 steps: FID 19.5. Our sampler lowers "
        "FID by 2.5.\n"
    ),
    "tokens of other things": (
        "The tokenizer was trained on 2M tokens for the baseline. Perplexity 28.1 and 25.6.\n"
        "Our model was evaluated on 10M tokens. Our model gains 2.5.\n"
    ),
    "two tasks": (
        "On NLI we train for 3 epochs (81.2), on QA for 10 epochs (83.1). QA is higher by 1.9 points.\n"
    ),
    "the text says it": (
        "The baseline ran 10k steps and has 81.2; ours ran 30k steps and has 83.1. Ours gains 1.9, "
        "though it had three times the steps.\n"
    ),
    "examples in a prompt": (
        "- 8 examples in the prompt: 61.2\n- 64 examples in the prompt: 66.0\n"
        "- more examples bring 4.8 points\n"
    ),
    "images of a batch": (
        "Baseline: batch of 512 images, 81.2. Ours: batch of 64 images, 83.1. Ours gains 1.9.\n"
    ),
    "requests that were timed": (
        "Measured 10 requests: 120 ms before, 80 ms after.\nso the cache helps latency\n"
    ),
    "one fold of all": (
        "Fold 1 (200 images): 0.81. All folds (1,000 images): 0.79. Fold 1 is better by 0.02.\n"
    ),
    "items of other years": (
        "- v1: 74.1 % on 4,000 claims of 2022\n- v2: 79.0 % on 300 claims of 2023\n- v2 is ahead by 4.9\n"
    ),
    "sets of data": (
        "| dataset | n | acc |\n|---|---|---|\n| one | 10570 | 81.2 |\n| two | 500 | 83.1 |\n\n"
        "Two is better by 1.9.\n"
    ),
    "sizes of a model": (
        "| params | test loss |\n|---|---|\n| 10 | 3.41 |\n| 20 | 3.22 |\n| 40 | 3.05 |\n| 80 | 2.91 |\n\n"
        "Our headline: the large model reaches 2.91.\n"
    ),
    "the method and what lacks a part": (
        "| variant | F1 |\n|---|---|\n| full | 84.2 |\n| w/o gate | 83.1 |\n| w/o norm | 82.0 |\n"
        "| w/o aug | 80.3 |\n\nThe full model is best; we report 84.2.\n"
    ),
    "a setting that others recommend": (
        "| T | pass@1 |\n|---|---|\n| 0.2 | 41.2 |\n| 0.4 | 42.0 |\n| 0.6 | 42.9 |\n| 0.8 | 41.8 |\n\n"
        "We report pass@1 at T=0.6, as the model card recommends: 42.9.\n"
    ),
    "models that are compared": (
        "Six annotators scored 4 models each: 3.1, 3.4, 3.9, 4.2. The best is ours (4.2). We report 4.2.\n"
    ),
    "a cell of the table": (
        "| config | as released | corrected |\n|---|---|---|\n| vanilla | 0.794 | 0.794 |\n"
        "| i3 | 0.792 | 0.760 |\n| i5 | 0.738 | 0.784 |\n| i6 | 0.578 | 0.404 |\n"
        "| other | 0.794 (published) | 0.793 |\n"
    ),
    "the last of several evaluations": (
        "We evaluated 12 checkpoints on the test set to show the curve; the last one, 63.1, is our "
        "result, the highest was 63.8.\n"
    ),
    "a ladder": (
        "| change | over | gain |\n|---|---|---|\n| aug | base | 2.0 |\n| mixup | aug | 0.5 |\n\n"
        "Augmentation gives more than mixup (2.0 vs 0.5).\n"
    ),
    "one arm against two": (
        "| one | vs | delta |\n|---|---|---|\n| A | B | 0.3 |\n| A | C | 1.4 |\n\n"
        "A is further ahead of C than of B (1.4 against 0.3).\n"
    ),
    "each has its own reference": (
        "| model | baseline | gain |\n|---|---|---|\n| en | bert-en | 2.0 |\n| de | bert-de | 1.2 |\n\n"
        "The gain in English is larger than in German (2.0 vs 1.2).\n"
    ),
    "two sets of data": (
        "On NQ it goes from 45.2 to 48.0; on SQuAD from 71.3 to 74.5. The gain is larger on SQuAD, "
        "3.2 against 2.8.\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SILENT)
def test_a_look_alike_is_not_told_aloud(tmp_path: Path, name: str) -> None:
    assert aloud(tmp_path, "a.md", f"# Log\n\n{SILENT[name]}") == []


def test_thousands_that_a_blank_sets_off_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "# Log\n\n- BM25: NDCG@10 0.402, 2 400 queries\n"
        "- ours: NDCG@10 0.437, 50 queries\n- so ours is better by 0.035\n"
    )
    found = [one for one in audit(open_logs([path])) if one.rule == ITEMS]
    assert [(one.facts["few"], one.facts["many"]) for one in found] == [(50, 2400)]
