"""Estimates of memory: near what is measured, shown by a plan, and what cannot fit is refused before it starts."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.running import enter, fitting
from evenhand.running.enter import check_machine
from evenhand.running.plan import plan_lines, plan_of
from evenhand_systems import model_shapes
from evenhand_systems.bridge import memory
from evenhand_systems.bridge.memory import STAND_INS, Texts, trial_memory
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.settings import Settings
from evenhand_systems.bridge.translators import TranslatorConfig, build_translator
from evenhand_systems.model_memory import Step, step_bytes
from evenhand_systems.model_shapes import PUBLISHED, Shape, read_shape

CLAIMS = Path(__file__).parents[3] / "claims" / "bridge"
SMALL = Shape(6, 256, 4, 2, 64, 704, 8192, True)
GSM8K = Texts(opening=1060, question=308, solution=358, usual_solution=77)
SOURCE, TARGET = "mistralai/Mistral-7B-Instruct-v0.3", "meta-llama/Llama-3.1-8B-Instruct"
SHAPES = (PUBLISHED[SOURCE], PUBLISHED[TARGET])
SMOLLM2 = Shape(30, 576, 9, 3, 64, 1536, 49152, True)

STEPS = {
    "prefix read before": Step(8, 200, 120, 240),
    "whole rows": Step(8, 200, 120, 240, apart=False),
    "layers computed twice": Step(8, 200, 120, 240, twice=True),
}


@pytest.mark.slow  # a program of its own with torch, and a process of it for each peak
def test_steps_take_about_what_is_estimated() -> None:
    root = Path(__file__).parents[3]
    parts = [json.dumps(dataclasses.asdict(part)) for part in (SMALL, *STEPS.values())]
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("measured_memory.py")), *parts],
        capture_output=True, text=True, check=True, cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
    )  # fmt: skip
    measured = dict(zip(STEPS, map(int, ran.stdout.split()), strict=True))
    # 15 MB are what a process needs for itself on the way, whatever is computed.
    estimated = {name: step_bytes(SMALL, step, 4) + 15e6 for name, step in STEPS.items()}
    assert measured == pytest.approx(estimated, rel=0.25)


@pytest.mark.parametrize("name", STAND_INS)
def test_the_sizes_of_a_stand_in_are_those_that_it_is_built_with(name) -> None:
    assert read_shape(standins.untrained(name.removeprefix("stand-in:"), 0).config.to_dict()) == STAND_INS[name]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_stand_ins_need_no_estimate(device) -> None:
    assert memory.memory(Settings().model_dump(mode="json"), CLAIMS, device) is None


@pytest.mark.parametrize("file", sorted((CLAIMS / "real").glob("*.toml")), ids=lambda f: f.stem)
def test_every_trial_between_models_of_7_and_8_billion_weights_fits_80_gb(file) -> None:
    for settings in load_claim(file).resolved.settings.values():
        found = trial_memory(Settings.model_validate(settings), SHAPES, GSM8K, 2)
        assert 31e9 < found.bytes < 75e9, found.words


def test_rows_that_hold_the_worked_examples_and_all_layers_would_not_fit() -> None:
    target = PUBLISHED[TARGET]
    step = Step(8, GSM8K.opening, 730, 8 * (GSM8K.opening + 730), apart=False)
    assert step_bytes(target, step, 2) + 2 * target.parameters > 80e9
    assert step_bytes(target, dataclasses.replace(step, apart=True, twice=True, places=700), 2) < 20e9


CACHE = {"bridge": "cache", "injection": "cache"}


def test_a_translator_of_caches_is_counted_with_a_projector_for_each_layer_of_the_target() -> None:
    source, target = Shape(5, 64, 4, 2, 16, 96, 500, True), Shape(3, 32, 4, 2, 8, 64, 300, True)
    config = TranslatorConfig(
        "cache", 3 * source.key_width, 3 * target.key_width, 1.0, bottleneck=48, depth=3, heads=1
    )  # fmt: skip
    own = sum(value.numel() for value in build_translator(config, 0).parameters() if value.ndim == 2)
    settings = Settings.model_validate({**CACHE, "bottleneck": 48})
    one, two = (memory.translator_bytes(settings, source, target, facts) for facts in (1, 2))
    assert one - (two - one) == pytest.approx(16 * own)
    assert two > one


def test_what_a_cache_puts_before_the_rows_is_looked_at_by_them_and_read_by_nobody() -> None:
    plain, behind = Step(8, 200, 120, 240, apart=False), Step(8, 200, 120, 240, apart=False, behind=50)
    more = step_bytes(SMALL, behind, 4) - step_bytes(SMALL, plain, 4)
    assert more == pytest.approx(1.1 * SMALL.layers * 8 * 50 * 4 * 2 * SMALL.heads * SMALL.head_width)


def test_a_bridge_of_caches_between_models_of_7_and_8_billion_weights_fits_80_gb() -> None:
    found = trial_memory(Settings.model_validate(CACHE), SHAPES, GSM8K, 2)
    assert 31e9 < found.bytes < 75e9, found.words


@pytest.mark.parametrize("name", ["smollm2_facts", "smollm2_told", "smollm2_told_plus_text"])
def test_a_claim_on_smollm2_and_a_stand_in_is_counted_from_the_texts_that_its_task_generates(name, monkeypatch) -> None:
    monkeypatch.setattr(model_shapes, "shape_of", lambda reference, folder: SMOLLM2)
    for settings in load_claim(CLAIMS / f"{name}.toml").resolved.settings.values():
        found = memory.memory(settings, CLAIMS, "cpu")
        assert found is not None
        assert 4 * SMOLLM2.parameters < found.bytes < 2e9, found.words


STORIES = {"source": "org/model"}


def test_the_words_of_generated_stories_are_counted_too(monkeypatch) -> None:
    monkeypatch.setattr(model_shapes, "shape_of", lambda reference, folder: SMOLLM2)
    told, split = (memory.memory(Settings(**STORIES, task=task).model_dump(mode="json"), CLAIMS, "cpu")
                   for task in ("transport", "split"))  # fmt: skip
    assert told.bytes > 4 * SMOLLM2.parameters
    assert split.bytes != told.bytes


def test_an_estimate_waits_for_sizes_that_nobody_knows_here() -> None:
    found = memory.memory(Settings(**STORIES).model_dump(mode="json"), CLAIMS, "cpu")
    assert found.bytes is None
    assert "it waits for the sizes of 'org/model'" in found.words


def real(monkeypatch, there: int | None, settings: dict | None = None):
    """A claim between large models, on a GPU of some size."""
    monkeypatch.setattr(fitting, "device_of_programs", lambda: ("cuda", "a GPU"))
    monkeypatch.setattr(fitting, "device_memory", lambda device, among=(): there)
    monkeypatch.setattr(fitting, "why_torch_has_no_cuda", lambda: "")
    monkeypatch.setattr(memory, "read_gsm8k", lambda *given: [])
    monkeypatch.setattr(memory, "texts_of", lambda *given: GSM8K)
    monkeypatch.setattr(enter, "missing_inputs", lambda loaded: [])  # its data may be missing here
    return load_claim(CLAIMS / "real" / "phase1_full.toml")


def test_a_plan_says_what_a_trial_takes(monkeypatch, tmp_path) -> None:
    loaded = real(monkeypatch, 80_000_000_000)
    lines = [line for line, _ in plan_lines(plan_of(loaded, Ledger(tmp_path, create=False)))]
    (told,) = [line for line in lines if line.startswith("memory of the largest trial")]
    assert "of weights" in told
    assert told.endswith("the GPU has 80.0 GB")
    check_machine(loaded)


def test_a_claim_that_cannot_fit_is_refused_with_the_figures(monkeypatch) -> None:
    with pytest.raises(ClaimError, match=r"more memory than there is: at its peak \d+\.\d GB .*the GPU has 24\.0 GB"):
        check_machine(real(monkeypatch, 24_000_000_000))


def test_where_nobody_knows_the_memory_nothing_is_refused(monkeypatch) -> None:
    check_machine(real(monkeypatch, None))
