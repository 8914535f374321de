"""Models by name: kept whole or not at all, checked, and found wherever a model is named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.data import model_store, models
from evenhand.errors import DataError
from evenhand.files import folder_hash
from tests.full_disk import largest_file

FACTS = model_store.Facts("a toy", 10, "Apache-2.0", "toy==1.0", "0" * 64, "1" * 64)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "models"


def write(folder: Path, meanwhile: Path) -> model_store.Facts:
    (meanwhile / "wheel").write_text("large")
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_text("weights")
    return FACTS


def write_llama(folder: Path, meanwhile: Path) -> model_store.Facts:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=11, max_position_embeddings=16, **small)).save_pretrained(folder)
    return FACTS


def never(folder: Path, meanwhile: Path) -> model_store.Facts:
    raise AssertionError("it is there and sound")


def test_the_models_folder_is_the_one_that_is_named_or_in_the_users_cache(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert model_store.models_folder() == store
    monkeypatch.setenv("EVENHAND_MODELS", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert model_store.models_folder() == tmp_path / "cache/evenhand/models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert model_store.models_folder() == tmp_path / ".cache/evenhand/models"


def test_a_model_that_was_kept_is_sound_and_nothing_else_stays_behind(store: Path) -> None:
    assert model_store.keep("toy", write)
    found = model_store.held("toy")
    assert (found.sound, found.finding, found.facts) == (True, "", FACTS)
    assert {path.name for path in (store / "toy").iterdir()} == {"config.json", "model.safetensors", "evenhand.json"}
    assert {path.name for path in store.iterdir()} == {"toy", ".toy.lock"}


def test_keeping_it_again_does_nothing_unless_it_is_asked_for(store: Path) -> None:
    model_store.keep("toy", write)
    before = (store / "toy/model.safetensors").stat().st_mtime_ns
    assert not model_store.keep("toy", never)
    assert (store / "toy/model.safetensors").stat().st_mtime_ns == before
    assert model_store.keep("toy", write, again=True)
    assert model_store.held("toy").sound


def test_a_sound_model_in_a_folder_to_read_only_is_taken_as_it_is(store: Path) -> None:
    model_store.keep("toy", write)
    (store / ".toy.lock").unlink()
    store.chmod(0o555)
    try:
        assert not model_store.keep("toy", never)
    finally:
        store.chmod(0o755)
    assert not (store / ".toy.lock").exists()


def damage(folder: Path, how: str) -> None:
    weights, manifest = folder / "model.safetensors", folder / "evenhand.json"
    if how == "changed":
        weights.write_text("weightz")
    elif how == "cut":
        weights.write_text("")
    elif how == "missing":
        weights.unlink()
    elif how == "adapter":
        (folder / "adapter_config.json").write_text("{}")
    elif how == "no manifest":
        manifest.unlink()
    elif how == "torn manifest":
        manifest.write_text(manifest.read_text()[:40])
    elif how == "other manifest":
        manifest.write_text("[]")
    elif how == "manifest without files":
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"files": {"config.json": 3}}))
    else:
        raise AssertionError(how)


DAMAGES = {
    "changed": "model.safetensors is not as it was written",
    "cut": "model.safetensors is not as it was written",
    "missing": "model.safetensors is missing",
    "adapter": "adapter_config.json does not belong there",
    "no manifest": "evenhand.json cannot be read",
    "torn manifest": "evenhand.json",
    "other manifest": "evenhand.json is no manifest",
    "manifest without files": "evenhand.json is no manifest",
}


@pytest.mark.parametrize(("how", "said"), DAMAGES.items())
def test_damage_is_told_with_the_cure_and_mended_only_when_asked(store: Path, how: str, said: str) -> None:
    model_store.keep("smollm2", write)
    damage(store / "smollm2", how)
    found = model_store.held("smollm2")
    assert found.sound is False
    assert said in found.finding
    assert "evenhand models get smollm2 --force" in found.finding
    with pytest.raises(DataError, match=r"get smollm2 --force`\.$"):
        model_store.keep("smollm2", write)
    with pytest.raises(DataError, match=r"get smollm2 --force`\.$"):
        model_store.resolved("smollm2")
    assert model_store.keep("smollm2", write, again=True)
    assert model_store.held("smollm2").sound
    assert model_store.resolved("smollm2") == str(store / "smollm2")


def test_a_failure_on_the_way_leaves_what_was_there(store: Path) -> None:
    model_store.keep("toy", write)
    before = folder_hash(store / "toy")

    def fails(folder: Path, meanwhile: Path) -> model_store.Facts:
        write(folder, meanwhile)
        raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="out of luck"):
        model_store.keep("toy", fails, again=True)
    assert folder_hash(store / "toy") == before
    assert {path.name for path in store.iterdir()} == {"toy", ".toy.lock"}


KILLED = """
import os, signal
from evenhand.data import model_store

