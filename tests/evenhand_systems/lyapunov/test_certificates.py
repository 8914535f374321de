"""Certificates: written, killed, carried on, and the faults that the checker refuses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand_systems.lyapunov.certificates import certifier
from evenhand_systems.lyapunov.certificates.checker import CertificateError, check
from evenhand_systems.lyapunov.certificates.extend import for_larger_head
from evenhand_systems.lyapunov.measures import decide
from evenhand_systems.lyapunov.potentials.potential import Potential, load_potential, zero_potential
from evenhand_systems.lyapunov.potentials.problem import Measure
from evenhand_systems.lyapunov.potentials.search import learn


@pytest.fixture(scope="module")
def model() -> Potential:
    return learn(4, residue_power=1, measure=Measure(climb=1.0), sweeps=10, seed=1).with_head(1)


@pytest.fixture(scope="module")
def files(model: Potential, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Any]:
    folder = tmp_path_factory.mktemp("certificate")
    path, certificate = folder / "model.json.gz", folder / "certificate.jsonl"
    model.save(path)
    return path, certificate, certifier.certify(path, certificate, max_exponent=16, cutoff=2048)


def test_a_certificate_of_a_learned_v_is_accepted(files: tuple[Path, Path, Any]) -> None:
    path, certificate, masses = files
    found = check(certificate, path)
    assert found.density == masses.certified > Fraction(9, 10)
    assert found.complete
    assert found.lookahead == 5
    assert masses.certified + masses.refuted + masses.open == 1


def test_the_certified_density_does_not_exceed_what_random_numbers_show(
    files: tuple[Path, Path, Any], model: Potential
) -> None:
    rng = np.random.default_rng(2)
    limbs = rng.integers(0, 2**63, (200_000, 2), dtype=np.uint64) | np.uint64(1)
    passed = decide(model, limbs).passes.mean()
    error = 4 * (0.05 * 0.95 / 200_000) ** 0.5
    assert float(files[2].certified) <= passed + error
    assert float(1 - files[2].refuted) >= passed - error


def test_the_closed_form_certifies_to_its_exact_fraction(tmp_path: Path) -> None:
    zero_potential().save(tmp_path / "log.json.gz")
    masses = certifier.certify(tmp_path / "log.json.gz", tmp_path / "c.jsonl", head=10, max_exponent=28)
    assert 1 - masses.certified == Fraction(7495, 2**17)
    assert check(tmp_path / "c.jsonl", tmp_path / "log.json.gz").density == masses.certified


def _tamper(lines: list[Any], edit: Callable[[list[Any]], None], path: Path) -> Path:
    copied = json.loads(json.dumps(lines))
    edit(copied)
    path.write_text("".join(json.dumps(line) + "\n" for line in copied))
    return path


def _first(lines: list[Any], wanted: Callable[[list[Any]], bool]) -> list[Any]:
    return next(line for line in lines[1:-1] if wanted(line))


def _widen(lines: list[Any]) -> None:
    """A class loses its last valuation: twice as many numbers, or more, than were shown."""
    line = _first(lines, lambda line: len(line[0]) > max(2, line[2]) and not line[1])
    line[0] = line[0][:-1]
    del lines[-1]


def _widen_tail(lines: list[Any]) -> None:
    line = next(line for line in reversed(lines[1:-1]) if line[1] and line[0][-1] > 2)
    line[0][-1] = 1
    del lines[-1]


def _overlap(lines: list[Any]) -> None:
    lines[-1] = _first(lines, lambda line: len(line[0]) > 2)


def _wrong_index(lines: list[Any]) -> None:
    _first(lines, lambda line: line[2] == 2 and line[0][0] == 1)[2] = 1


def _wrong_residue(lines: list[Any]) -> None:
    """The first line has no prefix among the others, so what it leaves out was not shown for its index."""
    word, tail, index, residues = lines[1]
    lines[1:] = [[word, tail, index, [r for r in range(3) if r not in residues]]]


def _wrong_sum(lines: list[Any]) -> None:
    del lines[1]


def _something_after_the_summary(lines: list[Any]) -> None:
    lines.append(lines[-1])


def _fewer_exceptions(lines: list[Any]) -> None:
    lines[0]["exceptions"] = lines[0]["exceptions"][1:]


FAULTS = [
    (_widen, "need not fall"),
    (_widen_tail, "need not fall"),
    (_overlap, "overlaps"),
    (_wrong_index, "need not fall"),
    (_wrong_residue, "need not fall"),
    (_wrong_sum, "add up"),
    (_something_after_the_summary, "something follows"),
    (_fewer_exceptions, "exceptions differ"),
]


@pytest.mark.parametrize(("fault", "message"), FAULTS, ids=[f.__name__.strip("_") for f, _ in FAULTS])
def test_a_planted_fault_is_refused(
    files: tuple[Path, Path, Any], tmp_path: Path, fault: Callable[[list[Any]], None], message: str
) -> None:
    path, certificate, _ = files
    lines = [json.loads(line) for line in certificate.read_text().splitlines()]
    with pytest.raises(CertificateError, match=message):
        check(_tamper(lines, fault, tmp_path / "bad.jsonl"), path)


def test_overlapping_classes_are_refused_even_without_a_summary(files: tuple[Path, Path, Any], tmp_path: Path) -> None:
    path, certificate, _ = files
    lines = [json.loads(line) for line in certificate.read_text().splitlines()][:-1]
    nested = _first([*lines, None], lambda line: not line[1] and len(line[0]) > line[2])
    lines.append([[*nested[0], 1], 0, nested[2], nested[3]])
    with pytest.raises(CertificateError, match="overlaps"):
        check(_tamper(lines, lambda _: None, tmp_path / "bad.jsonl"), path)


def test_a_cutoff_below_what_a_class_needs_is_refused(tmp_path: Path) -> None:
    """(1, 1, 1, 2, 3) has 2^8 > 3^5 and b = 227: T^5(n) < n for n > 227/13 = 17.5, so from 18 on."""
    zero_potential().save(tmp_path / "log.json.gz")
    certifier.certify(tmp_path / "log.json.gz", tmp_path / "c.jsonl", head=4, max_exponent=14, cutoff=3)
    header = json.loads((tmp_path / "c.jsonl").read_text().splitlines()[0])
    word = [1, 1, 1, 2, 3]
    offset, total = 0, 0
    for k in word:
        offset, total = 3 * offset + (1 << total), total + k
    needed = offset // (2**total - 3**5) + 1
    assert (offset, needed) == (227, 18)
    for cutoff, holds in ((needed, True), (needed - 1, False)):
        model = load_potential(tmp_path / "log.json.gz").with_head(4)
        header |= {"cutoff": cutoff, "exceptions": certifier.exceptions_below(model, cutoff)}
        path = tmp_path / f"{cutoff}.jsonl"
        path.write_text(json.dumps(header) + "\n" + json.dumps([word, 0, 5, [0]]) + "\n")
        if holds:
            assert check(path, tmp_path / "log.json.gz").density == Fraction(1, 2**total)
        else:
            with pytest.raises(CertificateError, match="need not fall"):
                check(path, tmp_path / "log.json.gz")


def test_a_wrong_margin_in_the_model_is_refused(files: tuple[Path, Path, Any], tmp_path: Path) -> None:
    path, certificate, _ = files
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    word, tail, row = json.loads(lines[5])
    lines[5] = json.dumps([word, tail, [v + 200 for v in row]])
    forged = tmp_path / path.name
    forged.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    with pytest.raises(CertificateError, match="not the model"):
        check(certificate, forged)
    import hashlib

    text = certificate.read_text().splitlines()
    header = json.loads(text[0]) | {"model_sha256": hashlib.sha256(forged.read_bytes()).hexdigest()}
    renamed = tmp_path / "renamed.jsonl"
    renamed.write_text("\n".join([json.dumps(header), *text[1:]]) + "\n")
    with pytest.raises(CertificateError, match=r"need not fall|exceptions differ"):
        check(renamed, forged)


def test_a_certificate_cut_off_mid_line_still_holds_for_what_it_lists(
    files: tuple[Path, Path, Any], tmp_path: Path
) -> None:
    path, certificate, masses = files
    text = certificate.read_text()
    short = tmp_path / "short.jsonl"
    short.write_text(text[: 2 * len(text) // 3])
    found = check(short, path)
    assert not found.complete
    assert 0 < found.density < masses.certified


class Killed(Exception):
    pass


def test_a_certifier_killed_inside_a_level_goes_on_to_the_same_file(
    files: tuple[Path, Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, certificate, _ = files
    again, state = tmp_path / "again.jsonl", tmp_path / "again.jsonl.state.npz"
    monkeypatch.setattr(certifier, "CHUNK", 50)  # so that two threads have something to share
    whole, seen, batches = certifier._advance, [0], []

    def killed(*arguments: Any) -> Any:
        batches.append(len(arguments[1].lengths))
        if seen[-1] >= 10 and len(batches) == 2:
            raise Killed
        return whole(*arguments)

    def report(exponent: int, _masses: certifier.Masses) -> None:
        seen.append(exponent)
        batches.clear()

    monkeypatch.setattr(certifier, "_advance", killed)
    with pytest.raises(Killed):
        certifier.certify(path, again, max_exponent=16, cutoff=2048, threads=2, report=report)
    monkeypatch.setattr(certifier, "_advance", whole)
    with np.load(state) as saved:
        assert again.stat().st_size > int(saved["bytes"])  # lines of a level that was not finished
    assert max(batches) > 2 * certifier.CHUNK
    with again.open("a") as file:
        file.write("[[1,1],0,1,[0]]\n[[1,")  # and one cut off in the middle
    certifier.certify(path, again, max_exponent=16, cutoff=2048, threads=2)
    assert again.read_bytes() == certificate.read_bytes()


def test_a_finished_certificate_is_carried_to_a_larger_exponent(files: tuple[Path, Path, Any], tmp_path: Path) -> None:
    path, certificate, masses = files
    again, levels = tmp_path / "again.jsonl", []
    first = certifier.certify(path, again, max_exponent=10, cutoff=2048)
    assert check(again, path).density == first.certified < masses.certified
    assert certifier.certify(path, again, max_exponent=10, cutoff=2048) == first
    assert (
        certifier.certify(path, again, max_exponent=16, cutoff=2048, report=lambda exponent, _: levels.append(exponent))
        == masses
    )
    assert levels == [12, 14, 16]
    assert again.read_bytes() == certificate.read_bytes()


def test_a_certificate_without_its_state_is_not_overwritten(files: tuple[Path, Path, Any], tmp_path: Path) -> None:
    path, certificate, _ = files
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes(certificate.read_bytes())
    with pytest.raises(DataError, match=r"no kept\.jsonl\.state\.npz lies beside it"):
        certifier.certify(path, kept, max_exponent=18, cutoff=2048)
    assert kept.read_bytes() == certificate.read_bytes()


def test_a_certificate_shorter_than_its_state_is_refused(files: tuple[Path, Path, Any], tmp_path: Path) -> None:
    path, _, _ = files
    cut = tmp_path / "cut.jsonl"
    certifier.certify(path, cut, max_exponent=10, cutoff=2048)
    cut.write_text(cut.read_text().splitlines(keepends=True)[0])
    with pytest.raises(DataError, match="shorter than"):
        certifier.certify(path, cut, max_exponent=12, cutoff=2048)


def test_a_state_of_another_run_is_refused(files: tuple[Path, Path, Any], tmp_path: Path) -> None:
    path, _, _ = files
    certificate = tmp_path / "c.jsonl"
    with pytest.raises(ZeroDivisionError):
        certifier.certify(path, certificate, max_exponent=16, cutoff=2048, report=lambda *_: 1 // 0)
    with pytest.raises(DataError, match="another model, head or cutoff"):
        certifier.certify(path, certificate, max_exponent=16, cutoff=700)


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_classes_hold_under_a_larger_head_with_fewer_exceptions(
    files: tuple[Path, Path, Any], tmp_path: Path, ending: str
) -> None:
    path, certificate, masses = files
    larger, again = tmp_path / f"larger{ending}", tmp_path / f"again{ending}"
    assert for_larger_head(path, certificate, larger, 4) == masses.certified
    assert for_larger_head(path, larger, again, 4) == masses.certified
    before, found = check(certificate, path), check(larger, path)
    assert (found.density, found.classes, found.lookahead) == (before.density, before.classes, before.lookahead + 3)
    assert set(found.exceptions) < set(before.exceptions)
    assert larger.read_bytes() == again.read_bytes()


def test_classes_are_not_taken_over_where_they_would_say_nothing(files: tuple[Path, Path, Any], tmp_path: Path) -> None:
    path, certificate, _ = files
    short, other = tmp_path / "short.jsonl", tmp_path / "other.json.gz"
    short.write_text("".join(certificate.read_text().splitlines(keepends=True)[:-1]))
    zero_potential(1).save(other)
    for model, source, target, head, message in (
        (path, certificate, "a", 0, "nothing about one of 0"),
        (path, short, "b", 2, "ends without a summary"),
        (other, certificate, "c", 2, "another model"),
        (path, certificate, "short.jsonl", 2, "exists"),
    ):
        with pytest.raises(DataError, match=message):
            for_larger_head(model, source, tmp_path / target, head)


def test_the_checker_shares_no_code_with_the_certifier_and_is_short() -> None:
    import evenhand_systems.lyapunov.certificates.checker as module

    source = Path(str(module.__file__)).read_text()
    assert len(source.splitlines()) < 280
    imports = [line for line in source.splitlines() if line.startswith(("import", "from")) and "evenhand" in line]
    assert imports == ["from evenhand.errors import DataError"]
    assert not any(word in source for word in ("numpy", "float(", "import math", "numba"))
