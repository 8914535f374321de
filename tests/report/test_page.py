"""The page: same input, same bytes; nothing loaded from outside; every verdict and figure shown; nothing unescaped."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.verdict import Exploratory, IdenticalShare, LostPairs, StandIn, VerdictKind
from evenhand.recipes.outcome import Curve, Outcome
from evenhand.report import numbers
from evenhand.report.page import environment, render_report, write_report

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}
NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;\\1"


class Page(HTMLParser):
    """Reads a page: its text, its tags and attributes, and whether every tag is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)


@pytest.fixture(scope="module")
def html(demonstration):
    return render_report(*demonstration)


@pytest.mark.slow
def test_rendering_twice_gives_the_same_bytes(demonstration, html):
    assert render_report(*demonstration) == html


@pytest.mark.slow
def test_another_process_with_another_hash_seed_and_other_matplotlib_settings_gives_the_same_bytes(html, tmp_path):
    script = """
import hashlib, importlib.util, sys
spec = importlib.util.spec_from_file_location("samples", sys.argv[1])
samples = importlib.util.module_from_spec(spec); sys.modules["samples"] = samples; spec.loader.exec_module(samples)
from evenhand.report.page import render_report
print(hashlib.sha256(render_report(*samples.full_world()).encode()).hexdigest())
"""
    (tmp_path / "matplotlibrc").write_text(
        "svg.hashsalt: other\nsavefig.bbox: tight\nfont.weight: bold\npath.simplify: False\n"
    )
    digests = {hashlib.sha256(html.encode()).hexdigest()}
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "MATPLOTLIBRC": str(tmp_path), "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-c", script, str(Path(__file__).with_name("conftest.py"))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=tmp_path)
    assert {done.stdout.strip()} == digests


@pytest.mark.parametrize("state", ["kept", "the folder is gone", "what is kept is damaged", "no such folder"])
def test_compiled_templates_save_time_and_are_never_needed(state, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none" if state == "no such folder" else tmp_path))
    environment.cache_clear()
    said = str(environment().get_template("macros.html.j2").module.trial("an <id>"))
    if state != "no such folder":
        (folder,) = tmp_path.iterdir()
        (kept,) = folder.iterdir()
        if state == "the folder is gone":
            shutil.rmtree(folder)
        elif state == "what is kept is damaged":
            kept.write_bytes(b"no bytecode")
    if state != "the folder is gone":
        environment.cache_clear()
    environment().cache.clear()
    assert str(environment().get_template("macros.html.j2").module.trial("an <id>")) == said
    environment.cache_clear()


@pytest.mark.slow
def test_every_tag_is_closed_in_order_and_every_id_is_unique(demonstration):
    page = Page(render_report(*demonstration, text="name = 1", amended=["a became b"]))
    assert not page.faults
    assert not page.open
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_every_link_and_reference_stays_on_the_page_and_has_a_target(html):
    page = Page(html)
    ids = {attributes.get("id") for _, attributes in page.tags}
    for tag, attributes in page.tags:
        for name in ("href", "src", "xlink:href", "srcset", "action", "data"):
            target = attributes.get(name)
            if target is not None and not (tag == "link" and target == "data:,"):
                assert target.startswith("#"), (tag, name, target)
                assert target[1:] in ids, target
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", html))
    assert "@import" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert "default-src 'none'" in html


def test_text_from_outside_is_escaped_wherever_it_stands(world):
    sample = world({"off": "baseline", "on": "variant"}, question=NASTY)
    claim = sample.claim()
    settings = {key: {**value, NASTY: NASTY} if key[0] == "on" else value for key, value in claim.settings.items()}
    claim = replace(claim, settings=settings, recipe=NASTY)
    records = sample.records()
    for i, record in enumerate(records):
        items = record.outcome.items["accuracy"]
        spoilt = replace(
            record.outcome,
            items={"accuracy": replace(items, ids=tuple(f"{NASTY}{j}" for j in items.ids), outputs=(NASTY,) * 40)},
            curves={NASTY: record.outcome.curves["loss"]},
            notes={NASTY: NASTY},
            data={NASTY: NASTY},
            undefined={NASTY: NASTY},
            spent={**record.outcome.spent, NASTY: 1.0},
        )
        records[i] = replace(record, outcome=spoilt, provenance={NASTY: {NASTY: NASTY}})
    records[0] = sample.failed(records[0].trial, "code", NASTY, 0, NASTY)
    odd = sample.contrast(
        "on", "off", (0.1, 0.2, 0.3, 0.1, 0.2), dropped={NASTY: NASTY}, figures={NASTY: NASTY}, words=NASTY
    )
    named = replace(odd, arm=NASTY, against=NASTY, against_role=NASTY, condition=NASTY, invalid=NASTY)
    verdicts = [
        sample.verdict("gain", odd, reasons=(NASTY,), qualifier=NASTY),
        sample.verdict("invalid", named, role=NASTY, metric=NASTY),
    ]
    decision = replace(sample.decision(*verdicts), warnings=(NASTY,), claim=NASTY)
    page = Page(render_report(claim, decision, records, text=NASTY, amended=(NASTY,)))
    assert not page.faults
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert page.text.count("<script>alert(1)</script>") > 25


def test_a_name_between_backticks_is_set_as_code_and_stays_escaped() -> None:
    template = environment().from_string("{{ text|with_code }}")
    assert template.render(text="on `a<b>` & c") == "on <code>a&lt;b&gt;</code> &amp; c"


@pytest.mark.parametrize("kind", LOOKS)
def test_a_verdict_is_shown_in_words_and_with_a_sign_of_its_own(world, kind):
    sample = world({"off": "baseline", "on": "variant"})
    contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3, 0.1, 0.2))
    verdict = sample.verdict(kind, contrast, qualifier="the qualifier")
    html = render_report(sample.claim(), sample.decision(verdict), [])
    pill = (
        rf'class="pill kind-{kind}" title="[^"]+"><span class="sign" aria-hidden="true">{re.escape(LOOKS[kind].sign)}'
    )
    front = html[html.index('id="verdicts"') : html.index('id="contrasts"')]
    assert re.search(pill, front)
    assert f"{kind} (the qualifier)" in front
    assert f"The reason of {kind}." in html