def write(folder, meanwhile):
    (folder / "model.safetensors").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)

model_store.keep("toy", write)
"""


def test_killed_in_the_middle_there_is_no_model_and_the_next_try_clears_up(store: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], env=dict(os.environ), check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert not model_store.held("toy").present
    assert list(store.glob(".toy.*.part"))
    assert model_store.keep("toy", write)
    assert model_store.held("toy").sound
    assert {path.name for path in store.iterdir()} == {"toy", ".toy.lock"}


def test_a_full_disk_is_one_sentence_with_the_cure(store: Path) -> None:
    def large(folder: Path, meanwhile: Path) -> model_store.Facts:
        (folder / "model.safetensors").write_bytes(bytes(100_000))
        return FACTS

    with pytest.raises(DataError, match="another in EVENHAND_MODELS"), largest_file(50_000):
        model_store.keep("toy", large)
    assert not model_store.held("toy").present


def test_a_models_folder_that_cannot_be_made_is_one_sentence_with_the_cure(store: Path) -> None:
    store.write_text("a file")
    with pytest.raises(DataError, match=r"models cannot be written .*another in EVENHAND_MODELS\.$"):
        model_store.keep("toy", write)


def test_a_name_stands_for_its_folder_and_anything_else_for_itself(store: Path, tmp_path: Path) -> None:
    model_store.keep("toy", write)
    assert model_store.resolved("toy") == str(store / "toy")
    for other in ("org/model", "gpt2", "./toy", "/nowhere", "~/toy"):
        assert model_store.resolved(other) == other
    (tmp_path / "claims/toy").mkdir(parents=True)
    assert model_store.model_place("toy", tmp_path) == store / "toy"
    assert model_store.model_place("toy", tmp_path / "claims") == tmp_path / "claims/toy", "what lies beside goes first"
    assert model_store.model_place("org/model", tmp_path) is None


@pytest.mark.slow  # importing transformers takes five seconds
def test_a_known_model_that_is_not_there_is_asked_for_in_one_sentence() -> None:
    from transformers import AutoModelForCausalLM

    for ask in (
        lambda: models.load_model(AutoModelForCausalLM, "smollm2"),
        lambda: models.load_tokenizer("smollm2"),
        lambda: models.check_folder("smollm2"),
        lambda: model_store.model_place("smollm2", Path("claims")),
    ):
        with pytest.raises(DataError, match=r"'smollm2' is not there .*; run `evenhand models get smollm2`\.$"):
            ask()


@pytest.mark.slow
def test_a_model_loads_by_its_name_like_by_its_folder(store: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model_store.keep("toy", write_llama)
    by_name, by_folder = (models.load_model(AutoModelForCausalLM, path) for path in ("toy", str(store / "toy")))
    assert torch.equal(by_name.lm_head.weight, by_folder.lm_head.weight)
    assert models.provenance("toy", by_name) == models.provenance(str(store / "toy"), by_folder)


def test_the_hash_of_a_kept_model_is_that_of_its_folder_and_a_damaged_one_has_none(store: Path) -> None:
    model_store.keep("toy", write)
    assert model_store.checked_hash(store / "toy") == folder_hash(store / "toy")
    damage(store / "toy", "changed")
    with pytest.raises(DataError, match="not as it was written"):
        model_store.checked_hash(store / "toy")


def test_folders_that_were_not_kept_by_name_have_the_hash_that_they_have(store: Path, tmp_path: Path) -> None:
    for folder in (tmp_path / "own", store / "own"):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_text("weights")
        assert model_store.checked_hash(folder) == folder_hash(folder)


def test_two_machines_have_one_hash_of_one_model(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model_store.keep("toy", write)
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "elsewhere"))
    model_store.keep("toy", write)
    assert folder_hash(store / "toy") == folder_hash(tmp_path / "elsewhere/toy")


def test_all_models_are_listed_those_that_could_be_there_too(store: Path) -> None:
    could_be = [("rwkv7-small", None), ("smollm2", None)]
    assert [(one.name, one.sound) for one in model_store.all_held()] == could_be
    model_store.keep("toy", write)
    (store / "scratch").mkdir()
    assert [(one.name, one.sound) for one in model_store.all_held()] == [*could_be, ("toy", True)]
