"""What would settle a headline: each claim that an audit writes can be planned as it stands."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand import load_claim, plan
from evenhand.audit.check import audit, sentence
from evenhand.audit.output.claim_files import write_claims
from evenhand.audit.output.headlines import headlines_of
from evenhand.audit.output.metrics import metric_of
from evenhand.audit.output.spent import spent_of
from evenhand.audit.reading.opened import open_logs
from evenhand.errors import ClaimError
from evenhand.statistics import smallest_detectable_effect
from tests.audit.rules.test_rules import CASES
from tests.audit.test_seeds import FOLDER

GAP = '"? the log names no metric: write its name here and in settings.results"'


def claims_of(paths: list[Path], folder: Path) -> tuple[Path, ...]:
    logs = open_logs(paths)
    findings = audit(logs)
    return write_claims(headlines_of(logs, findings, sentence).headlines, folder)


def planned(path: Path) -> str:
    """The text of a claim that can be planned, a metric that its log does not name filled in."""
    text = path.read_text(encoding="utf-8")
    if GAP in text:
        with pytest.raises(ClaimError, match=re.escape(GAP[1:-1])):
            plan(load_claim(path))
        path.write_text(text.replace(GAP, '"measured"').replace('METRIC = "METRIC"', 'measured = "measured"'))
    plan(load_claim(path))
    return text


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the logs are not at {FOLDER}")
def test_every_claim_of_the_five_logs_can_be_planned(tmp_path: Path) -> None:
    written = claims_of(sorted(FOLDER.glob("*.txt")), tmp_path / "claims")
    assert len(written) >= 20
    for path in written:
        planned(path)


def test_every_claim_of_the_example_logs_can_be_planned(tmp_path: Path) -> None:
    logs = []
    for name, (text, _, _) in CASES.items():
        logs.append(tmp_path / f"{name}.md")
        logs[-1].write_text(text, encoding="utf-8")
    written = claims_of(logs, tmp_path / "claims")
    assert len(written) >= 8
    for path in written:
        planned(path)


def claim_of(tmp_path: Path, text: str) -> dict[str, Any]:
    (tmp_path / "log.md").write_text(text, encoding="utf-8")
    (path,) = claims_of([tmp_path / "log.md"], tmp_path / "claims")
    text = planned(path)
    return tomllib.loads(text) | {"text": text}


SEEDS = "# R\n\n## Run over seeds\n\n- mean {name} = {mean}, std {sd}\n- seed deltas: {values}\n"


def over_seeds(name: str, *values: float) -> str:
    listed = ", ".join(f"{value:+.4f}" for value in values)
    return SEEDS.format(name=name, mean=f"{np.mean(values):+.4f}", sd=f"{np.std(values):.4f}", values=listed)


@pytest.mark.parametrize(
    ("label", "metric"),
    [
        ("mean d_acc", "acc"),
        ("the mean loss from", "loss"),
        ("Mean success rate (16 Q)", "success_rate"),
        ("T-Wix Perplexity Change", "Perplexity"),
        ("pass rate of", "pass_rate"),
        ("MRR@10", "MRR_at_10"),
        ("mean steps", "steps"),
        ("question first, 9000 steps", ""),
        ("at 600M tokens", ""),
        ("steps=9000", ""),
        ("time_budget_sec=80", ""),
        ("pass rate 0.31", "pass_rate"),
        ("Δ ON", ""),
        ("Gate: FAIL. Mean seed delta", ""),
        ("surprise−flat", ""),
        ("loss-aware runs", ""),
        ("Three runs", ""),
        ("val_bpb", "val_bpb"),
    ],
)
def test_a_metric_has_the_name_of_what_is_measured_or_none_of_the_log(label: str, metric: str) -> None:
    assert metric_of(label) == metric


def test_the_seeds_find_the_margin_which_is_what_is_claimed(tmp_path: Path) -> None:
    claim = claim_of(tmp_path, over_seeds("d_acc", 0.0156, 0.0234, 0.0625))
    metric, (rung,) = claim["metric"], claim["rung"]
    assert (metric["name"], metric["margin"], metric["floor"]) == ("acc", 0.0338, 0.0)
    assert smallest_detectable_effect(rung["seeds"], metric["sd"]).effect <= metric["margin"]
    assert smallest_detectable_effect(rung["seeds"] - 1, metric["sd"]).effect > metric["margin"]
    assert rung["items"] >= 128
    assert "the log shows 128" in claim["text"]


def test_a_difference_far_below_the_spread_is_said_to_stay_open(tmp_path: Path) -> None:
    claim = claim_of(tmp_path, over_seeds("d_acc", 0.0501, -0.0489, 0.0003))
    metric, (rung,) = claim["metric"], claim["rung"]
    assert metric["margin"] == metric["sd"] == 0.0495
    assert smallest_detectable_effect(rung["seeds"], metric["sd"]).effect <= metric["margin"]
    assert "to find 0.0005 would take 10,000 seeds or more" in claim["text"]
    assert "`no-effect` would not deny the 0.0005 that is claimed" in claim["text"]


def test_counts_of_one_whole_are_a_share_of_so_many_items(tmp_path: Path) -> None:
    table = "| Metric | Run 2 | Run 3 | Change |\n|---|---|---|---|\n| Traj violations | 87/429 | 80/429 | ✓ -8% |\n"
    claim = claim_of(tmp_path, f"# Results\n\n- It helped: better than before\n\n{table}")
    assert (claim["metric"]["name"], claim["metric"]["direction"]) == ("violations", "minimise")
    assert claim["metric"]["margin"] == pytest.approx(7 / 429, abs=1e-4)
    assert claim["rung"][0]["items"] >= 429


def test_differences_of_counts_over_seeds_are_shares_of_so_many_items(tmp_path: Path) -> None:
    seeds = "".join(
        f"| {n} | {a}/15 | {b}/15 | {b - a:+d} |\n" for n, (a, b) in enumerate([(10, 11), (9, 11), (9, 10)])
    )
    table = f"| Seed | Cold | Warm | Δ |\n|---|---|---|---|\n{seeds}| Mean | 9.33 | 10.67 | +1.33 |\n"
    claim = claim_of(tmp_path, f"# R\n\n{table}")
    assert claim["metric"]["margin"] == pytest.approx(1.33 / 15, abs=1e-4)
    assert claim["metric"]["sd"] == pytest.approx(0.57735 / 15, abs=1e-4)
    assert claim["metric"]["ceiling"] == 1.0
    assert "the log shows 15" in claim["text"]


def test_a_spread_in_per_cent_is_one_of_the_same_unit_as_its_effect(tmp_path: Path) -> None:
    rows = "| 1 | 0.28 | +26.7% |\n| 2 | 0.29 | +27.3% |\n| 3 | 0.28 | +21.4% |\n| Mean | 0.28 | +25.1% |\n"
    claim = claim_of(tmp_path, f"# R\n\n| Run | Standard | Improvement |\n|---|---|---|\n{rows}")
    assert claim["metric"]["margin"] == 0.251
    assert claim["metric"]["sd"] == pytest.approx(0.0325)
    assert "does not name the metric" in claim["text"]
    assert "does not say whether more is better" in claim["text"]


def test_two_arms_of_a_table_over_the_same_seeds_are_a_headline(tmp_path: Path) -> None:
    rows = "| 1 | 61.0% | 64.5% |\n| 2 | 62.0% | 64.0% |\n| 3 | 61.5% | 66.0% |\n"
    claim = claim_of(tmp_path, f"# Sparse\n\n| seed | vanilla accuracy | sparse accuracy |\n|---|---|---|\n{rows}")
    assert (claim["metric"]["name"], claim["metric"]["direction"]) == ("accuracy", "maximise")
    assert claim["metric"]["margin"] == pytest.approx(0.0333, abs=1e-4)
    assert claim["metric"]["sd"] == pytest.approx(0.0126, abs=1e-4)
    assert claim["question"].startswith("Sparse / sparse accuracy less vanilla accuracy: ")


def test_one_headline_in_two_logs_is_one_claim_that_names_both(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(over_seeds("d_acc", 0.0156, 0.0234, 0.0625))
    (path,) = claims_of([tmp_path / "a.md", tmp_path / "b.md"], tmp_path / "claims")
    assert path.name == "a_line5.toml"
    assert "# Source: b.md:5:" in path.read_text()


def test_logs_whose_names_have_no_latin_letters_have_claims_of_their_own(tmp_path: Path) -> None:
    for name, last in (("实验", 0.0625), ("报告", 0.0703)):
        (tmp_path / f"{name}.md").write_text(over_seeds("d_acc", 0.0156, 0.0234, last), encoding="utf-8")
    written = claims_of(sorted(tmp_path.glob("*.md")), tmp_path / "claims")
    assert len({path.name for path in written}) == 2
    for path in written:
        planned(path)


def logs_of(tmp_path: Path, **texts: str) -> dict[str, str]:
    """The claims of logs by the names of their files; names of logs end in ``_`` and their ending."""
    paths = []
    for name, text in texts.items():
        stem, _, ending = name.rpartition("_")
        paths.append(tmp_path / f"{stem}.{ending}")
        paths[-1].write_text(text, encoding="utf-8")
    return {path.name: planned(path) for path in claims_of(paths, tmp_path / "claims")}


BUDGETS = (
    "# Prompts\n\nAll on the QA test split (1200 questions), greedy.\n\n## Start\n\n"
    "The base model has an accuracy of 31.2%.\n\n"
    "## Order\n\n- baseline (examples first), 2000 steps: 41.3%\n- question first, 8000 steps: 44.9% (+3.6pp)\n\n"
    "Conclusion: question first is worth +3.6pp.\n"
)


def test_a_claim_has_the_metric_and_the_budget_of_its_log_and_says_that_budgets_were_unequal(tmp_path: Path) -> None:
    claim = claim_of(tmp_path, BUDGETS)
    assert (claim["metric"]["name"], claim["budget"]["unit"], claim["rung"][0]["budget"]) == ("accuracy", "steps", 8000)
    assert claim["settings"]["results"]["scores"] == {"accuracy": "accuracy"}
    assert "`accuracy` is the one that it measures elsewhere" in claim["text"]
    assert "# Unequal budgets: the variant had 8,000 steps, the baseline 2,000 (4 times)" in claim["text"]
    assert claim["rung"][0]["items"] == 1200


@pytest.mark.parametrize(
    ("start", "name"),
    [
        ("accuracy 0.312", "accuracy"),
        ("accuracy 0.312, F1 0.52", ""),
        ("accuracy 0.312, in mean time and steps", "accuracy"),
        ("success rate 0.31, learning rate 0.1", "success_rate"),
        ("accuracy 0.81, error rate 0.19", "accuracy"),
        ("0.3", ""),
    ],
)
def test_a_metric_that_a_difference_does_not_name_is_the_only_one_of_its_log_or_a_gap(
    tmp_path: Path, start: str, name: str
) -> None:
    text = f"# Study\n\nThe base model: {start}.\n\n" + over_seeds("d", 0.0156, 0.0234, 0.0625)
    claim = claim_of(tmp_path, text)
    assert claim["metric"]["name"] == (name or GAP[1:-1])
    assert ("refuses this file until its name stands in [metric]" in claim["text"]) == (not name)


@pytest.mark.parametrize(
    ("facts", "unit", "amount"),
    [
        ({"kind": "steps"}, "steps", 90), ({"kind": "time"}, "seconds", 90), ({"kind": "epochs"}, "epochs", 90),
        ({"amount_unit": "seconds"}, "seconds", 90), ({"amount_unit": "iters"}, "steps", 90),
        ({"unit": "Train budget (steps)"}, "steps", 90), ({"unit": "train_tokens"}, "tokens", 90),
        ({"unit": "GPU hours"}, "device_hours", 90), ({"unit": "training time (h)"}, "seconds", 324_000),
        ({"unit": "minutes"}, "seconds", 5400), ({"unit": "budget"}, "", 0), ({"kind": "gpus"}, "", 0),
    ],
)  # fmt: skip
def test_a_budget_has_the_unit_of_its_log(facts: dict[str, str], unit: str, amount: float) -> None:
    spent = spent_of({**facts, "amount": 90.0, "base_amount": 30.0})
    assert (spent.unit, spent.amount, spent.base_amount) == (unit, amount, amount / 3) if spent else not unit


def runs(tokens: int = 100, items: int = 400) -> dict[str, str]:
    """Two arms over five seeds, a file each."""
    right = {"control": (240, 251, 236, 244, 247), "curated": (252, 255, 250, 249, 258)}
    return {
        f"{arm}_s{seed}.json": json.dumps(
            {"arm": arm, "seed": seed, "n_test": items, "correct": n, "accuracy": n / items,
             "train_tokens": (tokens if arm == "curated" else 100) * 1_000_000}
        )
        for arm, counts in right.items()
        for seed, n in enumerate(counts)
    }  # fmt: skip


@pytest.mark.parametrize("tokens", [100, 180])
def test_a_claim_of_a_folder_of_runs_has_their_items_and_their_budget(tmp_path: Path, tokens: int) -> None:
    (tmp_path / "runs").mkdir()
    for name, text in runs(tokens).items():
        (tmp_path / "runs" / name).write_text(text)
    (tmp_path / "runs" / "other.json").write_text('{"project": "other", "items": 7}')
    (path,) = claims_of([tmp_path / "runs"], tmp_path / "claims")
    claim, text = tomllib.loads(planned(path)), path.read_text()
    assert claim["rung"][0]["items"] == 400
    assert "all 400 of the test set, which is too small by itself" in text
    assert "Seeds must carry it" in text
    assert (claim["budget"]["unit"], claim["rung"][0]["budget"]) == ("tokens", tokens * 1_000_000)
    assert ("the variant had 180,000,000 tokens, the baseline 100,000,000 (1.8 times)" in text) == (tokens == 180)


def test_where_no_seeds_were_measured_more_seeds_make_up_for_a_small_test_set_or_it_is_said_that_none_do(
    tmp_path: Path,
) -> None:
    small = claim_of(tmp_path, BUDGETS.replace("1200", "320"))
    assert small["rung"][0]["items"] == 320
    assert small["rung"][0]["seeds"] > claim_of_again(tmp_path, BUDGETS)["rung"][0]["seeds"]
    assert f"Seeds must carry it: {small['rung'][0]['seeds']} of them." in small["text"]
    tiny = claim_of_again(tmp_path, BUDGETS.replace("1200", "50"))
    assert tiny["rung"][0]["items"] == 50
    assert "No 60 seeds make up for it" in tiny["text"]


def claim_of_again(tmp_path: Path, text: str) -> dict[str, Any]:
    folder = tmp_path / str(len(text) + sum(map(ord, text)))
    folder.mkdir()
    return claim_of(folder, text)


def test_how_many_items_are_answered_otherwise_is_an_assumption_and_told_as_one(tmp_path: Path) -> None:
    text = claim_of(tmp_path, over_seeds("d_acc", 0.0156, 0.0234, 0.0625))["text"]
    assert "assuming that the other arm answers 10 % of them otherwise, of which the log says nothing" in text


TABLE = "run,arm,seed,steps,val_acc,test_acc,test_loss,perplexity\n"
ARMS = {
    "baseline": (20, (0.711, 0.709, 0.706, 0.718, 0.716)), "wide": (20, (0.712, 0.707, 0.710, 0.719, 0.714)),
    "long": (40, (0.731, 0.727, 0.729, 0.735, 0.738)), "mixed": (20, (0.704, 0.709, 0.701, 0.711, 0.706)),
}  # fmt: skip


def table(comment: str = "") -> str:
    """Arms by seeds with four metrics, of which three follow from the first."""
    rows = [
        f"r{arm}{seed},{arm},{seed},{steps * 1000},{acc + 0.004:.4f},{acc:.4f},{3.6 - acc:.4f},{np.exp(3.6 - acc):.3f}"
        for arm, (steps, values) in ARMS.items()
        for seed, acc in enumerate(values)
    ]
    return comment + TABLE + "\n".join(rows) + "\n"


def test_the_claims_of_a_table_are_of_its_variants_that_differ_in_the_metric_that_counts(tmp_path: Path) -> None:
    claims = {name: tomllib.loads(text) for name, text in logs_of(tmp_path, runs_csv=table()).items()}
    assert {claim["metric"]["name"] for claim in claims.values()} == {"test_acc"}
    assert sorted(claim["question"].split(":")[0] for claim in claims.values()) == [
        "long less baseline",
        "mixed less baseline",
    ]
    (long,) = [claim for claim in claims.values() if claim["question"].startswith("long")]
    assert (long["budget"]["unit"], long["rung"][0]["budget"]) == ("steps", 40_000)


def test_what_has_no_claim_is_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(table())
    logs = open_logs([tmp_path / "runs.csv"])
    left = " ".join(headlines_of(logs, audit(logs), sentence).left)
    assert "'wide' (no difference that chance alone would not make" in left
    assert "'perplexity', 'test_loss', 'val_acc' (a claim has one metric: test_acc)" in left


def test_a_variant_that_words_put_forward_has_a_claim_although_chance_makes_its_difference(tmp_path: Path) -> None:
    claims = logs_of(tmp_path, runs_csv=table("# result: wide improves on the baseline\n"))
    assert any('question = "wide less baseline' in text for text in claims.values())


@pytest.mark.parametrize(
    ("text", "metric", "margin", "variant"),
    [
        (
            "# Ablation\n\nTest accuracy in %, mean ± std over 5 seeds. The test set has 10,000 images.\n\n"
            "| Variant | Acc (mean ± std) | Δ vs. all | Params (M) |\n|---|---|---|---|\n"
            "| all parts | 71.42 ± 0.31 | – | 21.4 |\n"
            "| w/o mixing | 70.80 ± 0.25 | -0.62 | 20.8 |\n| w/o aug | 66.05 ± 0.31 | -5.37 | 21.4 |\n\n"
            "Mixing gives a stable improvement of 0.62 points.\n",
            "Acc", 0.0062, "all parts less w/o mixing",
        ),
        (
            "# Width\n\n| Width | Train budget (steps) | Top-1 |\n|---|---|---|\n| 8 (baseline) | 50k | 70.11 |\n"
            "| 16 | 50k | 72.08 |\n| 32 | 100k | 74.80 |\n\nWidth 32 gains +4.69 over the baseline.\n",
            "Top-1", 0.0469, "32 less 8 (baseline)",
        ),
        (
            "# Ranking\n\n| Model | Params | MRR@10 | Δ MRR vs. BM25 |\n|---|---|---|---|\n| BM25 | – | 0.187 | – |\n"
            "| MiniLM | 22M | 0.383 | +0.196 |\n| Ours-S | 11M | 0.379 | +0.192 |\n| Ours | 22M | 0.393 | +0.260 |\n",
            "MRR_at_10", 0.206, "Ours less BM25",
        ),
        (
            "# Versuche\n\nMetrik: Trefferquote auf 640 Testtagen. Das Dezimalzeichen ist das Komma.\n\n"
            "| Variante | Seed 1 | Seed 2 | Seed 3 |\n|---|---|---|---|\n| Ausgangsmodell | 67,3 | 66,9 | 68,1 |\n"
            "| mit Ferien | 71,1 | 70,2 | 72,3 |\n| mit Mond | 67,5 | 67,2 | 68,0 |\n\n"
            "Der Gewinn durch die Ferien ist über drei Seeds stabil.\n",
            "accuracy", 0.0377, "mit Ferien less Ausgangsmodell",
        ),
        (
            "# 实验记录\n\n测试集共 400 题。\n\n- 基线：准确率 250/400（62.5%）\n\n"
            "## 结果\n\n- 从 62.5 提高到 68.0，即 +5.5。\n",
            "accuracy", 0.055, "结果",
        ),
    ],
    ids=["a table of ablations", "a baseline of a table", "a row that differs otherwise", "German", "Chinese"],
)  # fmt: skip
def test_a_gain_that_is_told_of_two_arms_in_a_metric_is_a_claim(
    tmp_path: Path, text: str, metric: str, margin: float, variant: str
) -> None:
    claim = claim_of(tmp_path, text)
    assert (claim["metric"]["name"], claim["metric"]["margin"]) == (metric, pytest.approx(margin))
    assert variant in claim["question"]


@pytest.mark.parametrize(
    "text",
    [
        "# Notes\n\nThe lr went from 0.10 to 0.30, i.e. +0.20.\n",  # no metric
        "# Notes\n\nWe hope that accuracy goes from 61.2 to 68.4, i.e. +7.2.\n",
        "# Plans\n\n## Next steps\n\n- accuracy from 61.2 to 68.4, i.e. +7.2\n",
        "# Notes\n\n| Arm | Acc | Size |\n|---|---|---|\n| baseline | 71.1 | 20.1 |\n| wide | 71.3 | 24.8 |\n\n"
        "Wide gains +4.7 GB.\n",
    ],
)
def test_what_is_no_gain_of_an_arm_is_no_claim(tmp_path: Path, text: str) -> None:
    assert logs_of(tmp_path, log_md=text) == {}


def test_words_tell_a_few_claims_a_log_and_the_others_are_named(tmp_path: Path) -> None:
    lines = [f"- arm {n}: accuracy from {60 + n}.25 to {62 + 2 * n}.25, i.e. +{2 + n}.00" for n in range(1, 6)]
    (tmp_path / "log.md").write_text("# Results\n\n" + "\n".join(lines) + "\n")
    logs = open_logs([tmp_path / "log.md"])
    chosen = headlines_of(logs, audit(logs), sentence)
    assert [one.place.line for one in chosen.headlines] == [3, 4, 5]
    assert [re.sub(r".*: ", "", one) for one in chosen.left] == [
        f"line {n} (more than 3 differences are told in words)" for n in (6, 7)
    ]


def test_an_arm_of_a_list_below_its_baseline_is_a_claim_that_no_finding_doubts(tmp_path: Path) -> None:
    text = "# Study\n\n## Width\n\n- baseline, 9 epochs: accuracy 41.3%\n- wide, 9 epochs: accuracy 44.9% (+3.6pp)\n"
    claim = claim_of(tmp_path, text)
    assert (claim["metric"]["margin"], claim["budget"]["unit"], claim["rung"][0]["budget"]) == (0.036, "epochs", 9)
    assert not {"Unequal", "Doubted"} & set(re.findall(r"# (\w+)", claim["text"]))


def test_a_share_in_per_cent_is_planned_as_a_share(tmp_path: Path) -> None:
    claim = claim_of(tmp_path, "# Study\n\nAccuracy rose from 34.3 to 41.2, i.e. +7.9 points.\n")
    assert (claim["metric"]["margin"], claim["metric"]["ceiling"]) == (pytest.approx(0.069), 1.0)
    assert "# Doubted: fault change-disagrees, line 3: From 34.3 to 41.2 is +6.9" in claim["text"]
