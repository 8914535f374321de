"""Each reader on small files of known content, and on damaged ones: a sentence with the place, or the right runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import evenhand as eh
from evenhand.errors import DataError
from evenhand.runs import find, mlflow
from evenhand.runs.arms import at_seeds, names_of, seed_in
from evenhand.runs.every_eval_ever import EveryEvalEver
from evenhand.runs.find import named, read_runs, recognised
from evenhand.runs.helm import Helm
from evenhand.runs.inspect_ai import InspectLog
from evenhand.runs.lm_eval import LmEval
from evenhand.runs.run import Certainty, Options, Run
from evenhand.runs.tables import Tables
from evenhand.runs.tracked import project_budgets
from evenhand.runs.trainer_state import TrainerState
from tests.mutations import assert_only_data_errors, json_mutations, mutations
from tests.runs.logs import TIME, inspect_log, lm_eval, lm_eval_row

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "eval_logs"
real = pytest.mark.skipif(not LOGS.is_dir(), reason="needs eval_logs in shared/data")


def only(path: Path, **options: Any) -> Run:
    (run,) = read_runs(str(path), options=Options(**options)).runs
    return run


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def rows(path: Path, entries: list[Any]) -> Path:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def test_every_reader_names_itself_and_says_what_it_reads() -> None:
    assert list(find.readers())[: len(find.BUILT_IN)] == list(find.BUILT_IN)
    for name, reader in find.readers().items():
        assert reader.name == name
        assert reader.about
    with pytest.raises(DataError, match="There is no format 'nonsense'; evenhand reads: lm_eval, "):
        named("nonsense")


OURS = """
from evenhand.runs.run import Certainty, Items, Run, Source
import numpy as np

class Ours:
    name, about = "ours", "what our lab writes"
    def recognises(self, path):
        return Certainty.SURE if path.suffix == ".ours" else Certainty.NO
    def read(self, path, options):
        rows = [line.split() for line in path.read_text().splitlines()]
        scores = {"accuracy": np.array([float(row[1]) for row in rows])}
        return [Run(Source(str(path), "", "ours"), "quiz", items=Items(tuple(row[0] for row in rows), scores))]

READER, NONE = Ours(), 3
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a package on Python's path that registers a reader."""

    def install(attribute: str) -> None:
        (tmp_path / "site" / "ours-1.0.dist-info").mkdir(parents=True)
        (tmp_path / "site" / "lab_ours.py").write_text(OURS)
        about = tmp_path / "site" / "ours-1.0.dist-info"
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[evenhand.readers]\nours = lab_ours:{attribute}\n")
        monkeypatch.syspath_prepend(tmp_path / "site")
        find.readers.cache_clear()

    yield install
    find.readers.cache_clear()


def test_a_reader_that_an_installed_package_registers_is_used(tmp_path: Path, installed: Callable[[str], None]) -> None:
    installed("READER")
    for arm, right in (("base", 0), ("new", 1)):
        (tmp_path / f"{arm}.ours").write_text("".join(f"q{i} {max(right, int(i % 4 == 0))}\n" for i in range(100)))
    found = eh.compare(tmp_path / "base.ours", tmp_path / "new.ours")
    assert found.comparison.arms["new"].formats == ("ours",)
    assert found.verdicts[0].kind == "gain"


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("NONE", "lab_ours:NONE is a int; expected something with name, about"),
        ("MISSING", "lab_ours:MISSING cannot be used: AttributeError: "),
    ],
)
def test_what_is_registered_and_is_no_reader_is_told(
    tmp_path: Path, installed: Callable[[str], None], attribute: str, words: str
) -> None:
    installed(attribute)
    with pytest.raises(DataError, match="The reader 'ours'") as caught:
        find.readers()
    assert words in str(caught.value)


