"""Hidden states of a frozen source, computed once and kept on disk, bound to the model that they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from evenhand.data import reading
from evenhand.errors import DataError
from evenhand.recipes import working
from evenhand_systems.bridge.models.language_model import LanguageModel

KEYS_AND_VALUES = "keys and values of "
"""Before a number of layers: what stands for a layer where those are read."""

SHARD = 4096
"""Texts per file."""


class StateCache:
    """Read access to cached states; a text's states (T, C) by its text.

    Attributes:
        width: C.
    """

    def __init__(self, folder: Path, model_hash: str, layer: int | str) -> None:
        """Open a cache.

        Raises:
            DataError: the folder holds no cache, or states of another model or layer.
        """
        try:
            about = _about(folder / "states.json")
        except DataError as error:
            raise DataError(f"There is no readable cache of hidden states in {folder}: {error}") from error
        if about.get("model") != model_hash:
            raise DataError(
                f"The cached states in {folder} (states.json) belong to another model (its hash is "
                f"{str(about.get('model'))[:12]}, this model's {model_hash[:12]}). Remove the folder to compute anew."
            )
        if about.get("layer") != layer:
            raise DataError(
                f"The cached states in {folder} (states.json) are of layer {about.get('layer')}; layer {layer} is "
                "asked."
            )
        self._places: dict[str, tuple[int, int, int]] = {k: (v[0], v[1], v[2]) for k, v in about["places"].items()}
        self._shards: list[Any] = []
        self._folder = folder
        for number in range(about["shards"]):
            path = folder / f"states-{number:05d}.safetensors"
            if path.exists():
                reading.check_file(path)
            try:
                # Opened, not read: a cache of a large model's states is larger than the memory.
                opened: Any = safe_open(path, framework="pt")
                self._shards.append(opened.get_slice("states"))
            except (OSError, SafetensorError, RuntimeError, ValueError) as error:
                raise DataError(f"The cache file {path.name}, of states.json, is missing or torn: {error}.") from error
        self.width = int(about["width"])

    def __len__(self) -> int:
        return len(self._places)

    def states(self, text: str) -> Tensor:
        """States (T, C) of a text.

        Raises:
            DataError: the text is not in the cache.
        """
        place = self._places.get(text_key(text))
        if place is None:
            raise DataError(
                f"The cache of hidden states has no text '{text[:60]}' ({self._folder / 'states.json'}); remove its "
                "folder to compute anew."
            )
        shard, start, stop = place
        found: Tensor = self._shards[shard][start:stop]
        if found.shape != (stop - start, self.width) or not bool(torch.isfinite(found).all()):
            raise DataError(
                f"The cached states in {self._folder} are damaged (states-{shard:05d}.safetensors or states.json): "
                f"those of '{text[:60]}' are not {stop - start} rows of finite numbers. Remove the folder to compute "
                "them anew."
            )
        return found

    def batch(self, texts: Sequence[str], device: torch.device) -> tuple[Tensor, Tensor]:
        """Right-padded states (B, S, C) and their mask (B, S)."""
        return pad_states([self.states(text) for text in texts], device)


def _about(path: Path) -> dict[str, Any]:
    """What a cache holds, in a form that can be relied on.

    Raises:
        DataError: the file is damaged.
    """

    def whole(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40

    found = reading.read_json(path)
    about: dict[str, Any] = found if isinstance(found, dict) else {}
    places, shards = about.get("places"), about.get("shards")
    sound = (
        whole(shards)
        and whole(about.get("width"))
        and isinstance(places, dict)
        and all(
            isinstance(place, list) and len(place) == 3 and all(map(whole, place))
            and place[0] < about["shards"] and place[1] < place[2]
            for place in places.values()
        )
    )  # fmt: skip
    if not sound:
        raise DataError(f"{path} says no places of states. Remove its folder to compute them anew.")
    return about


def pad_states(rows: Sequence[Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Right-padded states (B, S, C) and their mask (B, S)."""
    padded = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    mask = (torch.arange(padded.shape[1]) < lengths[:, None]).long()
    return padded.to(device), mask.to(device)


def read_states(source: LanguageModel, texts: Sequence[str], layer: int | str) -> list[Tensor]:
    """What is carried over of each text: hidden states of a layer, or keys and values (``"keys and values of 3"``)."""
    if isinstance(layer, int):
        return source.hidden_states(texts, layer)
    return source.keys_and_values(texts, int(layer.removeprefix(KEYS_AND_VALUES)))


def write_cache(
    folder: Path, source: LanguageModel, texts: Sequence[str], layer: int | str, model_hash: str, batch: int = 32
) -> None:
    """Compute and save the states of all texts; texts that stand twice are computed once."""
    folder.mkdir(parents=True, exist_ok=True)
    unique = sorted(set(texts), key=lambda text: (len(text), text))
    places: dict[str, tuple[int, int, int]] = {}
    shards, width = 0, source.width
    for start in range(0, len(unique), SHARD):
        part = unique[start : start + SHARD]
        working.tell("caching hidden states", start, len(unique))
        rows = [state for i in range(0, len(part), batch) for state in read_states(source, part[i : i + batch], layer)]
        offset, width = 0, int(rows[0].shape[1])
        for text, row in zip(part, rows, strict=True):
            places[text_key(text)] = (shards, offset, offset + len(row))
            offset += len(row)
        save_file({"states": torch.cat(rows).cpu().contiguous()}, folder / f"states-{shards:05d}.safetensors")
        shards += 1
    about = {"model": model_hash, "layer": layer, "width": width, "shards": shards, "places": places}
    folder.joinpath("states.json").write_text(json.dumps(about), encoding="utf-8")


def text_key(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