def test_signs_tell_all_verdict_kinds_apart_without_colour():
    assert len({look.sign for look in LOOKS.values()}) == len(LOOKS)


@pytest.mark.parametrize("kind", ["invalid", "pruned", "not-run"])
def test_a_verdict_that_states_no_effect_has_no_figure_beside_it(world, kind):
    sample = world({"off": "baseline", "on": "variant"})
    contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3, 0.1, 0.2))
    html = render_report(sample.claim(), sample.decision(sample.verdict(kind, contrast)), [])
    front = html[html.index('id="verdicts"') : html.index('id="contrasts"')]
    assert numbers.signed(contrast.estimate, 3) not in front


def test_every_contrast_shows_its_figures_its_seeds_and_its_trials(demonstration, html):
    claim, decision, records = demonstration
    text = Page(html).text
    known = {record.trial.id for record in records}
    conditions = {condition.name: condition for condition in claim.claim.conditions}
    rung = claim.claim.rungs[-1]
    arms = {arm.name: arm for arm in claim.claim.arms}
    contrasts = [contrast for verdict in decision.verdicts for contrast in verdict.contrasts]
    assert len(contrasts) == 10
    for contrast in contrasts:
        shown = [
            f"{contrast.arm} against {contrast.against}",
            numbers.signed(contrast.estimate, 3),
            numbers.interval(contrast.interval, 3),
            numbers.p_value(contrast.p_value),
            numbers.exact(contrast.standard_error),
            numbers.exact(contrast.sign_flip_minimum),
            *(numbers.signed(difference, 4) for difference in contrast.differences),
        ]
        for seed in contrast.seeds:
            for arm in (contrast.arm, contrast.against):
                trial = claim.trial(arms[arm], conditions[contrast.condition], rung, seed)
                assert trial.id in known
                shown.append(trial.id)
        for figure in shown:
            assert figure in text, (contrast.arm, contrast.against, figure)


def test_exploratory_contrasts_are_shown_apart_with_their_adjusted_p(world):
    sample = world({"off": "baseline", "on": "variant"})
    sample.document["metric"].append({"name": "exact", "margin": 0.1, "direction": "maximise", "primary": False})
    beside = replace(sample.contrast("on", "off", (0.1, 0.2, 0.3, 0.1, 0.2)), metric="exact")
    decision = sample.decision(
        sample.verdict("gain", sample.contrast("on", "off", (0.4, 0.5, 0.6, 0.4, 0.5))),
        exploratory=(Exploratory(beside, 0.0321, True), Exploratory(replace(beside, arm="other"), None, False)),
    )
    page = Page(render_report(sample.claim(), decision, []))
    assert not page.faults
    assert "Exploratory" in page.text
    assert "on against off default · discovery" in page.text
    assert numbers.interval(beside.interval, 2) in page.text
    assert ".032" in page.text
    front = page.text[: page.text.index("Contrasts")]
    assert "exact" not in front


def test_every_trial_is_listed_with_the_place_and_hash_of_its_record(demonstration, html):
    records = demonstration[2]
    text = Page(html).text
    retried = records[0].trial.id
    for record in records:
        if record.trial.id != retried:
            assert record.trial.id in text
            assert f"{record.place} {record.place.hash[:12]}" in text
    assert f"{records[-1].place} {records[-1].place.hash[:12]}" in text


