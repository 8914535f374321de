"""Generated in-place tasks: what is asked, what is the answer, what can be known, and how splits are kept apart."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand.recipes.trial import ItemSet
from evenhand_systems.future_seed.tasks.copying import Copying
from evenhand_systems.future_seed.tasks.problems import IGNORED, GeneratedTask, Problems, row_keys
from evenhand_systems.future_seed.tasks.sorting import Sorting


def spelled(source: Copying | Sorting, problems: Problems, row: int = 0) -> tuple[str, str]:
    """The row as text, and the answer in its blanks."""
    tokens, targets = problems.tokens[row], problems.targets[row]
    return (
        "".join(source.symbols[t] for t in tokens),
        "".join(source.symbols[t] for t in targets[targets != IGNORED]),
    )


@pytest.mark.parametrize("name", ["rightcopy", "leftcopy", "rightreverse", "constr"])
def test_a_copying_problem_has_the_stated_form_and_answer(name: str) -> None:
    source = Copying(name, 5)  # type: ignore[arg-type]
    text, answer = spelled(source, source.draw(np.random.default_rng(3), 4))
    left, gap, right = (part.split("=")[1] for part in text.split("|"))
    assert text.startswith("L=")
    assert "|M=#####|R=" in text
    assert gap == "#####"
    expected = {
        "rightcopy": right,
        "leftcopy": left,
        "rightreverse": right[::-1],
        "constr": left[-1] + (right * 3)[:4],
    }
    assert answer == expected[name]


@pytest.mark.parametrize(
    ("name", "accuracy", "exact"),
    [("rightcopy", 0.1, 1e-4), ("rightreverse", 0.1, 1e-4), ("leftcopy", 1.0, 1.0), ("constr", (1 + 0.3) / 4, 1e-2)],
)
def test_the_causal_ceiling_of_copying_is_what_guessing_gives(name: str, accuracy: float, exact: float) -> None:
    source = Copying(name, 4)  # type: ignore[arg-type]
    whole, causal = source.ceilings(source.draw(np.random.default_rng(0), 2))
    assert (whole.accuracy, whole.exact_match) == (1.0, 1.0)
    assert causal.accuracy == pytest.approx(accuracy)
    assert causal.exact_match == pytest.approx(exact)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", ["kvsort", "permfill"])
def test_a_sorting_problem_is_answered_in_the_order_that_it_states(name: str, side: str) -> None:
    source = Sorting(name, 5, (3, 3), 3, "given", side)  # type: ignore[arg-type]
    problems = source.draw(np.random.default_rng(1), 20, evaluation=True)
    for row in range(20):
        text, answer = spelled(source, problems, row)
        gap, context = text.split("|") if side == "right" else reversed(text.split("|"))
        order, listed = context.removeprefix("R=O=").split(";")
        assert gap == "M=" + "#" * len(answer)
        step = 2 if name == "kvsort" else 1
        entries = [listed[i : i + step] for i in range(0, len(listed), step)]
        assert answer == "".join(sorted(entries, key=lambda entry: order.index(entry[0])))


@pytest.mark.parametrize("order", ["given", "alphabet"])
def test_the_guessing_ceiling_of_sorting_equals_that_of_enumeration(order: str) -> None:
    source = Sorting("permfill", 4, (2, 2), 2, order)  # type: ignore[arg-type]
    causal = source.ceilings(source.draw(np.random.default_rng(0), 2, evaluation=True))[1]
    sequences = (
        list(itertools.permutations(range(4), 2)) if order == "given" else list(itertools.combinations(range(4), 2))
    )
    per_place = [Counter(s[k] for s in sequences).most_common(1)[0][1] / len(sequences) for k in range(2)]
    assert causal.accuracy == pytest.approx(np.mean(per_place))
    assert causal.exact_match == pytest.approx(1 / len(sequences))


def test_training_lists_vary_in_size_from_batch_to_batch_and_evaluation_lists_do_not() -> None:
    source = Sorting("permfill", 8, (2, 6), 7)
    rng = np.random.default_rng(0)
    sizes = {(source.draw(rng, 2, evaluation=False).targets[0] != IGNORED).sum() for _ in range(40)}
    assert sizes == {2, 3, 4, 5, 6}
    assert (source.draw(rng, 2, evaluation=True).targets[0] != IGNORED).sum() == 7


def test_no_content_of_the_evaluation_is_ever_drawn_for_training() -> None:
    task = GeneratedTask(Copying("leftcopy", 2), pool=300)  # 10^4 contents: chance would repeat hundreds of them
    items = task.evaluation(ItemSet("rung", 0, 300, seed=5))
    rng = np.random.default_rng(0)
    seen = np.concatenate([task.training(rng, 64).keys for _ in range(200)])
    assert len(np.unique(seen)) > 5000
    assert not np.isin(items.problems.keys, seen).any()


def test_evaluation_items_are_distinct_and_depend_on_the_item_seed_alone() -> None:
    task = GeneratedTask(Copying("rightcopy", 8), pool=128)
    first, second = (task.evaluation(ItemSet("rung", 0, 100, seed=5)) for _ in range(2))
    other = task.evaluation(ItemSet("rung", 0, 100, seed=6))
    assert len(set(first.ids)) == 100
    assert first.ids == second.ids
    np.testing.assert_array_equal(first.problems.tokens, second.problems.tokens)
    assert set(first.ids) != set(other.ids)


def test_item_sets_of_two_rungs_share_no_problem() -> None:
    task = GeneratedTask(Copying("rightcopy", 8), pool=128)
    screen = task.evaluation(ItemSet("screen", 0, 60, seed=5))
    confirm = task.evaluation(ItemSet("confirm", 60, 60, seed=5))
    assert not set(screen.ids) & set(confirm.ids)


def test_too_few_different_problems_are_counted_in_the_error() -> None:
    task = GeneratedTask(Copying("constr", 2), pool=700)  # 10^4 contents, a sixteenth of them for evaluation
    with pytest.raises(DataError, match=r"needs 700 distinct problems, only \d+ were found; lower evaluation.pool"):
        task.evaluation(ItemSet("rung"))


def test_equal_rows_have_equal_keys_and_a_moved_symbol_changes_them() -> None:
    rows = np.asarray([[1, 2, 3], [1, 2, 3], [2, 1, 3], [1, 3, 2]])
    keys = row_keys(rows)
    assert keys[0] == keys[1]
    assert len(set(keys.tolist())) == 3
