"""RWKV-7 checkpoints in and out: released files (`.pth`, tensors only; `.safetensors`), and folders of the hub."""

from __future__ import annotations

import pickle
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from evenhand.data.reading import check_file
from evenhand.errors import DataError, Fault, FaultsError
from evenhand.files import replacing
from evenhand_systems.rwkv7.config import RWKV7Config
from evenhand_systems.rwkv7.hub_names import is_hub, to_released
from evenhand_systems.rwkv7.kernel import Backend
from evenhand_systems.rwkv7.model import RWKV7

# Written by some releases for the first layer, which has no value residual; read by nobody.
UNUSED = frozenset(f"blocks.0.att.v{index}" for index in range(3))
SHOWN_FAULTS = 40
_LAYER = re.compile(r"blocks\.([0-9]{1,18})\.")
LARGEST = 1e15
"""No trained weight comes near it; a flipped high bit goes far beyond."""
# What wraps the names or the whole dict when training frameworks save, and whose it is.
WRAPPERS = {
    "module._forward_module.": "Lightning with DeepSpeed",
    "_forward_module.": "Lightning",
    "_orig_mod.": "torch.compile",
    "module.": "DataParallel",
    "model.": "a wrapping module",
}
_UNPICKLING = (LookupError, TypeError, AttributeError, AssertionError, MemoryError)
"""What a broken pickle makes its reader do: take what is not there, add up values of other kinds, ask for terabytes."""
_DAMAGE = (
    pickle.UnpicklingError,
    safetensors.SafetensorError,
    zipfile.BadZipFile,
    RuntimeError,  # of torch's reader of archives
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    *_UNPICKLING,
)
LARGE = 1 << 28
"""A file of fewer bytes that takes all the memory is damaged; with a larger one the memory may be short indeed."""
CONTAINERS = ("state_dict", "model", "module", "model_state_dict")


class CheckpointError(DataError):
    """A file that cannot be read as an RWKV-7 checkpoint, or cannot be written."""


class CheckpointContentError(FaultsError, CheckpointError):
    """A checkpoint whose tensors are not those of an RWKV-7 model; names each."""


def load_checkpoint(
    path: str | Path,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    backend: Backend = "auto",
) -> RWKV7:
    """The model in a checkpoint; its sizes are read off the tensors' shapes.

    Args:
        path: `.pth` or `.safetensors`, under the released names or flash-linear-attention's; or a folder of the hub.
        dtype: what the weights are converted to (released files are bfloat16).
        device: where the model goes.
        backend: the recurrence's kernel.

    Raises:
        CheckpointError: no such file, another ending, a truncated or damaged file, a file of something else, a pickle
            that would run code.
        CheckpointContentError: an RWKV generation other than 7; the names or the wrapping of another library; tensors
            that are missing, too many, of a wrong shape or kind, or hold numbers that are not finite.
    """
    path = Path(path)
    tensors = _read_folder(path) if path.is_dir() else read_tensors(path)
    if is_hub(tensors):
        tensors = to_released(tensors)
    config = sizes(tensors, str(path))
    model = RWKV7(config, backend=backend, empty=True)
    _check(tensors, {name: t.shape for name, t in model.state_dict().items()}, str(path), dtype)
    kept = {name: t.to(device=device, dtype=dtype).contiguous() for name, t in tensors.items() if name not in UNUSED}
    model.load_state_dict(kept, assign=True)
    return model.requires_grad_(True)


def save_checkpoint(model: RWKV7, path: str | Path, *, dtype: torch.dtype | None = None) -> None:
    """Write the model's weights in the released format; the file appears whole or not at all.

    Args:
        model: what to write.
        path: `.pth` or `.safetensors`.
        dtype: what to convert the weights to; None keeps them.

    Raises:
        CheckpointError: another ending, or the folder cannot be written.
    """
    path = Path(path)
    tensors = {
        name: t.detach().to(device="cpu", dtype=dtype or t.dtype).contiguous() for name, t in model.state_dict().items()
    }
    if path.suffix not in {".pth", ".safetensors"}:
        raise CheckpointError(f"{path}: expected a name ending in .pth or .safetensors, found {path.suffix!r}.")
    try:
        with replacing(path) as part:
            if path.suffix == ".pth":
                torch.save(tensors, part)
            else:
                safetensors.torch.save_file(tensors, part)
    except (OSError, RuntimeError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path}: the checkpoint cannot be written: {error}.") from error


