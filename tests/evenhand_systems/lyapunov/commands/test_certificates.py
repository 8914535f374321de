"""``certify`` and ``check``: the way of a certificate, and files that are none."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand_systems.lyapunov.potentials.potential import zero_potential
from tests.evenhand_systems.lyapunov.commands.shown import refused, run


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path]:
    """(certificate, model) of a small head over log n."""
    model, certificate = tmp_path / "v.json.gz", tmp_path / "c.jsonl"
    zero_potential(2).save(model)
    assert run("certify", model, certificate, "--cutoff", 64, "--max-exponent", 8).exit_code == 0
    assert run("check", certificate, model).exit_code == 0
    return certificate, model


def test_the_commands_work_together(tmp_path: Path) -> None:
    csv, model, proof = tmp_path / "set.csv", tmp_path / "v.json.gz", tmp_path / "c.jsonl"
    assert run("generate", csv, "--count", 300, "--max-bits", 60).exit_code == 0
    learned = run("learn", model, "--window", 3, "--residue-power", 1, "--sweeps", 5, "--head", 1)
    assert "window 3" in learned.output
    shown = run("evaluate", model, "window-minimum", "--csv", csv, "--lookahead", 4)
    assert shown.exit_code == 0, shown.output
    assert "429" in run("trajectories", model).output
    assert "certified density" in run("certify", model, proof, "--max-exponent", 10).output
    checked = run("check", proof, model)
    assert checked.exit_code == 0
    assert "nothing about whether trajectories end at 1" in " ".join(checked.output.split())
    plotted = run("plot", tmp_path / "plots", model, "--csv", csv)
    assert plotted.exit_code == 0, plotted.output
    assert len(list((tmp_path / "plots").glob("*.svg"))) == 3


def test_a_network_is_not_certified_and_the_message_says_what_is(
    checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    refused(
        run("certify", checkpoint(None), tmp_path / "c.jsonl"),
        "net.pt", "networks are saved in", "evenhand lyapunov learn", "cannot be certified",
    )  # fmt: skip
    assert not (tmp_path / "c.jsonl").exists()


def test_a_potential_that_reads_residues_modulo_81_is_measured_but_not_certified(tmp_path: Path) -> None:
    model = tmp_path / "v81.json.gz"
    assert run("learn", model, "--window", 1, "--residue-power", 4, "--sweeps", 1).exit_code == 0
    found = run("certify", model, tmp_path / "c.jsonl")
    refused(found, "v81.json.gz", "n mod 81", "up to mod 27", "--residue-power 3 or less")
    assert not (tmp_path / "c.jsonl").exists()
    assert "429" in run("trajectories", model).output


def test_a_cutoff_that_the_checker_would_not_accept_is_refused(certified: tuple[Path, Path], tmp_path: Path) -> None:
    _, model = certified
    for cutoff in (-5, 0, 1, 2):
        found = run("certify", model, tmp_path / "low.jsonl", "--cutoff", cutoff)
        refused(found, f"cutoff must be at least 3, the least n at which V can fall; found {cutoff}")
        assert not (tmp_path / "low.jsonl").exists()
    assert run("certify", model, tmp_path / "low.jsonl", "--cutoff", 3, "--max-exponent", 6).exit_code == 0
    assert run("check", tmp_path / "low.jsonl", model).exit_code == 0


def test_absent_certificates_and_models_are_named(certified: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, model = certified
    refused(run("check", tmp_path / "no.jsonl", model), "no.jsonl cannot be read")
    refused(run("check", certificate, tmp_path / "no.json.gz"), "model", "no.json.gz cannot be read")
    refused(run("check", tmp_path, model), "is a folder; expected a file")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[[1,2],0,1,[0", "no valid JSON"),
        ("5", "expected a class"),
        ("[[1,2],0]", "expected a class"),
        ('[[1,2],0,"1",[0]]', "expected a class"),
        ("[[],0,1,[0]]", "expected a class"),
        ("[7,0,1,[0]]", "expected a class"),
        ('{"certified":"much"}', "expected a summary"),
        ('{"certified":"1/0"}', "expected a summary"),
        ('{"certified":"1e999999999"}', "expected a summary"),
        ('{"certified":Infinity}', "Infinity is no number"),
        ("[[1,2],true,1,[0]]", "expected a class"),
        ("[[1,true],0,1,[0]]", "expected a class"),
        (f"[[1,{'9' * 5000}],0,1,[0]]", "too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ("{}", "expected a summary"),
    ],
)
def test_a_damaged_line_is_named(certified: tuple[Path, Path], line: str, message: str) -> None:
    certificate, model = certified
    lines = certificate.read_text().splitlines()
    certificate.write_text("\n".join([*lines[:2], line, *lines[3:]]) + "\n")
    refused(run("check", certificate, model), "c.jsonl:3", message)


@pytest.mark.parametrize("header", ["[]", "{}", '{"format": "evenhand-lyapunov-certificate-1"}', "x"])
def test_a_damaged_header_is_named(certified: tuple[Path, Path], header: str) -> None:
    certificate, model = certified
    certificate.write_text(header + "\n" + certificate.read_text().split("\n", 1)[1])
    refused(run("check", certificate, model), "c.jsonl:1")


def test_files_that_are_no_certificate_at_all_are_refused(certified: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, model = certified
    cases = {
        "plain.gz": (certificate.read_bytes(), "plain.gz is not compressed"),
        "cut.gz": (gzip.compress(certificate.read_bytes())[:-20], "compressed and damaged"),
        "bits.jsonl": (b"\xff\xfe\x00", "bits.jsonl:1: the byte 0xff is no UTF-8"),
        "empty.jsonl": (b"", "holds no whole line"),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        refused(run("check", tmp_path / name, model), message)
    (tmp_path / "good.gz").write_bytes(gzip.compress(certificate.read_bytes()))
    assert run("check", tmp_path / "good.gz", model).exit_code == 0


@pytest.mark.parametrize(
    "content",
    [b"plain", gzip.compress(b"[]\n"), gzip.compress(b'{"units": 41}\n')],
    ids=["plain", "list", "header"],  # compressed bytes hold the time, and would be other names in each process
)
def test_a_certificate_for_a_file_that_is_no_model_is_refused(
    certified: tuple[Path, Path], tmp_path: Path, content: bytes
) -> None:
    certificate, _ = certified
    (tmp_path / "junk.gz").write_bytes(content)
    header, rest = certificate.read_text().split("\n", 1)
    header = json.dumps(json.loads(header) | {"model_sha256": hashlib.sha256(content).hexdigest()})
    certificate.write_text(f"{header}\n{rest}")
    refused(run("check", certificate, tmp_path / "junk.gz"), "junk.gz")


@pytest.mark.parametrize("damage", ["absent", "cut", "torn", "other"])
def test_damaged_classes_for_a_larger_head_are_named(certified: tuple[Path, Path], tmp_path: Path, damage: str) -> None:
    certificate, model = certified
    source = tmp_path / ("source.jsonl.gz" if damage == "cut" else "source.jsonl")
    text = certificate.read_bytes()
    if damage != "absent":
        source.write_bytes({"cut": gzip.compress(text)[:-20], "torn": text[:-30] + b"\n", "other": b"[1]\n"}[damage])
    refused(run("certify", model, tmp_path / "new.jsonl", "--head", 5, "--classes-of", source), source.name)
    refused(run("plot", tmp_path / "plots", model, "--certificate", source), source.name)
    assert not (tmp_path / "new.jsonl").exists()


def test_a_certificate_that_grows_cannot_be_named_as_compressed(certified: tuple[Path, Path], tmp_path: Path) -> None:
    _, model = certified
    refused(run("certify", model, tmp_path / "new.jsonl.gz"), "new.jsonl and gzip it")
    assert not (tmp_path / "new.jsonl.gz").exists()


def test_a_drawn_certificate_whose_model_is_damaged_is_named(certified: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, model = certified
    model.write_bytes(model.read_bytes()[:-20])
    header, rest = certificate.read_text().split("\n", 1)
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    certificate.write_text(json.dumps(json.loads(header) | {"model_sha256": digest}) + f"\n{rest}")
    refused(run("plot", tmp_path / "plots", "--certificate", certificate), model.name)