def test_failures_stand_under_their_class_with_what_to_do(html):
    text = Page(html).text
    assert "resource 1 attempt, all mended by a later attempt" in text
    assert "Memory ran out." in text
    assert "MemoryError: out of memory" in text
    assert "diverged 1 attempt" in text
    assert "a result about this arm" in text


def test_costs_name_every_unit_and_the_multiple_of_the_baseline(html):
    costs = Page(html[html.index('id="costs"') : html.index('id="failures"')]).text
    assert "budget 500 steps" in costs
    assert re.search(r"read_twice rival 10 500 4,096,000 2.00 ×", costs)
    assert "412 MiB" in costs
    assert "9 of 10" in costs


@pytest.mark.slow
def test_a_change_after_results_is_announced_with_what_changed(demonstration, html):
    amended = render_report(*demonstration, amended=["rungs.0.seeds: [0] became [0, 1]"])
    assert "Amended after results" not in html
    assert "Amended after results" in amended
    assert "rungs.0.seeds: [0] became [0, 1]" in Page(amended).text


def test_arms_are_described_by_what_sets_them_apart_from_the_baseline(html):
    protocol = Page(html[html.index('id="protocol"') : html.index('id="provenance"')]).text
    assert "future_seed variant seeding off → future_seed" in protocol
    assert "5 (10–14)" in protocol
    assert "200 (positions 200 to 399, order 0)" in protocol


@pytest.mark.slow
def test_exploratory_records_and_records_of_other_trials_are_left_out(demonstration, html):
    claim, decision, records = demonstration
    stray = replace(records[5].trial, settings={"another": "world"})
    others = [replace(records[5], exploratory=True), replace(records[6], trial=stray)]
    assert render_report(claim, decision, [*records, *others]) == html


