"""A small RWKV-7 from documentation: what is read, what is refused, and parts that add up to the whole."""

from __future__ import annotations

import importlib
import json
import math
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from evenhand.data import model_store
from evenhand.data.model_training import Order
from evenhand.errors import DataError
from evenhand_systems.rwkv7 import RWKV7Config, load_checkpoint
from evenhand_systems.rwkv7.small import judging, plain
from evenhand_systems.rwkv7.small.corpus import Piece, read_corpus
from evenhand_systems.rwkv7.small.making import SmallRWKV7
from evenhand_systems.rwkv7.small.training import Plan
from tests.evenhand_systems.rwkv7.small.debian import packages

pytest.importorskip("tokenizers")
if shutil.which("dpkg-deb") is None:
    pytest.skip("there is no dpkg-deb here", allow_module_level=True)

SIZES = RWKV7Config(
    layers=2, width=64, head_size=64, vocabulary=300, decay_rank=4, rate_rank=4, value_rank=4, gate_rank=4
)
PLAN = Plan(SIZES, steps=10, batch=2, length=16, warmup=2, save_every=3)


@pytest.fixture(scope="session")
def debs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SmallRWKV7]:
    folder = tmp_path_factory.mktemp("debs")
    return folder, SmallRWKV7("toy", "a toy", PLAN, packages(folder), judged=2)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def weights(store: Path) -> dict[str, torch.Tensor]:
    return dict(load_checkpoint(store / "toy").state_dict())


def test_a_trained_model_stands_among_the_models_with_tokenizer_licences_and_what_was_measured(
    store: Path, debs: tuple[Path, SmallRWKV7]
) -> None:
    folder, toy = debs
    done = toy.train(Order(sources=folder))
    assert (done.finished, done.steps, done.of) == (True, 10, 10)
    found = model_store.held("toy")
    assert found.sound
    assert found.facts is not None
    assert found.facts.parameters == sum(w.numel() for w in weights(store).values())
    licences = (store / "toy/LICENCES.txt").read_text()
    for name in ("manual", "words", "pages"):
        assert f"The rights of {name} are nobody's." in licences
        assert f"{name} (nobody's)" in found.facts.source
    measured = json.loads((store / "toy/training.json").read_text())["measured"]
    assert 0 < measured["bits_per_byte"] < 16
    assert measured["bits_per_byte.smollm2"] is None
    assert "evenhand models get smollm2" in measured["bits_per_byte.smollm2_reason"]


def test_training_that_was_stopped_and_goes_on_gives_the_weights_of_one_that_was_not(
    store: Path, debs: tuple[Path, SmallRWKV7]
) -> None:
    folder, toy = debs
    toy.train(Order(sources=folder))
    whole = weights(store)
    shutil.rmtree(store)
    stopped = toy.train(Order(sources=folder, minutes=0.0))
    assert (stopped.finished, stopped.steps) == (False, 0)
    assert toy.train(Order(steps=4, sources=folder)).finished  # a shorter plan, whose rate has fallen already
    assert toy.train(Order(steps=6, sources=folder)).finished
    toy.train(Order(sources=folder))
    parts = weights(store)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_the_same_packages_give_the_same_corpus(tmp_path: Path, debs: tuple[Path, SmallRWKV7]) -> None:
    folder, toy = debs
    found = []
    for place in ("a", "b"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EVENHAND_MODELS", str(tmp_path / place))
            toy.train(Order(sources=folder, minutes=0.0))
        corpus = read_corpus(tmp_path / place / ".toy.training/corpus")
        assert corpus is not None
        found.append(corpus.sha256)
    assert found[0] == found[1]


def test_a_corpus_that_was_changed_is_not_learned(store: Path, debs: tuple[Path, SmallRWKV7]) -> None:
    folder, toy = debs
    toy.train(Order(sources=folder, minutes=0.0))
    (store / ".toy.training/corpus/held_out.json").write_text("[]")
    with pytest.raises(DataError, match=r"held_out.json is not as it was written: remove .*corpus and train again"):
        toy.train(Order(sources=folder))


def test_a_package_that_is_not_the_published_one_is_refused(tmp_path: Path, debs: tuple[Path, SmallRWKV7]) -> None:
    folder, toy = debs
    for deb in folder.glob("*.deb"):
        shutil.copy(deb, tmp_path / deb.name)
    path = tmp_path / "words_1.0_all.deb"
    data = bytearray(path.read_bytes())
    data[-1500] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"words_1.0_all.deb is not the published words 1.0 \(its sha256 is another\)"):
        toy.train(Order(sources=tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.unlink(), "holds no file of the package words"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "is no sound Debian package"),
        (lambda path: path.write_text("<html>"), "is an HTML page, not the file itself"),
    ],
    ids=["missing", "cut", "page"],
)
def test_what_is_no_package_is_said_with_the_cure(
    tmp_path: Path, debs: tuple[Path, SmallRWKV7], change: object, message: str
) -> None:
    folder, toy = debs
    for deb in folder.glob("*.deb"):
        shutil.copy(deb, tmp_path / deb.name)
    change(tmp_path / "words_1.0_all.deb")  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        toy.train(Order(sources=tmp_path))