def _read_folder(folder: Path) -> dict[str, Tensor]:
    """All tensors of a hub's folder, whose parts may be several files."""
    parts = sorted(folder.glob("*.safetensors"))
    if not parts or not (folder / "config.json").is_file():
        raise CheckpointError(
            f"{folder}: expected a checkpoint file, or a folder with config.json and .safetensors, found a folder."
        )
    found: dict[str, Tensor] = {}
    for part in parts:
        found |= read_tensors(part)
    return found


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a file by name, on the CPU, as they are stored.

    Raises:
        CheckpointError: as in `load_checkpoint`.
    """
    if path.suffix not in {".pth", ".safetensors"}:
        raise CheckpointError(f"{path}: expected a checkpoint ending in .pth or .safetensors, found {path.suffix!r}.")
    if not path.is_file():
        raise CheckpointError(
            f"{path}: expected a checkpoint file, found {'a folder' if path.is_dir() else 'nothing'}."
        )
    try:
        check_file(path)
    except DataError as error:
        raise CheckpointError(str(error)) from error
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        _check_sums(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGE as error:
        if _is_own_fault(error) or (isinstance(error, MemoryError) and path.stat().st_size > LARGE):
            raise
        detail = next(iter(str(error).splitlines()), type(error).__name__)
        if isinstance(error, pickle.UnpicklingError) and "nsupported" in str(error):  # a global, class or operand
            raise CheckpointError(
                f"{path}: expected tensors only, found a pickle with other objects, which could run code; it was not "
                f"loaded. Do not trust this file ({detail})."
            ) from error
        raise CheckpointError(
            f"{path}: the file is damaged or truncated ({path.stat().st_size:,} bytes): {detail}. Fetch it again."
        ) from error
    if not isinstance(content, Mapping) or not all(isinstance(t, Tensor) for t in content.values()):
        raise CheckpointError(_other_content(path, content))
    return {str(name): tensor for name, tensor in content.items()}


def _is_own_fault(error: Exception) -> bool:
    """Whether an error that a broken pickle could have caused comes from how its reader was called, not from inside."""
    trace = error.__traceback__
    return isinstance(error, _UNPICKLING) and (trace is None or trace.tb_next is None)


def _check_sums(path: Path) -> None:
    """Compare the checksums that torch writes beside every record and does not look at when it reads."""
    if not zipfile.is_zipfile(path):
        return  # the older form of torch.save has none
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.CRC == 0:
                continue  # written without checksums, or empty
            with archive.open(entry) as record:
                while record.read(1 << 20):
                    pass


def _other_content(path: Path, content: object) -> str:
    if isinstance(content, Mapping):
        inner = [key for key in CONTAINERS if isinstance(content.get(key), Mapping)]
        if inner:
            return (
                f"{path}: expected a flat dict of tensors, found one wrapped in others: the weights stand under the "
                f"key '{inner[0]}', as training frameworks save them. Save that part alone: "
                f"torch.save(torch.load('{path.name}')['{inner[0]}'], 'weights.pth')."
            )
        odd = [str(name)[:60] for name, value in content.items() if not isinstance(value, Tensor)]
        return f"{path}: expected a flat dict of tensors, found a dict with other values under {', '.join(odd[:5])}."
    return f"{path}: expected a flat dict of tensors, found {type(content).__name__}."


def sizes(tensors: Mapping[str, Tensor], source: str) -> RWKV7Config:
    """The model's sizes, read off the shapes of a few tensors.

    Raises:
        CheckpointContentError: another generation of RWKV, or a tensor that tells a size is missing or malformed.
    """
    other = _other_generation(tensors) or _other_names(tensors)
    if other:
        raise CheckpointContentError(source, [Fault(source, other)])
    needed = {"emb.weight": 2, "blocks.0.att.r_k": 2, "blocks.0.att.w1": 2, "blocks.0.att.a1": 2, "blocks.0.att.g1": 2}
    numbered = (_LAYER.match(name) for name in tensors)
    layers = 1 + max((int(found[1]) for found in numbered if found), default=-1)
    if layers > 1:
        needed["blocks.1.att.v1"] = 2
    faults = []
    if layers > len(tensors):  # a model of that size would be built before anything is compared
        faults.append(Fault(f"blocks.{layers - 1}", f"a layer of this number stands among only {len(tensors)} tensors"))
    for name, dimensions in needed.items():
        if name not in tensors:
            faults.append(Fault(name, "this tensor, which tells the model's sizes, is missing"))
        elif tensors[name].ndim != dimensions or 0 in tensors[name].shape:
            shape = tuple(tensors[name].shape)
            faults.append(Fault(name, f"expected {dimensions} dimensions, none of them 0, found shape {shape}"))
    if faults:
        raise CheckpointContentError(source, faults)
    vocabulary, width = tensors["emb.weight"].shape
    heads, head_size = tensors["blocks.0.att.r_k"].shape
    if heads * head_size != width:
        message = f"expected heads x head size = width {width} (of emb.weight), found {heads} x {head_size}"
        raise CheckpointContentError(source, [Fault("blocks.0.att.r_k", message)])
    return RWKV7Config(
        layers=layers,
        width=width,
        head_size=head_size,
        vocabulary=vocabulary,
        decay_rank=tensors["blocks.0.att.w1"].shape[1],
        rate_rank=tensors["blocks.0.att.a1"].shape[1],
        value_rank=tensors["blocks.1.att.v1"].shape[1] if layers > 1 else None,
        gate_rank=tensors["blocks.0.att.g1"].shape[1],
    )


def _other_generation(tensors: Mapping[str, Tensor]) -> str | None:
    if "blocks.0.att.r_k" in tensors:
        return None
    marks = {"att.time_maa_x": "RWKV-6", "att.time_faaaa": "RWKV-5 or 6", "att.time_first": "RWKV-4"}
    for mark, generation in marks.items():
        if f"blocks.0.{mark}" in tensors:
            return f"expected an RWKV-7 checkpoint, found {generation} (it holds blocks.0.{mark})"
    return None


def _other_names(tensors: Mapping[str, Tensor]) -> str | None:
    """What to do where the names are those of another library, or have something in front."""
    if "emb.weight" in tensors:
        return None
    hub = [name for name in tensors if ".layers.0." in name or name.startswith("model.embeddings")]
    if hub:
        return (
            f"expected the names of released RWKV-7 files (blocks.0.att.x_r), found those of flash-linear-attention or "
            f"Hugging Face ({hub[0]}), but not all of them (model.embeddings.weight). Take the whole folder from the "
            "hub, or the original .pth file (hub BlinkDL/rwkv7-g1)"
        )
    for name in tensors:
        if name.endswith(".emb.weight"):
            prefix = name.removesuffix("emb.weight")
            whose = WRAPPERS.get(prefix, "a wrapping module")
            return (
                f"every name begins with '{prefix}', as {whose} saves them. Take it off: "
                f"torch.save({{name.removeprefix('{prefix}'): t for name, t in tensors.items()}}, 'weights.pth')"
            )
    return None


def _check(tensors: Mapping[str, Tensor], expected: Mapping[str, torch.Size], source: str, dtype: torch.dtype) -> None:
    faults = [Fault(name, "this tensor is missing") for name in expected if name not in tensors]
    for name, tensor in tensors.items():
        if name in UNUSED:
            continue
        if name not in expected:
            faults.append(Fault(name, f"no RWKV-7 model of these sizes has this tensor, shape {tuple(tensor.shape)}"))
            continue
        fault = _tensor_fault(tensor, expected[name], dtype)
        if fault:
            faults.append(Fault(name, fault))
    if faults:
        hidden = len(faults) - SHOWN_FAULTS
        more = [Fault(source, f"{hidden} further tensors do not fit")] if hidden > 0 else []
        raise CheckpointContentError(source, [*faults[:SHOWN_FAULTS], *more])


def _tensor_fault(tensor: Tensor, expected: torch.Size, dtype: torch.dtype) -> str:  # noqa: PLR0911 (one per fault)
    """What is wrong with a tensor that should have this shape and become this dtype, or empty."""
    if tensor.shape != expected:
        flat = [size for size in tensor.shape if size > 1] == [size for size in expected if size > 1]
        cure = "; the numbers are there, view them in that shape and save again" if flat else ""
        return f"expected shape {tuple(expected)}, found {tuple(tensor.shape)}{cure}"
    if tensor.layout != torch.strided or tensor.device.type == "meta":
        kind = "a meta tensor without numbers" if tensor.device.type == "meta" else f"layout {tensor.layout}"
        return f"expected a dense tensor, found {kind}"
    if not tensor.is_floating_point():
        return f"expected floating-point numbers, found {tensor.dtype}"
    if tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        return f"{tensor.untyped_storage().nbytes():,} bytes are there for {tensor.numel():,} numbers"
    # One pass: the largest magnitude is NaN where any number is, and infinite where any is.
    largest = tensor.detach().to(torch.float32).abs().max().item()
    if not largest <= LARGEST:
        what = "numbers that are not finite" if not largest < float("inf") else f"a number as large as {largest:.3g}"
        return f"holds {what}; the training had diverged, or the file is damaged: fetch it again"
    if largest > torch.finfo(dtype).max:
        return f"holds a number as large as {largest:.3g}, which {dtype} cannot hold; load it in another dtype"
    return ""
