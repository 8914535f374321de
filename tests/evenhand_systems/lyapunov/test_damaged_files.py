"""Certificates, potentials, evaluation sets and networks that are damaged or ask for too much: one sentence each."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from evenhand.errors import DataError
from evenhand_systems.lyapunov.certificates import certifier
from evenhand_systems.lyapunov.certificates.checker import CertificateError, check
from evenhand_systems.lyapunov.certificates.extend import for_larger_head
from evenhand_systems.lyapunov.certificates.form import verified
from evenhand_systems.lyapunov.networks.network import LyapunovNetwork, load_checkpoint, save_checkpoint
from evenhand_systems.lyapunov.numbers.evaluation_set import generate, read_csv, write_csv
from evenhand_systems.lyapunov.numbers.features import FeatureSpec
from evenhand_systems.lyapunov.potentials.potential import load_potential, zero_potential
from tests.full_disk import largest_file
from tests.mutations import assert_only_data_errors, json_mutations, mutations


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(certificate, model) of a small head over log n."""
    folder = tmp_path_factory.mktemp("sound")
    model, certificate = folder / "v.json.gz", folder / "c.jsonl"
    zero_potential(2).save(model)
    certifier.certify(model, certificate, cutoff=64, max_exponent=6)
    return certificate, model


def signed(folder: Path, certificate: Path, model: bytes) -> tuple[Path, Path]:
    """The certificate, made to name this model."""
    path, other = folder / "of-model.json.gz.jsonl", folder / "model.json.gz"
    other.write_bytes(model)
    header, rest = certificate.read_text().split("\n", 1)
    digest = hashlib.sha256(model).hexdigest()
    path.write_text(json.dumps(json.loads(header) | {"model_sha256": digest}) + "\n" + rest)
    return path, other


def packed(lines: list[Any]) -> bytes:
    return gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode(), mtime=0)


def unpacked(model: Path) -> list[Any]:
    return [json.loads(line) for line in gzip.decompress(model.read_bytes()).splitlines()]


@pytest.mark.parametrize(
    "change",
    [
        {"units": 0}, {"units": True}, {"units": -1}, {"units": 41.0}, {"units": 10**7}, {"units": 10**400},
        {"units": None}, {"units": "41"}, {"residue_power": 10**6}, {"residue_power": False}, {"residue_power": -1},
        {"lookahead": 10**30}, {"lookahead": 0}, {"lookahead": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_potential_with_sizes_that_cannot_be_is_refused_by_the_checker(
    sound: tuple[Path, Path], tmp_path: Path, change: dict[str, Any]
) -> None:
    head, *rows = unpacked(sound[1])
    certificate, model = signed(tmp_path, sound[0], packed([head | change, *rows]))
    with pytest.raises(CertificateError, match=rf"model\.json\.gz:1: expected {next(iter(change))} as a whole number"):
        check(certificate, model)


@pytest.mark.parametrize(
    "change",
    [
        {"head": 10**30}, {"head": True}, {"head": 1.0}, {"head": "2"}, {"head": -1}, {"cutoff": 2}, {"cutoff": 10**30},
        {"cutoff": 64.5}, {"cutoff": None}, {"exceptions": [3.0]}, {"exceptions": [True]}, {"exceptions": [10**400]},
        {"exceptions": 3}, {"format": 1},
    ],
    ids=lambda change: str(change)[:40],
)  # fmt: skip
def test_a_header_with_numbers_that_cannot_be_is_refused_by_the_checker(
    sound: tuple[Path, Path], tmp_path: Path, change: dict[str, Any]
) -> None:
    header, rest = sound[0].read_text().split("\n", 1)
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(json.loads(header) | change) + "\n" + rest)
    with pytest.raises(CertificateError, match=r"c\.jsonl:1: (expected|is of another format)"):
        check(path, sound[1])
    with pytest.raises(DataError, match=r"c\.jsonl:1"):
        verified(path, sound[1])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[[1000000000000],0,1,[0]]", "bad word or index"),
        ("[[1,1000000000],0,1,[0]]", "bad word or index"),
        (json.dumps([[1] * 600, 0, 1, [0]]), "bad word or index"),
        ("[[2,true],0,1,[0]]", "bad word or index"),
        ("[[2],0,true,[0]]", "bad word or index"),
        ("[[2],7,1,[0]]", "bad word or index"),
        ("[[2],false,1,[0]]", "bad word or index"),
        ("[[2],0,1,[false]]", "a residue is out of range"),
        ("[[2],0,1,[-1]]", "a residue is out of range"),
        ("[[2],0,1,[0]", "no usable JSON"),
        ("[[2],0,Infinity,[0]]", "Infinity is no number"),
        ("[" * 100_000, "no usable JSON"),
        ("9" * 5000, "no usable JSON"),
        ("7", "expected a class"),
        ('{"certified": Infinity}', "Infinity is no number"),
        ('{"certified": 1}', "expected a summary"),
        ('{"certified": "1e999999999"}', "expected a summary"),
        ('{"certified": "1/0"}', "expected a summary"),
        ("{}", "expected a summary"),
    ],
    ids=lambda text: text[:30],
)
def test_a_line_that_is_no_class_is_refused_by_the_checker_itself(
    sound: tuple[Path, Path], tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(sound[0].read_text().split("\n", 1)[0] + f"\n{line}\n")
    with pytest.raises(CertificateError, match=rf"c\.jsonl:2: {message}|c\.jsonl:2: no usable JSON: {message}"):
        check(path, sound[1])


def test_sizes_that_are_each_allowed_and_take_hours_together_are_refused(
    sound: tuple[Path, Path], tmp_path: Path
) -> None:
    header, rest = sound[0].read_text().split("\n", 1)
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(json.loads(header) | {"head": 1000, "cutoff": 10**6}) + "\n" + rest)
    with pytest.raises(CertificateError, match="are the most"):
        check(path, sound[1])


