"""Whether a model's config and the weights beside it belong together, seen before anything of its size is allocated.

A config is a file like any other: with a width of 10**12 or a million layers in it, the memory would be gone, or the
machine busy for hours, before anybody compared it with the weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evenhand.data import reading
from evenhand.errors import DataError, counted

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
"""Endings of files with weights."""
MOST_MODULES = 1000
"""Layers or experts that a config may name whatever the weights are; beyond, there must be as many tensors."""
_MODULES = re.compile(r"layer|expert|depth")
_NO_COUNT = re.compile(r"size|dim|width|hidden_(?!layers)")
_FEWEST_BITS = 1
_BUFFERS = 1 << 26
"""Numbers that a model may hold beside its weights (tables of positions, masks)."""


def check_sizes(auto: Any, folder: Path) -> None:
    """Compare the model that a folder's config describes with the weights that lie there.

    Args:
        auto: the class of transformers that loads it.
        folder: with ``config.json`` and weights.

    Raises:
        DataError: no config that transformers knows, sizes that cannot be, or sizes other than those of the weights.
    """
    path = folder / "config.json"
    document = reading.read_json(path)
    if not isinstance(document, dict):
        raise DataError(f"{path} must hold an object; found {type(document).__name__}.")
    stored = shapes(folder)
    most = max(MOST_MODULES, len(stored))
    for place, value in _numbers(document):
        key = place.rpartition(".")[2]
        if value > most and _MODULES.search(key) and not _NO_COUNT.search(key):
            raise DataError(f"{path}: {place} = {value} cannot be; {_held(folder, stored)}.")
    _compare(_described(auto, folder, path), stored, folder, quantised="quantization_config" in document)


def shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors in the safetensors files of a folder, from their headers alone.

    Raises:
        DataError: a file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    found: dict[str, tuple[int, ...]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt") as file:
                found |= {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, ValueError) as error:
            raise DataError(f"{path}: no sound safetensors file ({str(error)[:200]}). Copy it again.") from error
    return found


def check_all_read(model: Any, unexpected: Iterable[str], path: str) -> None:
    """Refuse a model that leaves weights of its own unread, as one whose config names too few layers does.

    Heads of other programs and tables that are computed anew are none of its own.

    Args:
        model: as loaded.
        unexpected: names of stored weights that it has no place for.
        path: of the model.

    Raises:
        DataError: names the first of them.
    """
    modules = dict(model.named_modules())
    unread = sorted(name for name in unexpected if _is_own(name, modules))
    if unread:
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        raise DataError(
            f"The model '{path}' has weights that its config.json has no place for ({unread[0]}{more}): it would run "
            "without them. Its config is not the one that it was saved with; copy the folder again."
        )


def _is_own(name: str, modules: Mapping[str, Any]) -> bool:
    """Whether a weight is that of a further layer, or a further weight of a module that has some."""
    owner = modules.get(name.rpartition(".")[0])
    if owner is not None:
        return any(True for _ in owner.parameters(recurse=False))
    parts = name.split(".")
    for i, part in enumerate(parts):
        if part.isdecimal():
            layers = modules.get(".".join(parts[:i]))
            return layers is not None and hasattr(layers, "__len__") and part not in dict(layers.named_children())
    return False


def _numbers(value: Any, place: str = "") -> Iterator[tuple[str, int]]:
    """(dotted key, whole number) of everything in a config."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 1:
        yield place, int(value)


def _described(auto: Any, folder: Path, path: Path) -> Any:
    """The model that the config describes, without memory for its weights."""
    import torch
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        with torch.device("meta"):
            return auto.from_config(config, trust_remote_code=False)
    except MemoryError:
        raise
    except Exception as error:  # a config's values end up in any line of transformers and torch
        said = " ".join(str(error).split())[:300]
        raise DataError(
            f"{path} describes no {auto.__name__.removeprefix('AutoModelFor')} model that transformers can build "
            f"({type(error).__name__}: {said})."
        ) from error


def _compare(model: Any, stored: Mapping[str, tuple[int, ...]], folder: Path, *, quantised: bool) -> None:
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    if not quantised:  # packed weights have shapes of their own
        for name in sorted(wanted.keys() & stored.keys()):
            if wanted[name] != stored[name]:
                raise DataError(
                    f"{folder / 'config.json'} asks for {name} of shape {wanted[name]}; the weights beside it have "
                    f"{stored[name]}. They do not belong together: copy the folder again."
                )
    asked = sum(value.numel() for value in model.parameters())
    beside = sum(value.numel() for value in model.buffers())
    if asked * _FEWEST_BITS > 8 * _bytes(folder) or beside > max(_BUFFERS, asked):
        raise DataError(
            f"{folder / 'config.json'} describes a model of {asked + beside:,} numbers; {_held(folder, stored)}. "
            "They do not belong together: copy the folder again."
        )


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.suffix in WEIGHTS)


def _held(folder: Path, stored: Mapping[str, tuple[int, ...]]) -> str:
    tensors = f"{counted(len(stored), 'tensor')} in " if stored else ""
    return f"the weights beside it are {tensors}{counted(_bytes(folder), 'byte')}"