def test_a_checkpoint_of_another_training_is_not_gone_on_from(store: Path, debs: tuple[Path, SmallRWKV7]) -> None:
    folder, toy = debs
    toy.train(Order(steps=3, sources=folder))
    with pytest.raises(DataError, match="belongs to a training of other learning_rate"):
        replace(toy, plan=replace(PLAN, learning_rate=1.0)).train(Order(sources=folder))
    (store / ".toy.training/checkpoint.pt").write_text("no")
    with pytest.raises(DataError, match="is no sound checkpoint"):
        toy.train(Order(sources=folder))


def test_a_dictionary_is_an_entry_a_line_and_html_has_no_tags(tmp_path: Path) -> None:
    (tmp_path / "a.dict.dz").write_text(
        "00-database-url\n   x\nset\n    n 1: a\n       group [1913 Webster]\n\nsee\n   v 1: look\n"
    )
    (tmp_path / "a.dict.dz").rename(tmp_path / "a.dict")
    assert [text for _, text in plain.texts(tmp_path, "*.dict", "dictionary")] == ["set n 1: a group\nsee v 1: look\n"]
    (tmp_path / "a.html").write_text(
        "<head>h</head><p>one <b>two</b></p><script>s</script><p>a&amp;b" + " c" * 100 + "</p>"
    )
    ((_, text),) = plain.texts(tmp_path, "*.html", "html")
    assert text == "one two\na&b" + " c" * 100 + "\n"


def test_bits_per_byte_are_of_bytes_whatever_the_tokenizer() -> None:
    found = judging.bits_per_byte(lambda text: len(text) * math.log(2), [Piece("a", "abcd"), Piece("b", "éé")])
    assert found == pytest.approx({"all": 6 / 8, "a": 1.0, "b": 0.5})


def test_the_rate_of_a_longer_plan_is_that_of_a_shorter_one_until_it_falls() -> None:
    shorter, longer = Plan(SIZES, steps=1000), Plan(SIZES, steps=5000)
    assert [shorter.rate(k) for k in range(800)] == [longer.rate(k) for k in range(800)]
    assert shorter.rate(999) < 0.01 * longer.rate(999)


def test_the_model_is_registered_under_its_name() -> None:
    with Path("pyproject.toml").open("rb") as file:
        entries = tomllib.load(file)["project"]["entry-points"]["evenhand.models"]
    for name, place in entries.items():
        module, _, attribute = place.partition(":")
        model = getattr(importlib.import_module(module), attribute)
        assert model.name == name
        assert len(model.packages) == len({package.sha256 for package in model.packages})