@pytest.mark.parametrize(("head", "cutoff"), [(1001, 64), (2, 10**6 + 1)])
def test_nothing_is_certified_that_the_checker_would_not_look_at(
    sound: tuple[Path, Path], tmp_path: Path, head: int, cutoff: int
) -> None:
    with pytest.raises(DataError, match="of a certificate lies in"):
        certifier.certify(sound[1], tmp_path / "c.jsonl", head=head, cutoff=cutoff)
    assert not (tmp_path / "c.jsonl").exists()


def test_a_damaged_certificate_is_told_as_a_data_error(sound: tuple[Path, Path], tmp_path: Path) -> None:
    content, path = sound[0].read_bytes(), tmp_path / "c.jsonl"
    refused, _ = assert_only_data_errors(lambda path: check(path, sound[1]), mutations(content), path)
    assert refused > 300
    refused, _ = assert_only_data_errors(lambda path: verified(path, sound[1]), mutations(content, seed=1), path)
    assert refused > 300


def test_a_damaged_compressed_certificate_is_told_as_a_data_error(sound: tuple[Path, Path], tmp_path: Path) -> None:
    content = gzip.compress(sound[0].read_bytes(), mtime=0)
    for read in (check, verified):
        refused, _ = assert_only_data_errors(
            lambda path, read=read: read(path, sound[1]), mutations(content), tmp_path / "c.jsonl.gz"
        )
        assert refused > 300


def test_a_certificate_whose_values_are_of_other_kinds_is_told_as_a_data_error(
    sound: tuple[Path, Path], tmp_path: Path
) -> None:
    document = [json.loads(line) for line in sound[0].read_text().splitlines()]

    def lines(content: bytes) -> bytes:
        found = json.loads(content)
        return "".join(json.dumps(line) + "\n" for line in (found if isinstance(found, list) else [found])).encode()

    damaged = map(lines, json_mutations(document))
    refused, _ = assert_only_data_errors(lambda path: check(path, sound[1]), damaged, tmp_path / "c.jsonl")
    assert refused > 300


def test_a_damaged_certificate_is_never_carried_to_a_larger_head(sound: tuple[Path, Path], tmp_path: Path) -> None:
    def carry(path: Path) -> None:
        target = tmp_path / "target.jsonl"
        target.unlink(missing_ok=True)
        for_larger_head(sound[1], path, target, 3)

    assert_only_data_errors(carry, mutations(sound[0].read_bytes()), tmp_path / "c.jsonl")