def test_lm_eval_filters_are_metrics_of_their_own_with_answers_of_their_own(tmp_path: Path) -> None:
    made = [
        lm_eval_row(i, float(i % step == 0), metric="exact_match", filter_=name) | {"filtered_resps": [name]}
        for name, step in (("strict-match", 2), ("flexible-extract", 1))
        for i in range(4)
    ]
    run = only(lm_eval(tmp_path, [], rows=made, task="gsm"))
    assert run.items is not None
    assert {name: scores.tolist() for name, scores in run.items.scores.items()} == {
        "exact_match,strict-match": [1, 0, 1, 0],
        "exact_match,flexible-extract": [1, 1, 1, 1],
    }
    assert run.items.outputs["exact_match,strict-match"] == ("strict-match",) * 4


def test_old_rows_without_hashes_and_metric_names_pair_with_new_ones(tmp_path: Path) -> None:
    new = [lm_eval_row(i, 1.0) for i in range(3)]
    old = [
        {k: v for k, v in row.items() if k not in ("metrics", "filter", "doc_hash", "prompt_hash", "target_hash")}
        for row in new
    ]
    rows(tmp_path / "pretrained__x_arc.jsonl", old)
    written(tmp_path / "results.json", {"results": {"arc": {"acc": 1.0}}, "config": {"model_args": "pretrained=x"}})
    then, now = only(tmp_path), only(lm_eval(tmp_path / "new", [1.0] * 3))
    assert (then.task, then.model) == ("arc", "pretrained=x")
    assert then.items is not None
    assert now.items is not None
    assert then.items.contents == now.items.contents
    assert then.items.scores["acc"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", [f"samples_arc_{TIME}.json", f"samples_arc_{TIME}.jsonl", "gpt2_arc.jsonl"])
def test_rows_of_the_harness_that_stand_in_one_list_are_those_of_lines(tmp_path: Path, name: str) -> None:
    lines = lm_eval(tmp_path / "lines", [1.0, 0.0, 1.0])
    entries = [json.loads(line) for line in lines.read_text().splitlines()]
    lm_eval(tmp_path / "list", [1.0, 0.0, 1.0]).unlink()
    if TIME not in name:
        (tmp_path / "list" / f"results_{TIME}.json").rename(tmp_path / "list" / "results.json")
    path = tmp_path / "list" / name
    path.write_text(json.dumps(entries, indent=2))
    of_list, of_lines = only(path.parent), only(lines.parent)
    assert (of_list.task, of_list.model) == (of_lines.task, of_lines.model) == ("arc", "base")
    assert of_list.items is not None
    assert of_lines.items is not None
    assert of_list.items.contents == of_lines.items.contents
    assert of_list.items.scores["acc"].tolist() == [1.0, 0.0, 1.0]
    del entries[1]["doc_id"]
    path.write_text(json.dumps(entries, indent=2))
    second = json.dumps(entries[:1], indent=2).count("\n") + 1  # its line: where the first entry ends is a line above
    with pytest.raises(DataError, match=rf"{name}:{second}: expected a row"):
        only(path)


@pytest.mark.parametrize("name", ["results.json", "70m_step143000.json", "pythia-70m.json"])
def test_results_of_the_harness_are_known_whatever_their_file_is_called(tmp_path: Path, name: str) -> None:
    """Its older versions wrote to the path that they were given."""
    tasks = {f"task-{i}": {"acc": 0.25, "acc_stderr": 0.01, "acc_norm": 0.5} for i in range(200)}
    document = {"results": tasks, "versions": dict.fromkeys(tasks, 0), "config": {"model": "hf", "limit": None}}
    runs = read_runs(str(written(tmp_path / name, document))).runs
    assert len(runs) == 200
    assert (runs[0].source.format, runs[0].metrics) == ("lm_eval", {"acc": 0.25, "acc_norm": 0.5})


@pytest.mark.parametrize("document", [{"results": [1, 2]}, {"results": {"a": 1}, "notes": "versions"}, ["results"]])
def test_other_json_that_has_results_is_no_log_of_the_harness(tmp_path: Path, document: Any) -> None:
    assert recognised(written(tmp_path / "mine.json", document))[1] is None


def test_results_whose_samples_were_not_logged_are_numbers(tmp_path: Path) -> None:
    lm_eval(tmp_path, [1.0, 0.0]).unlink()
    run = only(tmp_path)
    assert (run.task, run.items, run.metrics) == ("arc", None, {"acc": 0.5})


@pytest.mark.parametrize(
    ("values", "epochs", "scores"),
    [
        (["C", "I", "P", "N"], 1, [1, 0, 0.5, 0]),
        ([1, 0.25, True, "0.5"], 1, [1, 0.25, 1, 0.5]),
        (["C", "I", "I", "I"], 2, [0.5, 0]),
        (["C", None, "C", "C"], 1, [1, np.nan, 1, 1]),
    ],
)
def test_inspect_letters_and_epochs_are_what_its_reducers_make_of_them(
    tmp_path: Path, values: list[Any], epochs: int, scores: list[float]
) -> None:
    run = only(written(tmp_path / "log.json", inspect_log(values, epochs=epochs)))
    assert run.items is not None
    np.testing.assert_equal(run.items.scores["match"], np.asarray(scores, dtype=float))


def test_numbers_alone_and_samples_that_nobody_scored_are_told_with_their_cure(tmp_path: Path) -> None:
    log = inspect_log(["C", "I"])
    log["results"]["scores"] = [{"name": "match", "metrics": {"accuracy": {"value": 0.5}}}]
    header = only(written(tmp_path / "header.json", log | {"samples": []}))
    assert "log them (--log-samples)" in header.remarks[0]
    log["results"]["scores"] = []
    for sample in log["samples"]:
        sample["scores"] = {}
    written(tmp_path / "unscored.json", log)
    with pytest.raises(DataError, match=r"no sample was scored; score them with `inspect score unscored.json`"):
        eh.compare(tmp_path / "unscored.json", tmp_path / "header.json")
    results = {"results": {"arc": {"acc,none": 0.5}}, "versions": {"arc": 1}}
    assert "evaluate with --log_samples" in only(written(tmp_path / "results.json", results)).remarks[0]


def test_an_inspect_log_that_did_not_end_well_is_in_doubt_and_so_are_samples_with_an_error(tmp_path: Path) -> None:
    assert (
        "has the status 'error'"
        in only(written(tmp_path / "a.json", inspect_log(["C"], status="error"))).doubts["partial"]
    )
    log = inspect_log(["C", "C"])
    log["samples"][1] |= {"error": {"message": "time out"}, "scores": None}
    run = only(written(tmp_path / "a.json", log))
    assert "1 sample that ended in an error (2: time out)" in run.doubts["errors"]


HELM = [
    {"instance_id": f"id{i}", "train_trial_index": trial, "stats": [
        {"name": {"name": "exact_match", "split": "test"}, "count": 1, "mean": float(i == trial)},
        {"name": {"name": "num_references", "split": "test"}, "count": 1, "mean": 4.0},
        {"name": {"name": "quasi", "split": "test"}, "count": 0},
    ]}
    for i in range(3) for trial in range(2)
]  # fmt: skip


def test_helm_averages_draws_of_the_examples_and_leaves_costs_aside(tmp_path: Path) -> None:
    written(tmp_path / "run_spec.json", {
        "name": "mmlu:subject=x,model=openai_gpt2", "scenario_spec": {"class_name": "M"},
        "adapter_spec": {"model": "openai/gpt2", "method": "joint"},
    })  # fmt: skip
    run = only(written(tmp_path / "per_instance_stats.json", HELM))
    assert (run.task, run.model) == ("mmlu:subject=x", "openai/gpt2")
    assert run.items is not None
    assert {name: s.tolist() for name, s in run.items.scores.items()} == {"exact_match": [0.5, 0.5, 0.0]}


def test_helm_knows_what_was_asked_and_answered_from_its_states(tmp_path: Path) -> None:
    states = [
        {
            "instance": {
                "id": "a", "input": {"text": text}, "perturbation": kind,
                "references": [{"output": {"text": "4"}, "tags": ["correct"]}, {"output": {"text": "5"}, "tags": []}],
            },
            "request": {"prompt": f"{trial}: {text}"}, "result": {"completions": [{"text": f" {trial}"}]},
            "train_trial_index": trial, "request_mode": mode,
        }
        for text, kind in (("two and two?", None), ("TWO AND TWO?", {"name": "upper"}))
        for trial, mode in ((0, "original"), (1, None), (1, "calibration"))
    ]  # fmt: skip
    written(tmp_path / "scenario_state.json", {"request_states": states})
    stats = [{"name": {"name": "exact_match"}, "count": 1, "mean": 1.0}]
    found = [
        {"instance_id": "a", "train_trial_index": t, "stats": stats} | ({"perturbation": p} if p else {})
        for p in (None, {"name": "upper"})
        for t in (0, 1)
    ]
    items = only(written(tmp_path / "per_instance_stats.json", found)).items
    assert items is not None
    assert (items.inputs, items.expected) == (("two and two?", "TWO AND TWO?"), ("4", "4"))
    assert items.outputs["exact_match"] == (" 0\n 1", " 0\n 1")
    assert items.prompts is not None
    assert len(set(items.prompts)) == len(set(items.contents or ())) == 2


def eee_row(number: int, score: float, **more: Any) -> dict[str, Any]:
    return {
        "schema_version": "0.2.1", "evaluation_id": "e", "model_id": "m", "evaluation_name": "GSM8K",
        "sample_id": f"s{number}",
        "interaction_type": "single_turn", "input": {"raw": f"q{number}", "reference": ["4"]}, "output": {"raw": ["4"]},
        "answer_attribution": [], "evaluation": {"score": score, "is_correct": score > 0.5},
    } | more  # fmt: skip


def test_every_eval_ever_gives_one_run_for_each_model_and_evaluation(tmp_path: Path) -> None:
    path = rows(tmp_path / "x.jsonl", [eee_row(0, 0.2), eee_row(1, 0.9), eee_row(0, 1.0, model_id="n")])
    first, second = read_runs(str(path)).runs
    assert (first.task, first.model, second.model) == ("GSM8K", "m", "n")
    assert first.items is not None
    assert first.items.scores["score"].tolist() == [0.2, 0.9]
    assert first.items.scores["is_correct"].tolist() == [0, 1]
    assert read_runs(f"{path}#n").runs[0].model == "n"


CSV = "qid,question,correct,doc\nq1,two?,true,d1\nq2,three?,false,d1\nq3,four?,1,d2\n"


def test_columns_are_taken_for_what_they_are_called_or_what_the_user_says(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    usual, said = only(tmp_path / "t.csv"), only(tmp_path / "t.csv", columns={"accuracy": "correct", "cluster": "doc"})
    assert usual.items is not None
    assert said.items is not None
    assert (usual.items.ids, usual.items.clusters) == (("q1", "q2", "q3"), None)
    assert usual.items.scores["correct"].tolist() == said.items.scores["accuracy"].tolist() == [1, 0, 1]
    assert said.items.clusters == ("d1", "d1", "d2")


def test_words_for_right_and_wrong_are_scores_where_the_user_says_that_the_column_is_one(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,kimi,qwen\na,pass,FAIL\nb,fail,pass\nc,Passed,failed\n")
    with pytest.raises(DataError, match="no column holds scores"):
        only(tmp_path / "t.csv")
    items = only(tmp_path / "t.csv", columns={"solved": "kimi"}).items
    assert items is not None
    assert items.scores["solved"].tolist() == [1, 0, 1]
    (tmp_path / "t.csv").write_text("id,kimi\na,pass\nb,\nc,maybe\n")
    with pytest.raises(DataError, match=r"t.csv:3: the score 'solved' is ''.*t.csv:4: the score 'solved' is 'maybe'"):
        only(tmp_path / "t.csv", columns={"solved": "kimi"})


def test_a_model_that_is_picked_of_a_table_may_be_a_column_of_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("task_id,kimi,qwen\na,pass,fail\nb,fail,fail\nc,pass,pass\n")
    options = Options({"id": "task_id"})
    means = [read_runs(f"{tmp_path}/t.csv#{name}", options=options).runs[0] for name in ("kimi", "qwen")]
    assert [(run.model, float(run.items.scores["score"].sum())) for run in means if run.items] == [
        ("kimi", 2.0),
        ("qwen", 1.0),
    ]
    found = eh.compare(f"{tmp_path}/t.csv#kimi", f"{tmp_path}/t.csv#qwen", columns={"id": "task_id"})
    assert [found.verdicts[0].arm, found.verdicts[0].contrasts[0].items] == ["qwen", 3]
    with pytest.raises(DataError, match="no column holds scores"):
        read_runs(f"{tmp_path}/t.csv#other", options=options)


def test_what_is_called_as_scores_are_stands_before_other_numbers_and_costs_come_last(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "id,schema_version,cost_usd,cue_index,margin,cue_recall,is_correct\na,2,3,5,.1,.5,1\n"
    )
    items = only(tmp_path / "t.csv").items
    assert items is not None
    assert list(items.scores) == ["is_correct", "cue_recall", "margin", "schema_version", "cost_usd", "cue_index"]


def test_a_json_list_is_a_table_where_its_entries_name_items_or_the_user_says_what_does(tmp_path: Path) -> None:
    usual = [{"id": f"q{i}", "score": i / 4} for i in range(4)]
    run = only(written(tmp_path / "usual.json", usual))
    assert (run.source.format, run.items and run.items.ids) == ("tables", ("q0", "q1", "q2", "q3"))
    own = written(tmp_path / "own.json", [{"instruction": f"q{i}", "preference": i / 4} for i in range(4)])
    with pytest.raises(DataError, match="in no format that evenhand reads"):
        only(own)
    named_ = only(own, columns={"id": "instruction", "win": "preference"})
    assert named_.items is not None
    assert named_.items.scores["win"].tolist() == [0.0, 0.25, 0.5, 0.75]
    own.write_text('[\n {"instruction": "q0", "preference": 1},\n {"instruction": "q0", "preference": 0}\n]')
    with pytest.raises(DataError, match=r"own\.json:3: the item 'q0' stands twice"):
        only(own, columns={"id": "instruction", "win": "preference"})


def test_right_and_wrong_is_a_share_however_often_an_item_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,epoch,correct,length\na,0,1,2\na,1,0,4\nb,0,1,1\nb,1,1,3\n")
    about = only(path).about
    assert (about["correct"].floor, about["correct"].ceiling) == (0.0, 1.0)
    assert about["length"].ceiling is None
    draws = [{**entry, "stats": [{**entry["stats"][0], "name": {"name": "own"}}]} for entry in HELM]
    assert only(written(tmp_path / "per_instance_stats.json", draws)).about["own"].ceiling == 1.0


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_a_table_says_the_same_in_every_format(tmp_path: Path, ending: str) -> None:
    (tmp_path / "t.csv").write_text("id,score\na,1\nb,0.5\n")
    path = tmp_path / f"t.{ending}"
    if ending == "tsv":
        path.write_text("id\tscore\na\t1\nb\t0.5\n")
    elif ending == "jsonl":
        path.write_text('{"id": "a", "score": 1}\n{"id": "b", "score": 0.5}\n')
    else:
        pq.write_table(pa.table({"id": ["a", "b"], "score": [1.0, 0.5]}), path)
    one, other = only(tmp_path / "t.csv").items, only(path).items
    assert one is not None
    assert other is not None
    assert (one.ids, one.scores["score"].tolist()) == (other.ids, other.scores["score"].tolist())


def test_seeds_models_and_decodes_of_one_table_are_told_apart(tmp_path: Path) -> None:
    lines = ["id,model,seed,epoch,score"]
    lines += [f"q{i},{m},{s},{e},{float(e)}" for i in range(2) for m in "ab" for s in (0, 1) for e in (0, 1)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    runs = read_runs(str(tmp_path / "t.csv")).runs
    assert sorted((run.model, run.training_seed) for run in runs) == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert all(run.items is not None and run.items.scores["score"].tolist() == [0.5, 0.5] for run in runs)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "t.csv:1: no column names the items"),
        ("id,score\na,1\na,0\n", "t.csv:3: the item 'a' stands twice; where these are repeated decodes"),
        ("id,score\na,1\nb,x\nc,1\n", "t.csv:3: the score 'score' is 'x', which is no number"),
        ("id,score\na,1\n,0\n", "t.csv:3: the item has no id"),
        ("id,score,seed\na,1,-1\n", "t.csv:2: the seed is '-1'"),
        ("id,id,score\na,a,1\n", "t.csv:1: the column 'id' stands twice"),
        ("id,score\na\n", "t.csv:2: the row has 1 field, the header 2"),
        ("id,score\n", "the table has no rows"),
        ("id,name\na,b\n", "no column holds scores"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_runs(str(tmp_path / "t.csv"))
    assert says in str(caught.value)


def test_what_training_cost_is_read_and_its_peak_is_no_score(tmp_path: Path) -> None:
    state = {"global_step": 500, "num_input_tokens_seen": 10_000, "best_metric": 0.99,
             "log_history": [{"step": 100, "eval_accuracy": 0.99},
                             {"step": 500, "eval_accuracy": 0.8, "eval_runtime": 3}]}  # fmt: skip
    for place in ("checkpoint-100", "checkpoint-500"):
        (tmp_path / place).mkdir()
        written(tmp_path / place / "trainer_state.json", state | {"global_step": int(place.rpartition("-")[2])})
    run = only(tmp_path)
    assert {unit: one.amount for unit, one in run.budget.items()} == {"steps": 500, "tokens": 10_000}
    assert run.metrics == {"eval_accuracy": 0.8}
    assert "is a peak over evaluations" in run.remarks[0]


def test_a_checkpoint_that_is_named_counts_whatever_lies_beside_it(tmp_path: Path) -> None:
    for step in (100, 500):
        place = tmp_path / f"checkpoint-{step}" / "trainer_state.json"
        place.parent.mkdir()
        written(place, {"global_step": step, "log_history": [{"step": step, "eval_accuracy": step / 1000}]})
    assert [only(tmp_path / f"checkpoint-{step}").metrics["eval_accuracy"] for step in (100, 500)] == [0.1, 0.5]
    assert only(tmp_path / "checkpoint-100" / "trainer_state.json").budget["steps"].amount == 100
    assert only(tmp_path).budget["steps"].amount == 500


def test_names_of_costs_stand_once_for_a_project(tmp_path: Path) -> None:
    assert project_budgets(tmp_path) == {}
    (tmp_path / "evenhand.toml").write_text('[runs.budgets]\ntokens = "n_tok"\n')
    assert project_budgets(tmp_path) == {"tokens": "n_tok"}
    (tmp_path / "evenhand.toml").write_text("[runs.budgets]\ntokens = 3\n")
    with pytest.raises(DataError, match="as text"):
        project_budgets(tmp_path)


@pytest.mark.parametrize(
    ("path", "seed"),
    [("a/seed3/x.jsonl", 3), ("a_seed-12.csv", 12), ("runs/seed1/seed_2", 2), ("a/reseed3", None), ("x", None)],
)
def test_a_path_tells_the_training_seed(path: str, seed: int | None) -> None:
    assert seed_in(path) == seed


def test_a_pattern_finds_its_seeds(tmp_path: Path) -> None:
    for name in ("s1", "s02", "s1b", "t3"):
        (tmp_path / name).mkdir()
    assert list(at_seeds("s{seed}", tmp_path)) == [1, 2]


@pytest.mark.parametrize(
    ("named_", "names"),
    [
        (["runs/base/samples.jsonl", "runs/new/samples.jsonl"], ["base", "new"]),
        (["a.csv", "b.csv"], ["a", "b"]),
        (["old=x/a.csv", "y/a.csv"], ["old", "y"]),
        (["x/s{seed}", "y/s{seed}"], ["x", "y"]),
        (["x/all.csv#gpt-4.1", "x/all.csv#o1/mini"], ["gpt-4.1", "o1-mini"]),
        (["x/all.csv#0.9", "y/all.csv#0.5"], ["0.9", "0.5"]),
        (["x/all.csv#m", "y/all.csv#m"], ["x", "y"]),
        (["runs/Qwen2.5-7B", "runs/Qwen2.5-1.5B"], ["Qwen2.5-7B", "Qwen2.5-1.5B"]),
        (["x/v1.0.jsonl", "x/v1.1.jsonl"], ["v1.0", "v1.1"]),
        (["mlflow:sqlite:///a.db?run=1", "mlflow:sqlite:///a.db?run=2"], ["a.db-run-1", "a.db-run-2"]),
    ],
)
def test_arms_are_called_by_where_their_paths_differ(named_: list[str], names: list[str]) -> None:
    found = names_of(named_)
    assert len(set(found)) == len(found)
    if "mlflow" not in named_[0]:
        assert found == names


def test_a_query_says_what_it_does_not_know() -> None:
    assert mlflow.parsed("sqlite:///x.db?experiment=a%20b&run=1") == (
        "sqlite:///x.db",
        {"experiment": "a b", "run": "1"},
    )
    with pytest.raises(DataError, match="there is no key 'runs'; a query knows experiment, filter, run, table"):
        mlflow.parsed("?runs=1")


def sound_parquet(path: Path) -> bytes:
    pq.write_table(pa.table({"id": ["a", "b", "c"], "score": [1.0, 0.5, 0.0]}), path)
    return path.read_bytes()


JSON_LINES = "".join(json.dumps(lm_eval_row(i, float(i % 2))) + "\n" for i in range(4)).encode()
STATE = {
    "global_step": 10,
    "num_input_tokens_seen": 5,
    "log_history": [{"step": 10, "eval_loss": 1.0}],
    "best_metric": 1.0,
}
EEE_LINES = "".join(json.dumps(eee_row(i, 0.5)) + "\n" for i in range(3)).encode()


@pytest.mark.parametrize(
    ("reader", "sound", "name"),
    [
        (LmEval(), JSON_LINES, f"samples_arc_{TIME}.jsonl"),
        (InspectLog(), json.dumps(inspect_log(["C", "I"])).encode(), "log.json"),
        (Helm(), json.dumps(HELM[:3]).encode(), "per_instance_stats.json"),
        (EveryEvalEver(), EEE_LINES, "x.jsonl"),
        (TrainerState(), json.dumps(STATE).encode(), "trainer_state.json"),
        (Tables(), CSV.encode(), "t.csv"),
        (Tables(), b'{"id": "a", "score": 1}\n{"id": "b", "score": 0.5}\n', "t.jsonl"),
        (Tables(), b'[{"id": "a", "score": 1},\n {"id": "b", "score": 0.5}]', "t.json"),
        (LmEval(), b"[" + b",".join(JSON_LINES.splitlines()) + b"]", f"samples_arc_{TIME}.json"),
    ],
    ids=["lm_eval", "inspect", "helm", "every_eval_ever", "trainer_state", "csv", "jsonl", "list", "lm_eval list"],
)
@pytest.mark.slow  # five hundred files of each
def test_damage_of_any_kind_is_one_sentence(tmp_path: Path, reader: Any, sound: bytes, name: str) -> None:
    def read(path: Path) -> None:
        reader.recognises(path)
        reader.read(path, Options())

    refused, accepted = assert_only_data_errors(read, mutations(sound), tmp_path / name)
    assert refused > 50
    assert accepted > 0
    if name.endswith(".json"):
        assert_only_data_errors(read, json_mutations(json.loads(sound)), tmp_path / name)
    if name.endswith(".jsonl"):
        line = json.loads(sound.split(b"\n")[0])
        assert_only_data_errors(read, json_mutations(line), tmp_path / name)


def helm_states() -> dict[str, Any]:
    references = [{"output": {"text": "4"}, "tags": ["correct"]}, {"output": {"text": "5"}, "tags": []}]
    return {
        "request_states": [
            {
                "instance": {"id": f"id{i}", "input": {"text": f"question {i}"}, "references": references},
                "request": {"prompt": f"{trial}: question {i}"}, "result": {"completions": [{"text": " 4"}]},
                "train_trial_index": trial, "request_mode": "original",
            }
            for i in range(3) for trial in range(2)
        ]
    }  # fmt: skip


HELM_SPEC = {
    "name": "mmlu:subject=x,model=openai_gpt2", "scenario_spec": {"class_name": "M"},
    "adapter_spec": {"model": "openai/gpt2", "method": "joint", "temperature": 0.0},
    "metric_specs": [{"class_name": "B", "args": {"names": ["exact_match"]}}],
}  # fmt: skip
HELM_INSTANCES = [state["instance"] for state in helm_states()["request_states"][::2]]


def beside_of(folder: Path, kind: str) -> tuple[Any, Path, Path]:
    """A reader, a sound file of it, and the file beside it that is damaged."""
    if kind == "lm_eval results":
        lm_eval(folder, [1.0, 0.0, 1.0])
        return LmEval(), next(folder.glob("samples_*")), next(folder.glob("results_*"))
    stats = written(folder / "per_instance_stats.json", HELM)
    written(folder / "run_spec.json", HELM_SPEC)
    document = {"scenario_state": helm_states(), "run_spec": HELM_SPEC, "instances": HELM_INSTANCES}[kind]
    return Helm(), stats, written(folder / f"{kind}.json", document)


@pytest.mark.parametrize("kind", ["scenario_state", "run_spec", "instances", "lm_eval results"])
@pytest.mark.slow  # five hundred files of each
def test_damage_to_a_file_beside_the_scores_is_one_sentence(tmp_path: Path, kind: str) -> None:
    reader, scores, beside = beside_of(tmp_path, kind)
    sound = beside.read_bytes()
    assert reader.read(scores, Options())

    def read(_: Path) -> None:
        reader.recognises(scores)
        reader.read(scores, Options())

    refused, accepted = assert_only_data_errors(read, mutations(sound), beside)
    assert refused > 50
    assert accepted > 0
    assert_only_data_errors(read, json_mutations(json.loads(sound)), beside)


@pytest.mark.slow
def test_damaged_parquet_is_one_sentence(tmp_path: Path) -> None:
    sound = sound_parquet(tmp_path / "s.parquet")
    assert_only_data_errors(lambda path: Tables().read(path, Options()), mutations(sound), tmp_path / "t.parquet")


@real
@pytest.mark.parametrize(
    ("file", "format_", "task", "items"),
    [
        ("lm_eval_samples_math_perturbed_full_2026-01-21T03-44-18.458309.jsonl", "lm_eval", "math_perturbed_full", 10),
        ("inspect_arc_qwen.json", "inspect_ai", "inspect_evals/arc_easy", 3),
        ("inspect_arc_sonnet.json", "inspect_ai", "inspect_evals/arc_easy", 5),
        ("helm_per_instance_stats.json", "helm", "mmlu:subject=philosophy,method=multiple_choice_joint", 10),
    ],
)
def test_real_files_are_recognised_and_read(file: str, format_: str, task: str, items: int) -> None:
    run = only(LOGS / file)
    assert (run.source.format, run.task) == (format_, task)
    assert run.items is not None
    assert len(run.items.ids) == items
    assert find.recognised(LOGS / file)[0] is Certainty.SURE
    reported = [value for name, value in run.metrics.items() if name.endswith("/accuracy")]
    assert not reported or reported[0] == pytest.approx(run.items.scores["choice"].mean())


@real
def test_a_real_file_that_was_cut_is_in_doubt() -> None:
    run = only(next(LOGS.glob("lm_eval_samples*")))
    assert "holds 10 documents, and its results say that 5,000 were scored" in run.doubts["partial"]
    assert (run.evaluation_seeds["numpy_seed"], run.training_seed) == (1234, None)
