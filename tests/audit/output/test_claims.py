"""What would settle a headline: each claim that an audit writes can be planned as it stands."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand import load_claim, plan
from evenhand.audit.check import audit
from evenhand.audit.output.claim_files import write_claims
from evenhand.audit.output.headlines import headlines_of, metric_of
from evenhand.audit.reading.opened import open_logs
from evenhand.statistics import smallest_detectable_effect
from tests.audit.rules.test_rules import CASES
from tests.audit.test_seeds import FOLDER


def claims_of(paths: list[Path], folder: Path) -> tuple[Path, ...]:
    logs = open_logs(paths)
    findings = audit(logs)
    return write_claims(headlines_of(logs, findings), folder)


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the logs are not at {FOLDER}")
def test_every_claim_of_the_five_logs_can_be_planned(tmp_path: Path) -> None:
    written = claims_of(sorted(FOLDER.glob("*.txt")), tmp_path / "claims")
    assert len(written) >= 20
    for path in written:
        plan(load_claim(path))


def test_every_claim_of_the_example_logs_can_be_planned(tmp_path: Path) -> None:
    logs = []
    for name, (text, _, _) in CASES.items():
        logs.append(tmp_path / f"{name}.md")
        logs[-1].write_text(text, encoding="utf-8")
    written = claims_of(logs, tmp_path / "claims")
    assert len(written) >= 8
    for path in written:
        plan(load_claim(path))


def claim_of(tmp_path: Path, text: str) -> dict[str, Any]:
    (tmp_path / "log.md").write_text(text, encoding="utf-8")
    (path,) = claims_of([tmp_path / "log.md"], tmp_path / "claims")
    plan(load_claim(path))
    return tomllib.loads(path.read_text(encoding="utf-8")) | {"text": path.read_text(encoding="utf-8")}


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
        ("Δ ON", "score"),
        ("Gate: FAIL. Mean seed delta", "score"),
        ("surprise−flat", "score"),
        ("loss-aware runs", "score"),
        ("Three runs", "score"),
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
        plan(load_claim(path))