def test_a_damaged_potential_is_told_as_a_data_error_by_reader_and_checker(
    sound: tuple[Path, Path], tmp_path: Path
) -> None:
    text = gzip.decompress(sound[1].read_bytes())
    assert_only_data_errors(load_potential, mutations(sound[1].read_bytes()), tmp_path / "raw.json.gz")
    for read in (load_potential, lambda model: check(signed(tmp_path, sound[0], model.read_bytes())[0], model)):
        damaged = (gzip.compress(content, mtime=0) for content in mutations(text, seed=2))
        refused, _ = assert_only_data_errors(read, damaged, tmp_path / "model.json.gz")
        assert refused > 300


@pytest.mark.parametrize(
    "change",
    [
        {"lookahead": 10**30}, {"lookahead": 40, "depth": 30}, {"lookahead": True}, {"depth": 10**9},
        {"residue_power": 30}, {"head": 10**30}, {"head": -1}, {"head": 1.5},
    ],
    ids=str,
)  # fmt: skip
def test_a_potential_with_sizes_that_cannot_be_is_not_loaded(
    sound: tuple[Path, Path], tmp_path: Path, change: dict[str, Any]
) -> None:
    head, *rows = unpacked(sound[1])
    path = tmp_path / "v.json.gz"
    path.write_bytes(packed([head | change, *rows]))
    with pytest.raises(DataError, match=r"v\.json\.gz"):
        load_potential(path)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused(sound: tuple[Path, Path], tmp_path: Path) -> None:
    block = gzip.compress(b"\n" * (1 << 24), mtime=0)
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(block * 17)
    with pytest.raises(CertificateError, match="holds more than"):
        check(path, sound[1])


def test_a_damaged_state_of_a_certifier_is_refused(sound: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, state = tmp_path / "c.jsonl", tmp_path / "c.jsonl.state.npz"
    certifier.certify(sound[1], certificate, head=2, cutoff=64, max_exponent=4)
    begun, saved = certificate.read_bytes(), state.read_bytes()

    def go_on(path: Path) -> None:
        certificate.write_bytes(begun)
        certifier.certify(sound[1], certificate, head=2, cutoff=64, max_exponent=4)

    refused, _ = assert_only_data_errors(go_on, mutations(saved, count=60), state)  # each certifies anew: slow
    assert refused > 30


def test_damaged_evaluation_sets_are_told_as_data_errors(tmp_path: Path) -> None:
    content = b"n,T(n),growth,stopping_time,maximum,weight\n27,41,1,,,\n7,11,1,5,52,\n97,73,0,,,\n"
    refused, _ = assert_only_data_errors(read_csv, mutations(content), tmp_path / "set.csv")
    assert refused > 300


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "net.pt"
    save_checkpoint(LyapunovNetwork(FeatureSpec(5, ("log", "valuations")), (8,), seed=4), path)
    return path


def test_damaged_networks_are_told_as_data_errors(network: Path, tmp_path: Path) -> None:
    refused, _ = assert_only_data_errors(load_checkpoint, mutations(network.read_bytes()), tmp_path / "damaged.pt")
    assert refused > 100


def test_a_network_that_asks_for_any_amount_of_memory_or_holds_no_numbers_is_refused(network: Path) -> None:
    state = torch.load(network, weights_only=True)
    meta = json.loads(state["meta"])
    torch.save(state | {"meta": json.dumps(meta | {"layers": [10**12]})}, network)
    with pytest.raises(DataError, match=r"net\.pt: its weights are not those of hidden layers \[1000000000000\]"):
        load_checkpoint(network)
    broken = {name: torch.full_like(weight, float("nan")) for name, weight in state["weights"].items()}
    torch.save({"meta": state["meta"], "weights": broken}, network)
    with pytest.raises(DataError, match=r"net\.pt: weights are not finite"):
        load_checkpoint(network)


def test_on_a_full_disk_what_was_saved_before_stays_whole(sound: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, model = sound
    network = LyapunovNetwork(FeatureSpec(5), (64, 64), seed=4)
    writers = {
        "v.json.gz": lambda path: zero_potential(2).save(path),
        "network.pt": lambda path: save_checkpoint(network, path),
        "numbers.csv": lambda path: write_csv(generate(50, seed=5), path),
    }
    for name, write in writers.items():
        path = tmp_path / name
        write(path)
        before = path.read_bytes()
        with largest_file(len(before) // 2), pytest.raises((OSError, RuntimeError)):
            write(path)
        assert path.read_bytes() == before
    larger = tmp_path / "larger.jsonl"
    with largest_file(10), pytest.raises(OSError, match="too large"):
        for_larger_head(model, certificate, larger, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(writers)
