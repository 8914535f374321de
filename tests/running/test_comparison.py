"""Runs that exist are compared by the rule of all claims; what cannot be trusted is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evenhand as eh
from evenhand.errors import ClaimError, DataError, EvenhandError
from evenhand.report.compared import Compared, comparison_page
from tests.runs.logs import inspect_log, lm_eval, lm_eval_row

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "eval_logs"


def right(share: float, seed: int, items: int = 200) -> list[float]:
    return (np.random.default_rng(seed).random(items) < share).astype(float).tolist()


@pytest.fixture
def two(tmp_path: Path) -> Path:
    lm_eval(tmp_path / "base", right(0.5, 1), model="b")
    lm_eval(tmp_path / "new", right(0.8, 2), model="n")
    return tmp_path


def seeds(folder: Path, arm: str, share: float, which: Any = range(4), **more: Any) -> None:
    for seed in which:
        lm_eval(folder / arm / f"seed{seed}", right(share, 10 * seed + len(arm)), **more)


def test_two_files_are_judged_for_these_checkpoints_and_nothing_is_said_of_seeds(two: Path) -> None:
    found = eh.compare(two / "base", two / "new")
    assert found.verdicts[0].title == "gain (retrospective, >= margin, scope checkpoint)"
    assert found.scope == (
        "checkpoint scope: these two models differ on new items; says nothing of new seeds: you gave one each"
    )
    assert repr(found).startswith("comparison: checkpoint scope")


def test_several_seeds_a_side_are_judged_for_the_recipe(tmp_path: Path) -> None:
    seeds(tmp_path, "base", 0.5)
    seeds(tmp_path, "new", 0.8)
    for found in (
        eh.compare(tmp_path / "base", tmp_path / "new"),
        eh.compare(tmp_path / "base" / "seed{seed}", tmp_path / "new" / "seed{seed}"),
    ):
        assert found.verdicts[0].title == "gain (retrospective, >= margin, budget not shown)"
        assert found.verdicts[0].contrasts[0].seeds == (0, 1, 2, 3)


@pytest.mark.slow
def test_a_seed_that_one_arm_lacks_is_a_lost_pair_and_told_with_those_missing_between(tmp_path: Path) -> None:
    seeds(tmp_path, "base", 0.5, [0, 1, 3, 4, 5, 6])
    seeds(tmp_path, "new", 0.8, [0, 1, 3, 4, 5])
    found = eh.compare(tmp_path / "base", tmp_path / "new")
    assert "no run of seed 6" in found.verdicts[0].contrasts[0].dropped["6"]
    assert any(warning.startswith("Seed 2 is missing between 0 and 6") for warning in found.warnings)


def test_one_run_against_several_seeds_is_refused_unless_it_has_no_seeds(tmp_path: Path) -> None:
    lm_eval(tmp_path / "base", right(0.5, 1))
    seeds(tmp_path, "new", 0.8)
    with pytest.raises(DataError, match=r"'base' is one run, and 'new' has 4 seeds; .* --deterministic base"):
        eh.compare(tmp_path / "base", tmp_path / "new")
    found = eh.compare(tmp_path / "base", tmp_path / "new", deterministic="base")
    assert found.verdicts[0].kind == "gain"


def test_tasks_are_judged_one_by_one_and_pooled_at_levels_that_allow_for_there_being_several(two: Path) -> None:
    for arm, share in (("base", 0.5), ("new", 0.52)):
        lm_eval(two / arm, right(share, 7 + len(arm)), task="gsm", model=arm[0])
    found = eh.compare(two / "base", two / "new")
    assert [(v.condition, v.contrasts[0].items) for v in found.verdicts] == [
        ("arc", 200),
        ("gsm", 200),
        ("pooled", 400),
    ]
    assert max(v.family_level for v in found.verdicts) > 0.98
    assert [v.condition for v in eh.compare(two / "base", two / "new", task="gsm").verdicts] == ["gsm"]


def test_several_variants_share_the_error_rate_and_rivals_must_be_beaten(two: Path) -> None:
    lm_eval(two / "other", right(0.7, 3))
    levels = [v.family_level for v in eh.compare(two / "base", two / "new", two / "other").verdicts]
    assert sorted(levels) == pytest.approx([0.95, 0.975])
    lm_eval(two / "strong", right(0.95, 4))
    (verdict,) = eh.compare(two / "base", two / "new", rival=two / "strong").verdicts
    assert verdict.kind == "regression"
    assert verdict.standing == "strong"


def test_a_second_run_of_the_baseline_that_differs_makes_everything_invalid(two: Path) -> None:
    lm_eval(two / "again", right(0.9, 5))
    found = eh.compare(two / "base", two / "new", null=two / "again")
    assert found.verdicts[0].title == "invalid (null arm)"


def test_the_same_answers_to_every_item_are_a_no_op(two: Path) -> None:
    lm_eval(two / "copy", right(0.5, 1), model="c")
    assert eh.compare(two / "base", two / "copy").verdicts[0].kind == "no-op"


def test_costs_that_differ_between_recipes_are_no_fair_comparison(tmp_path: Path) -> None:
    for arm, steps in (("base", 100), ("new", 300)):
        seeds(tmp_path, arm, 0.6)
        for seed in range(4):
            (tmp_path / arm / f"seed{seed}" / "trainer_state.json").write_text(f'{{"global_step": {steps}}}')
    assert eh.compare(tmp_path / "base", tmp_path / "new").verdicts[0].title == "invalid (budget)"


def refused(how: Any, *, tmp_path: Path) -> str:
    lm_eval(tmp_path / "base", right(0.5, 1), model="b")
    how(tmp_path)
    with pytest.raises((DataError, ClaimError)) as caught:
        eh.compare(tmp_path / "base", tmp_path / "new")
    return str(caught.value)


def doubled(folder: Path) -> None:
    lm_eval(folder / "new", right(0.5, 1), rows=[lm_eval_row(i % 199, 1.0) for i in range(200)])


def textual(folder: Path) -> None:
    lm_eval(folder / "new", [1.0], rows=[lm_eval_row(i, "right" if i == 3 else 1.0) for i in range(200)])


def listed(folder: Path) -> None:
    lm_eval(folder / "new", [1.0], rows=[lm_eval_row(i, [0, 1]) for i in range(200)])


def partial(folder: Path) -> None:
    lm_eval(folder / "new", right(0.5, 1), effective=400)


def twice(folder: Path) -> None:
    for name in ("a", "b"):
        lm_eval(folder / "new" / name, right(0.5, 1), model="n")


def two_models(folder: Path) -> None:
    for name in ("a", "b"):
        lm_eval(folder / "new" / name, right(0.5, 1), model=name)


def other_prompts(folder: Path) -> None:
    lm_eval(folder / "new", right(0.5, 2), prompt="Answer:")


def other_version(folder: Path) -> None:
    lm_eval(folder / "new", right(0.5, 2), version=2.0)


def other_numbers(folder: Path) -> None:
    lm_eval(folder / "new", right(0.5, 2))
    path = next((folder / "new").glob("results*"))
    path.write_text(path.read_text().replace('"acc,none": ', '"acc,none": 1'))


def nothing(folder: Path) -> None:
    (folder / "new").mkdir()
    (folder / "new" / "notes.md").write_text("later")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (doubled, "samples_arc_2026-01-21T03-44-18.458309.jsonl:200: the document '0' stands twice under one filter"),
        (textual, ".jsonl:4: the score 'acc' is 'right', which is no number"),
        (listed, ".jsonl:1: 'acc' is [0, 1], which is no number"),
        (partial, "holds 200 documents, and its results say that 400 were scored"),
        (twice, "a run of the task 'arc' stands twice, here and in"),
        (two_models, "new holds 2 models (a, b), and an arm is one model at each seed: pick one with"),
        (other_prompts, "200 items of 200 had another prompt"),
        (other_version, "the task version is '2.0' against '1.0'"),
        (other_numbers, "its results say"),
        (nothing, "holds no runs in a format that evenhand reads"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_what_cannot_be_trusted_is_refused_with_its_place(how: Any, says: str, tmp_path: Path) -> None:
    assert says in refused(how, tmp_path=tmp_path)


@pytest.mark.parametrize(
    ("how", "kind"),
    [(partial, "partial"), (other_prompts, "prompt"), (other_version, "task"), (other_numbers, "numbers")],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_is_allowed_by_name_is_compared(how: Any, kind: str, tmp_path: Path) -> None:
    lm_eval(tmp_path / "base", right(0.5, 1), model="b")
    how(tmp_path)
    assert eh.compare(tmp_path / "base", tmp_path / "new", allow=kind).verdicts[0].contrasts[0].items == 200


def test_items_pair_by_what_was_asked_and_not_by_their_row(two: Path) -> None:
    """``doc_id`` is a row number: with a shuffled file it names other documents."""
    plain = eh.compare(two / "base", two / "new").verdicts[0].contrasts[0]
    order = np.random.default_rng(0).permutation(200)
    scores = right(0.8, 2)
    rows = [lm_eval_row(int(i), scores[i]) | {"doc_id": place} for place, i in enumerate(order)]
    lm_eval(two / "new", scores, rows=rows)
    shuffled = eh.compare(two / "base", two / "new").verdicts[0].contrasts[0]
    assert (shuffled.estimate, shuffled.gained, shuffled.lost) == (plain.estimate, plain.gained, plain.lost)


def test_items_that_an_arm_lacks_are_dropped_counted_and_named_and_a_fifth_is_too_many(tmp_path: Path) -> None:
    lm_eval(tmp_path / "base", right(0.5, 1))
    lm_eval(tmp_path / "new", right(0.8, 2, 190))
    lm_eval(tmp_path / "few", right(0.8, 2, 100))
    found = eh.compare(tmp_path / "base", tmp_path / "new", tmp_path / "few")
    new, few = found.verdicts
    assert (new.kind, new.contrasts[0].items) == ("gain", 190)
    assert few.title == "invalid (items)"
    assert any(
        "10 of 200 items left out on acc" in warning and "'new' lacks 10 ('" in warning and "arc 19" in warning
        for warning in found.warnings
    )


def table(path: Path, rows: str, head: str = "id,question,correct") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *rows.split()]))
    return path


def test_items_of_one_name_that_were_asked_otherwise_are_refused_and_pair_by_name_where_that_is_allowed(
    tmp_path: Path,
) -> None:
    for arm, mark in (("base", "?"), ("new", "!")):
        table(tmp_path / f"{arm}.csv", " ".join(f"q{i},what{i}{mark},{int(i % 3 > 0)}" for i in range(90)))
    files = [tmp_path / "base.csv", tmp_path / "new.csv"]
    with pytest.raises(DataError, match=r"90 items of 90 had another prompt \(item q0: 'what0!' against 'what0\?'\).*"):
        eh.compare(*files)
    found = eh.compare(*files, allow="prompt")
    assert found.verdicts[0].contrasts[0].items == 90
    assert "Items are paired by their ids: what was asked differs, and that is allowed." in found.comparison.remarks


@pytest.mark.slow
def test_metrics_whose_names_a_claim_could_not_have_are_compared_under_either_spelling(tmp_path: Path) -> None:
    """lm-eval's ``exact_match,strict-match``, beside one whose name is its beginning (HELM's ``exact_match@5``)."""
    for arm, share in (("base", 0.5), ("new", 0.8)):
        scores = zip(right(share, 1), right(share, 2), strict=True)
        rows = " ".join(f"q{i},{a},{b}" for i, (a, b) in enumerate(scores))
        table(tmp_path / f"{arm}.csv", rows, "id,exact_match,exact_match@5")
        texts = right(share, 3)
        filters = ("strict-match", "flexible-extract")
        logged = [lm_eval_row(i, s, metric="exact_match", filter_=f) for f in filters for i, s in enumerate(texts)]
        lm_eval(tmp_path / arm, texts, rows=logged, effective=200)
    found = eh.compare(tmp_path / "base", tmp_path / "new")
    assert (found.verdicts[0].metric, found.verdicts[0].kind) == ("exact_match.strict-match", "gain")
    for spelling in ("exact_match,flexible-extract", "exact_match.flexible-extract"):
        found = eh.compare(tmp_path / "base", tmp_path / "new", metric=spelling)
        assert [v.metric for v in found.verdicts] == ["exact_match.flexible-extract"]
    files = [tmp_path / "base.csv", tmp_path / "new.csv"]
    found = eh.compare(*files, metric=["exact_match", "exact_match@5"])
    assert [v.contrasts[0].estimate for v in found.verdicts] == pytest.approx(
        [np.mean(right(0.8, seed)) - np.mean(right(0.5, seed)) for seed in (1, 2)]
    )
    saved = tmp_path / "again.toml"
    saved.write_text(found.comparison.text)
    assert eh.load_claim(saved).resolved.hash == found.claim_hash


def test_tasks_whose_metrics_are_called_otherwise_and_have_dots_in_their_names_are_compared(tmp_path: Path) -> None:
    for arm, share in (("base", 0.5), ("new", 0.8)):
        for task, metric in (("mmlu.v2", "acc"), ("gsm8k", "exact_match")):
            rows = [lm_eval_row(i, s, task=task, metric=metric) for i, s in enumerate(right(share, 1))]
            lm_eval(tmp_path / arm / task, right(share, 1), task=task, rows=rows)
    found = eh.compare(tmp_path / "base", tmp_path / "new")
    assert [v.condition for v in found.verdicts] == ["gsm8k", "mmlu.v2", "pooled"]
    assert all(v.kind == "gain" for v in found.verdicts)


def test_an_instruction_in_one_arm_of_inspect_is_another_prompt(tmp_path: Path) -> None:
    for arm, question in (("base", "q"), ("new", "think, then say: q")):
        log = inspect_log(["C", "I", "C", "I"] * 20, model=arm, question=question)
        (tmp_path / f"{arm}.json").write_text(json.dumps(log))
    with pytest.raises(
        DataError, match=r"80 items of 80 had another prompt \(item 1: 'think, then say: q 1' against 'q 1'"
    ):
        eh.compare(tmp_path / "base.json", tmp_path / "new.json")


def test_row_numbers_in_another_order_are_no_other_prompts(tmp_path: Path) -> None:
    for arm, step in (("base", 1), ("new", 7)):
        table(tmp_path / f"{arm}.csv", " ".join(f"{i},what{i * step % 90},{int(i % 3 > 0)}" for i in range(90)))
    assert eh.compare(tmp_path / "base.csv", tmp_path / "new.csv").verdicts[0].contrasts[0].items == 90


def test_errors_in_place_of_scores_are_refused_unless_that_is_allowed_and_beside_scores_they_are_told(
    tmp_path: Path,
) -> None:
    head = "id,note,correct,error"
    base = table(tmp_path / "base.csv", " ".join(f"q{i},-,{i % 2}," for i in range(60)), head)
    new = table(
        tmp_path / "new.csv", " ".join(f"q{i},-," + (f"{i % 2}," if i else ",timeout") for i in range(60)), head
    )
    with pytest.raises(DataError, match=r"1 item with an error in place of a score \(q0: timeout\)"):
        eh.compare(base, new)
    assert eh.compare(base, new, allow="errors").verdicts[0].contrasts[0].items == 59
    scored = table(
        tmp_path / "new.csv", " ".join(f"q{i},-,{i % 2}," + ("" if i else "timeout") for i in range(60)), head
    )
    assert any(
        "1 item with an error and a score, which counts" in remark
        for remark in eh.compare(base, scored).comparison.remarks
    )


def test_less_of_a_loss_is_better_and_which_way_is_better_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for arm, shift in (("base", 0.0), ("new", 0.5)):
        rows = " ".join(f"q{i},{a!r},{b!r}" for i, (a, b) in enumerate((rng.random((200, 2)) - shift).tolist()))
        table(tmp_path / f"{arm}.csv", rows, "id,eval_loss,quality")
    files = [tmp_path / "base.csv", tmp_path / "new.csv"]
    lower = eh.compare(*files, metric="eval_loss", margin=0.1)
    assert (lower.verdicts[0].kind, "Less of 'eval_loss' counts as better." in lower.comparison.remarks) == (
        "gain",
        True,
    )
    higher = eh.compare(*files, metric="quality", margin=0.1)
    assert higher.verdicts[0].kind == "regression"
    assert any(
        remark.startswith("More of 'quality' counts as better; --minimise") for remark in higher.comparison.remarks
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"margin": 0.0}, "--margin 0: expected a finite number greater than 0"),
        ({"margin": float("nan")}, "--margin nan: expected a finite number greater than 0"),
        ({"margin": 2.0}, "--margin 2: as wide as the whole range of 'acc', 1, or wider"),
        ({"alpha": 0.5}, "--alpha 0.5: expected a number above 0 and at most 0.2"),
        ({"metric": ["acc", "acc"]}, "--metric acc: stands twice"),
        ({"task": ["arc", "arc"]}, "--task arc: stands twice"),
        ({"minimise": "nil"}, "--minimise nil: no metric that is compared has this name; there are: acc"),
        ({"rival": "{base}"}, "base: named as the baseline and as a rival; an arm compared with itself says nothing"),
        ({"null": "{base}"}, "base: named as the baseline and as the null arm"),
        ({"name": "[[arm]]"}, "The comparison '[[arm]]' cannot be made: a name begins with"),
    ],
)
def test_what_cannot_be_asked_is_told_in_words_of_the_command_line(two: Path, asked: dict[str, Any], says: str) -> None:
    given = {k: v.format(base=two / "base") if isinstance(v, str) else v for k, v in asked.items()}
    with pytest.raises(EvenhandError) as caught:
        eh.compare(two / "base", two / "new", **given)
    assert says in str(caught.value)
    assert ".toml" not in str(caught.value)


def test_a_margin_is_that_of_what_is_judged_and_what_it_does_not_fit_is_not_shown_beside(tmp_path: Path) -> None:
    for arm, more in (("base", 0.0), ("new", 9.0)):
        rows = " ".join(f"q{i},{i * 3 % 7 * (1 + more / 9) + more},{i % 2}" for i in range(60))
        table(tmp_path / f"{arm}.csv", rows, "id,bleu,human")
    found = eh.compare(tmp_path / "base.csv", tmp_path / "new.csv", margin=2.0)
    assert [(v.metric, v.kind) for v in found.verdicts] == [("bleu", "gain")]
    with pytest.raises(EvenhandError, match="--margin 2: as wide as the whole range of 'human', 1, or wider"):
        eh.compare(tmp_path / "base.csv", tmp_path / "new.csv", margin=2.0, metric=["bleu", "human"])


def test_tasks_whose_names_are_one_in_letters_of_a_claim_stay_two(tmp_path: Path) -> None:
    for arm, share in (("base", 0.5), ("new", 0.8)):
        rows = " ".join(f"q{i},{t},{int(s)}" for t in ("a/b", "a:b", "pooled") for i, s in enumerate(right(share, 1)))
        table(tmp_path / f"{arm}.csv", rows, "id,task,correct")
    found = eh.compare(tmp_path / "base.csv", tmp_path / "new.csv")
    assert [v.condition for v in found.verdicts] == ["a-b", "a-b-2", "pooled", "pooled-2"]


def test_tables_whose_ids_name_other_items_are_told_how_to_say_which_column_does(tmp_path: Path) -> None:
    for arm, first in (("base", 0), ("new", 1000)):
        table(tmp_path / f"{arm}.csv", " ".join(f"{first + i},q{i},{i % 2}" for i in range(60)), "id,key,correct")
    files = [tmp_path / "base.csv", tmp_path / "new.csv"]
    found = eh.compare(*files)
    assert found.verdicts[0].title == "invalid (items)"
    assert any("share 0 of 120 items" in text and "--columns id=NAME" in text for text in found.warnings)
    assert eh.compare(*files, columns={"id": "key"}).verdicts[0].contrasts[0].items == 60


def test_what_is_judged_without_a_margin_is_told_with_what_else_there_is(tmp_path: Path) -> None:
    for arm in ("base", "new"):
        table(tmp_path / f"{arm}.csv", " ".join(f"q{i},{i}.5,{i}.25" for i in range(40)), "id,bleu,loss")
    with pytest.raises(
        DataError, match=r"^Say which difference of 'bleu' matters, with --margin: no file says .* loss"
    ):
        eh.compare(tmp_path / "base.csv", tmp_path / "new.csv")


def test_tasks_that_do_not_have_the_metric_that_is_asked_for_are_left_out_by_name(tmp_path: Path) -> None:
    for arm, share in (("base", 0.5), ("new", 0.8)):
        for task, metric in (("mmlu", "acc"), ("gsm8k", "exact_match")):
            rows = [lm_eval_row(i, s, task=task, metric=metric) for i, s in enumerate(right(share, 1))]
            lm_eval(tmp_path / arm / task, right(share, 1), task=task, rows=rows)
    found = eh.compare(tmp_path / "base", tmp_path / "new", metric="acc")
    assert [v.condition for v in found.verdicts] == ["mmlu"]
    assert "Left out, since not every run of theirs has 'acc': gsm8k." in found.comparison.remarks
    with pytest.raises(DataError, match="Not every run of 'gsm8k' has the metric 'acc'; all have: exact_match"):
        eh.compare(tmp_path / "base", tmp_path / "new", metric="acc", task=["mmlu", "gsm8k"])


@pytest.mark.slow
def test_what_is_pooled_are_the_tasks_that_are_compared_and_no_others(tmp_path: Path) -> None:
    for arm, share in (("base", 0.5), ("new", 0.8)):
        for task in ("a", "b", "c", f"only-{arm}"):
            lm_eval(tmp_path / arm / task, right(share, len(task)), task=task)
    found = eh.compare(tmp_path / "base", tmp_path / "new", task=["a", "b"])
    assert {v.condition: v.contrasts[0].items for v in found.verdicts} == {"a": 200, "b": 200, "pooled": 400}
    found = eh.compare(tmp_path / "base", tmp_path / "new")
    assert {v.condition: v.contrasts[0].items for v in found.verdicts}["pooled"] == 600
    saved = tmp_path / "again.toml"
    saved.write_text(found.comparison.text)
    assert eh.load_claim(saved).resolved.hash == found.claim_hash


def test_samples_whose_files_were_renamed_are_one_task_where_they_hold_the_same_items(tmp_path: Path) -> None:
    for arm, share in (("baseline", 0.5), ("prompt2", 0.8)):
        lm_eval(tmp_path / arm, right(share, 1)).rename(tmp_path / f"samples_arc_{arm}.jsonl")
    lm_eval(tmp_path / "x", right(0.5, 1), task="other").rename(tmp_path / "samples_other_task.jsonl")
    found = eh.compare(tmp_path / "samples_arc_baseline.jsonl", tmp_path / "samples_arc_prompt2.jsonl")
    assert (found.verdicts[0].kind, found.verdicts[0].contrasts[0].items) == ("gain", 200)
    assert any("hold the same items, so they are taken for one task" in text for text in found.comparison.remarks)
    saved = tmp_path / "again.toml"
    saved.write_text(found.comparison.text)
    assert eh.load_claim(saved).resolved.hash == found.claim_hash
    with pytest.raises(DataError, match=r"no task in common .* share 0 of 400 items"):
        eh.compare(tmp_path / "samples_arc_baseline.jsonl", tmp_path / "samples_other_task.jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("clustered", [False, True])
def test_models_that_too_few_items_tell_apart_are_told_how_many_would(tmp_path: Path, clustered: bool) -> None:
    rng = np.random.default_rng(6)
    base, new = rng.normal(0, 1, 100), rng.normal(0.1, 1, 100)
    for name, scores in (("base", base), ("new", new)):
        rows = " ".join(f"q{i},{score!r},d{i % 50 if clustered else i}" for i, score in enumerate(scores.tolist()))
        table(tmp_path / f"{name}.csv", rows, "id,quality,cluster" if clustered else "id,quality,note")
    (verdict,) = eh.compare(tmp_path / "base.csv", tmp_path / "new.csv", margin=0.2).verdicts
    differences = new - base
    units = (differences[:50] + differences[50:]) / 2 if clustered else differences
    wanted = max(abs(differences.mean()), 0.2)
    from statsmodels.stats.power import TTestPower

    needed = TTestPower().solve_power(wanted / units.std(ddof=1), alpha=0.05, power=0.8) * 100 / len(units)
    settling = verdict.contrasts[0].judgement.settling
    assert settling is not None
    assert (verdict.kind, settling.unit) == ("inconclusive", "items")
    assert settling.count == pytest.approx(needed, abs=2)
    assert f"{settling.count} items would settle an effect" in verdict.reasons[0]


@pytest.mark.slow
def test_the_sentence_of_the_scope_says_what_was_found_and_for_what_it_holds(tmp_path: Path) -> None:
    seeds(tmp_path, "base", 0.5)
    seeds(tmp_path, "new", 0.8)
    seeds(tmp_path, "alike", 0.52)
    arms = [tmp_path / arm for arm in ("base", "new", "alike")]
    assert eh.compare(*arms[:2]).scope == (
        "recipe scope: these two recipes differ on new training seeds and new items; 4 seeds a side"
    )
    assert "whether these two recipes differ on new training seeds and new items is not settled" in (
        eh.compare(arms[0], arms[2]).scope
    )
    assert eh.compare(*arms[:2], scope="checkpoint").scope.endswith(
        "says nothing of new seeds: the 4 seeds stand for themselves alone"
    )


def scores_of(folder: Path, arm: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    found: Compared = eh.compare(folder / "base", folder / "new")
    trials = [t for t in found.resolved.trials(found.resolved.claim.rungs[0]) if t.arm == arm]
    return found.comparison.outcomes[trials[0].id].items["acc"].scores


@pytest.mark.slow  # importing statsmodels alone takes two seconds
def test_flips_and_p_are_those_of_mcnemar(two: Path) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    contrast = eh.compare(two / "base", two / "new").verdicts[0].contrasts[0]
    base, new = scores_of(two, "base"), scores_of(two, "new")
    table = [[((base == a) & (new == b)).sum() for b in (1, 0)] for a in (1, 0)]
    assert (contrast.gained, contrast.lost) == (table[1][0], table[0][1])
    assert contrast.p_value == pytest.approx(mcnemar(table, exact=True).pvalue, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("clustered", [False, True])
def test_graded_scores_of_two_checkpoints_have_the_errors_of_statsmodels(tmp_path: Path, clustered: bool) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    base, new = rng.normal(0, 1, 400), rng.normal(0.2, 1, 400)
    document = np.sort(rng.integers(0, 80, 400))
    for name, scores in (("base", base), ("new", new)):
        lines = [f"{i},{score!r},d{d}" for i, (score, d) in enumerate(zip(scores.tolist(), document, strict=True))]
        head = "id,quality,cluster" if clustered else "id,quality,note"
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *lines]))
    contrast = eh.compare(tmp_path / "base.csv", tmp_path / "new.csv", margin=0.1).verdicts[0].contrasts[0]
    model = sm.OLS(new - base, np.ones(400))
    options = {"cov_type": "cluster", "cov_kwds": {"groups": document}, "use_t": True} if clustered else {}
    oracle = model.fit(**options)
    assert contrast.estimate == pytest.approx(oracle.params[0])
    assert contrast.standard_error == pytest.approx(oracle.bse[0], rel=1e-9)
    assert contrast.p_value == pytest.approx(oracle.pvalues[0], rel=1e-6)
    assert contrast.interval == pytest.approx(oracle.conf_int()[0].tolist(), rel=1e-6)


def test_a_comparison_is_a_claim_that_can_be_saved_and_its_page_tells_what_was_open_to_choice(two: Path) -> None:
    found = eh.compare(two / "base", two / "new", margin=0.02)
    saved = two / "again.toml"
    saved.write_text(found.comparison.text)
    claim = eh.load_claim(saved).resolved
    assert claim.hash == found.claim_hash
    page = comparison_page(found.comparison)
    assert "What could have been chosen after the fact" in page
    assert "Retrospective: the runs existed" in page


@pytest.mark.skipif(not LOGS.is_dir(), reason="needs eval_logs in shared/data")
def test_real_logs_of_two_models_that_share_three_fifths_of_their_items_give_no_verdict() -> None:
    files = [LOGS / f"inspect_arc_{model}.json" for model in ("qwen", "sonnet")]
    found = eh.compare(*files, metric="choice")
    assert found.verdicts[0].title == "invalid (items)"
    assert any("share 3 of 5 items" in warning for warning in found.warnings)