class TestMissingParts:
    """Whatever is missing, a page comes out that says so."""

    def page(self, sample, *verdicts, records=(), **fields):
        page = Page(render_report(sample.claim(), sample.decision(*verdicts, **fields), list(records)))
        assert not page.faults
        return page.text

    @pytest.fixture
    def sample(self, world):
        return world({"off": "baseline", "on": "variant"})

    def test_nothing_has_run(self, sample):
        text = self.page(sample, finished=False)
        assert "Not finished" in text
        assert "There is no verdict yet" in text
        assert "0 of 16 trials with scores" in text

    def test_every_trial_failed(self, sample):
        trials = [t for rung in sample.claim().claim.rungs for t in sample.claim().trials(rung)]
        records = [sample.failed(t, "data", "no such file", i) for i, t in enumerate(trials)]
        text = self.page(sample, sample.verdict("not-run", arm="on", qualifier="data"), records=records)
        assert "not-run (data)" in text
        assert "16 attempts" in text

    def test_no_estimate_and_no_interval_come_with_their_reason(self, sample):
        none = dict.fromkeys(("estimate", "interval", "standard_error", "p_value", "equivalence_interval", "scores"))
        contrast = sample.contrast("on", "off", (0.1,), **none, why_none="no complete pair")
        contrast = replace(contrast, differences=(), seeds=())
        text = self.page(sample, sample.verdict("not-run", contrast))
        assert "against off: no complete pair" in text
        assert not re.search(r"\b(None|nan|inf)\b", text)

    def test_what_stands_in_for_a_lost_trial_is_named(self, sample):
        lost = LostPairs((3,), ("on",), 0.01, (-0.02, 0.04), False, VerdictKind.GAIN, (StandIn("floor", 0.0),))
        contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3), lost_pairs=lost)
        text = self.page(sample, sample.verdict("inconclusive", contrast))
        assert "difference with the floor 0 for what was lost (on 3)" in text

    def test_how_many_items_are_the_same_in_both_arms_stands_beside_the_verdict(self, sample):
        contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3))
        assert "same" not in self.page(sample, sample.verdict("gain", contrast))
        answers = replace(contrast, identical_share=IdenticalShare("answers", 1051, 1280, 3))
        front, after = self.page(sample, sample.verdict("gain", answers)).split("Contrasts", 1)
        assert "82.1 % same answers" in front
        assert (
            "against off: both arms gave the same answer to 82.1 % of the items (1,051 of 1,280 over 3 seeds)" in after
        )
        scores = replace(contrast, identical_share=IdenticalShare("scores", 40, 40, 1))
        front, after = self.page(sample, sample.verdict("gain", scores)).split("Contrasts", 1)
        assert "same" not in front
        assert "against off: both arms had the same score on 100 % of the items (40 of 40 over 1 seed)" in after

    def test_an_estimate_without_interval_is_still_placed(self, sample):
        contrast = sample.contrast("on", "off", (0.1,), why_none="one seed: the spread cannot be estimated")
        text = self.page(sample, sample.verdict("inconclusive", contrast))
        assert "+0.100" in text
        assert "one seed: the spread cannot be estimated" in text

    @pytest.mark.slow
    def test_a_metric_without_items_and_curves(self, sample):
        claim = sample.claim()
        records = []
        for rung in claim.claim.rungs:
            for trial in claim.trials(rung):
                records.append(sample.record(trial, Outcome(metrics={"accuracy": 0.5}), len(records)))
        contrast = sample.contrast("on", "off", (0.1, 0.2, 0.3, 0.1, 0.2), items=0, gained=None, lost=None)
        text = self.page(sample, sample.verdict("gain", contrast), records=records)
        assert "Items that flipped" not in text
        assert "Learning curves" not in text

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("steps", "values"),
        [
            ([3.0], [0.5]),
            ([1.0, 2.0], [float("nan"), float("inf")]),
            ([1.0, 2.0, 2.0], [0.1, float("nan"), 0.2]),
            ([0.0, 0.0], [1.0, 1.0]),
            ([0.0, 1.0, 2.0], [1.0, -1.7e308, 1.7e308]),
            (list(range(5000)), [0.1] * 5000),
        ],
    )
    def test_odd_curves(self, sample, steps, values):
        curve = Curve(np.array(steps, dtype=float), np.array(values, dtype=float))
        records = [replace(r, outcome=replace(r.outcome, curves={"loss": curve})) for r in sample.records()]
        text = self.page(sample, records=records)
        assert ("Learning curves" in text) == any(np.isfinite(values))
        assert not re.search(r"\b(nan|inf)\b", text)

    def test_a_metric_and_a_condition_that_only_the_verdict_names(self, sample):
        contrast = replace(sample.contrast("on", "off", (0.1, 0.2, 0.3)), metric="other", condition="elsewhere")
        text = self.page(sample, sample.verdict("gain", contrast, metric="other"))
        assert "elsewhere" in text

    def test_deterministic_and_untrained_arms(self, sample):
        sample.document["arm"].append(
            {"name": "closed_form", "role": "rival", "deterministic": True, "untrained": True, "settings": {"a": 1}}
        )
        claim = sample.claim()
        records = sample.records()
        contrast = sample.contrast("on", "closed_form", (0.1, 0.2, 0.3, 0.1, 0.2), against_role="rival")
        text = self.page(sample, sample.verdict("gain", contrast), records=records)
        trial = claim.trial(claim.arms("rival")[0], claim.claim.conditions[0], claim.claim.rungs[-1], 10)
        assert text.count(trial.id) == 6  # beside each of the five seeds, and once in the list of trials
        assert "closed_form rival, deterministic, untrained 1" in text

    @pytest.mark.slow
    def test_twelve_arms_in_six_conditions(self, world):
        roles = {"off": "baseline", **{f"v{i}": "variant" for i in range(9)}, "twice": "rival", "again": "null"}
        sample = world(roles, [f"c{i}" for i in range(6)], seeds=(10, 11), items=5)
        verdicts = [
            sample.verdict("inconclusive", sample.contrast(f"v{i}", "off", (0.1, -0.1), f"c{j}"))
            for i in range(9)
            for j in range(6)
        ]
        claim = sample.claim()
        records = []
        for trial in claim.trials(claim.claim.rungs[-1]):
            outcome = sample.outcome(trial, 0.5)
            records.append(
                sample.record(trial, replace(outcome, curves={"loss": outcome.curves["loss"]}), len(records))
            )
        text = self.page(sample, *verdicts, records=records)
        assert "54 inconclusive" in text


def test_the_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "reports" / "claim.html"
    assert write_report(path, "first é") == path
    write_report(path, "second")
    assert path.read_text(encoding="utf-8") == "second"
    assert [entry.name for entry in path.parent.iterdir()] == ["claim.html"]


def test_a_failed_write_leaves_the_old_file_as_it_was(tmp_path, monkeypatch):
    path = write_report(tmp_path / "claim.html", "old")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_report(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["claim.html"]


@pytest.mark.slow
def test_characters_that_command_or_turn_text_are_marks_on_the_page(demonstration):
    claim, decision, records = demonstration
    nasty = replace(decision, warnings=("a\0b \x1b[31m red", "pay \u202e001 \u2066x\u2069"))
    html = render_report(claim, nasty, records, ledger_notes=("torn \x07 end",), ledger_head="0123456789abcdef")
    for shown in ("a␀b ␛[31m red", "pay ⟨U+202E⟩001 ⟨U+2066⟩x⟨U+2069⟩", "torn ␇ end", "<code>0123456789abcdef</code>"):
        assert shown in html
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", html)
