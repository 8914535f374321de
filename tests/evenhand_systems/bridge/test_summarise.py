"""Summaries of answered items: this form and the older log's, broken lines, comparisons, the command."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evenhand.errors import DataError
from evenhand_systems.bridge.cli import app
from evenhand_systems.bridge.evaluation.summarise import read_groups, render, summarise


def write(path, rows) -> None:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


def row(number: int, answer: str | None, gold: str = "", control: str = "matched", target: str | None = "0") -> dict:
    return {
        "id": f"i{number}", "question": "q", "gold": gold or str(number), "control": control,
        "bridged_strict": answer, "bridged_output": f"#### {answer}", "target_strict": target,
    }  # fmt: skip


@pytest.fixture
def both(tmp_path):
    """20 items: matched has the even ones right, shuffled the first four."""
    matched = [row(i, str(i) if i % 2 == 0 else None, target=str(i) if i < 5 else "0") for i in range(1, 21)]
    shuffled = [row(i, str(i) if i <= 4 else "99", control="shuffled") for i in range(1, 21)]
    zeros = [row(i, "99", control="zeros") for i in range(1, 21)]
    write(tmp_path / "a.jsonl", matched)
    write(tmp_path / "b.jsonl", [*shuffled, *zeros])
    return tmp_path


def test_counts_invalid_answers_and_gold_matches(both) -> None:
    found = summarise([*read_groups(both / "a.jsonl"), *read_groups(both / "b.jsonl")])[0]
    assert (found.count, found.invalid, found.gold_matches, found.target_matches) == (20, 10, 10, 4)
    assert found.source_matches is None
    assert found.frequent[0][1] == 1
    assert found.alarms == ()


def test_matched_answers_are_compared_with_the_best_control_item_by_item(both) -> None:
    found = summarise([*read_groups(both / "a.jsonl"), *read_groups(both / "b.jsonl")])[0]
    assert found.against_best_control.against == "shuffled"
    result = found.against_best_control.result
    assert (result.gained, result.lost, result.items) == (8, 2, 20)
    assert result.p == pytest.approx(0.109375)
    assert (found.against_text.result.gained, found.against_text.result.lost) == (8, 2)


def test_a_control_is_not_compared_with_itself(both) -> None:
    for found in summarise(read_groups(both / "b.jsonl")):
        assert found.against_best_control is None


def test_the_collapsed_run_is_an_alarm_though_no_answer_is_invalid(tmp_path) -> None:
    write(tmp_path / "x.jsonl", [row(i, "10", gold=str(i)) for i in range(1, 201)])
    found = summarise(read_groups(tmp_path / "x.jsonl"))[0]
    assert found.invalid == 0
    assert found.alarms == ("collapse: 200 of 200 answers are '10'",)


def test_the_form_of_the_older_log_is_read(tmp_path) -> None:
    rows = [
        {"question": "a", "gold_extracted": "18", "bridged_extracted": "18", "bridged_full": "… #### 18",
         "source_extracted": "3", "target_extracted": "18"},
        {"question": "b", "gold_extracted": "3", "bridged_extracted": "[invalid]", "bridged_full": "about 3",
         "source_extracted": "[invalid]", "target_extracted": "3"},
        {"question": "c", "gold_text": "so #### 70,000", "bridged_full": "#### 70000\n\nQ: next?\nA: #### 1"},
    ]  # fmt: skip
    write(tmp_path / "old.jsonl", rows)
    found = summarise(read_groups(tmp_path / "old.jsonl"))[0]
    assert (found.gold_matches, found.invalid, found.flexible_matches) == (2, 1, 3)
    assert (found.source_matches, found.target_matches) == (0, 2)


def test_broken_lines_are_named_and_counted_and_the_rest_is_read(tmp_path) -> None:
    write(tmp_path / "x.jsonl", [row(1, "1"), "{torn", "[1]", json.dumps({"id": 3}), row(5, "5"), ""])
    found = summarise(read_groups(tmp_path / "x.jsonl"))[0]
    assert found.count == 2
    assert [fault.place for fault in found.group.broken] == ["x.jsonl:2", "x.jsonl:3", "x.jsonl:4"]
    assert "3 broken lines" in render(found)


def test_a_file_without_a_sound_row_is_an_error(tmp_path) -> None:
    write(tmp_path / "x.jsonl", ["{torn"])
    with pytest.raises(DataError, match="no sound row: 1 of its lines"):
        read_groups(tmp_path / "x.jsonl")


def told(number: int, right: bool, control: str, **more) -> dict:
    return row(number, str(number) if right else "999", control=control) | more


def test_references_and_the_bare_target_are_no_controls(tmp_path) -> None:
    """The target with the text answers everything; nobody has to beat that."""
    rows = [told(i, i <= 10, "matched") for i in range(1, 21)]
    for name in ("no_soft_tokens", "target_text", "source_text", "relay", "source_probe"):
        rows += [told(i, True, name) for i in range(1, 21)]
    rows += [told(i, i <= 3, "zeros") for i in range(1, 21)]
    write(tmp_path / "x.jsonl", rows)
    found = {s.group.control: s for s in summarise(read_groups(tmp_path / "x.jsonl"))}
    assert found["matched"].against_best_control.against == "zeros"
    assert found["relay"].group.kind == "reference"


def test_seeds_are_kept_apart_and_paired_within(tmp_path) -> None:
    rows = []
    for seed, share in ((1, 15), (2, 5)):
        rows += [told(i, i <= share, "matched", seed=seed, kind="bridge") for i in range(1, 21)]
        rows += [told(i, i <= share - 2, "linear", seed=seed, kind="control") for i in range(1, 21)]
    write(tmp_path / "x.jsonl", rows)
    bridges = [s for s in summarise(read_groups(tmp_path / "x.jsonl")) if s.group.kind == "bridge"]
    assert [(s.group.seed, s.count, s.gold_matches) for s in bridges] == [(1, 20, 15), (2, 20, 5)]
    for found in bridges:
        result = found.against_best_control.result
        assert (result.gained, result.lost, result.items) == (2, 0, 20)
    assert "[matched, seed 1]: 20 items" in render(bridges[0])


def test_a_control_that_answered_other_items_is_not_the_best_one(tmp_path) -> None:
    rows = [told(i, i <= 10, "matched") for i in range(1, 21)]
    rows += [told(i, i <= 4, "zeros") for i in range(1, 21)] + [told(i, True, "noise") for i in range(101, 121)]
    write(tmp_path / "x.jsonl", rows)
    assert summarise(read_groups(tmp_path / "x.jsonl"))[0].against_best_control.against == "zeros"


@pytest.mark.parametrize(("more", "words"), [({"kind": "rival"}, "kind must be"), ({"seed": "one"}, "seed must be")])
def test_a_row_of_an_unknown_kind_or_seed_is_a_broken_line(more, words, tmp_path) -> None:
    write(tmp_path / "x.jsonl", [told(1, True, "matched"), told(2, True, "matched") | more])
    found = read_groups(tmp_path / "x.jsonl")[0]
    assert words in str(found.broken[0])


@pytest.mark.parametrize("gold", ["Infinity", "-Infinity", "NaN", '"1e999999999"'])
def test_a_gold_that_is_no_number_to_compare_is_a_broken_line(gold, tmp_path) -> None:
    sound = json.dumps(row(2, "2"))
    write(tmp_path / "x.jsonl", [f'{{"id": "i1", "gold": {gold}, "bridged_strict": "1"}}', sound])
    found = read_groups(tmp_path / "x.jsonl")[0]
    assert len(found.rows) == 1
    assert ("is no number" if gold.isidentifier() or gold[0] == "-" else "no gold answer") in str(found.broken[0])


class TestCommand:
    def test_it_prints_one_block_per_group(self, both) -> None:
        result = CliRunner().invoke(app, ["summarise", str(both)])
        assert result.exit_code == 0
        assert "gold matches 10 (50.0%)" in result.output
        assert "McNemar p = 0.1094" in result.output
        assert result.output.count("items\n") == 3

    @pytest.mark.parametrize("path", ["nowhere.jsonl", "."])
    def test_a_wrong_path_is_one_sentence_and_a_failure(self, path, tmp_path, monkeypatch) -> None:
        monkeypatch.chdir(tmp_path)
        result = CliRunner().invoke(app, ["summarise", path])
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_a_line_separator_in_an_answer_tears_no_row(tmp_path) -> None:
    rows = [{**row(1, "1"), "bridged_output": "one\u2028#### 1"}, row(2, "2")]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    (group,) = read_groups(path)
    assert (len(group.rows), group.broken) == (2, ())


def test_a_bridge_is_compared_with_the_target_without_soft_tokens_and_apart_from_that_with_the_text(tmp_path) -> None:
    """Where the facts are withheld from it, the one is near nothing and the other near everything."""
    matched = [{**row(i, str(i), target=str(i)), "seed": 3} for i in range(1, 11)]
    alone = [{**row(i, "0", control="no_soft_tokens", target=str(i)), "seed": 0} for i in range(1, 11)]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in [*matched, *alone]), encoding="utf-8")
    bridge, _ = summarise(read_groups(path))
    assert bridge.against_alone is not None
    assert (bridge.against_alone.against, bridge.against_alone.result.gained) == ("no_soft_tokens", 10)
    assert bridge.against_text is not None
    assert bridge.against_text.result.gained == bridge.against_text.result.lost == 0
    text = render(bridge)
    assert "target with the text 10 (100.0%)" in text
    assert "against no_soft_tokens: +1.000" in text
