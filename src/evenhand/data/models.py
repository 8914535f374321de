"""Models by folder, name or hub id: what stands there, whether it is sound, and whether it is a base.

transformers is lenient where a comparison must not be: it loads an adapter that lies beside a model, fills weights that
are missing with random numbers, and takes numbers that are none. All of that is refused here, with the cure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand.data import reading
from evenhand.data.kept_hashes import kept_file_hash
from evenhand.data.model_sizes import WEIGHTS, check_all_read, check_sizes
from evenhand.data.model_store import resolved
from evenhand.errors import DataError
from evenhand.files import file_hash

if TYPE_CHECKING:
    from torch import Tensor

_READ = (*WEIGHTS, ".json", ".model", ".jinja")
_MERGE = (
    "Merge the adapter first (`AutoPeftModelForCausalLM.from_pretrained(path).merge_and_unload().save_pretrained(new)`,"
    " and the tokenizer beside it) and name the new folder; or name the bare base, if that is what is meant."
)
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")


def is_local(path: str) -> bool:
    """Whether a path names a folder of this machine, there or not, rather than a hub id."""
    return path.startswith((".", "/", "~")) or Path(path).expanduser().exists()


def check_folder(path: str) -> None:
    """Refuse a folder that holds no whole model, files that stand for others, or an adapter. Hub ids pass.

    Raises:
        DataError: says what is there instead, or that a model by name is not there or damaged.
    """
    path = resolved(path)
    if not is_local(path):
        return
    folder = Path(path).expanduser()
    if (folder / "adapter_config.json").is_file():
        raise DataError(_adapter(path))
    if not (folder / "config.json").is_file():
        raise DataError(f"There is no model at '{path}': expected a folder with config.json and weights, or a hub id.")
    for file in sorted(folder.iterdir()):
        if file.suffix in _READ:
            reading.check_file(file)


def _adapter(path: str) -> str:
    return (
        f"The model '{path}' holds an adapter (adapter_config.json): with a fresh one in its place, what is trained "
        f"and what it is compared with would be the bare base, not that model. {_MERGE}"
    )


def load_model(auto: Any, path: str, what: str = "causal language model", **options: Any) -> Any:
    """A sound base model, by folder, name (see :mod:`evenhand.data.model_store`) or hub id.

    Args:
        auto: the class of transformers that loads it, such as ``AutoModelForCausalLM``.
        path: folder, name or hub id.
        what: which kind is wanted, for messages.
        options: for ``from_pretrained``.

    Raises:
        DataError: there is none, it is damaged or not whole, holds an adapter, or has weights that are no numbers. What
            a network, a disk or too little memory did is raised as it came.
    """
    path = resolved(path)
    check_folder(path)
    if is_local(path):
        check_sizes(auto, Path(path).expanduser())
    try:
        model, report = auto.from_pretrained(path, output_loading_info=True, **options)
    except Exception as error:
        if isinstance(error, ValueError | KeyError) and not isinstance(error, UnicodeError):
            raise DataError(
                f"'{path}' is no {what} that transformers can load, by its config.json and weights: {error}"
            ) from error
        if not is_damage(path, error):
            raise
        raise DataError(
            f"The model in '{path}' cannot be read: {_said(error)} Copy the folder again: config.json and all files of "
            "weights belong in it."
        ) from error
    check_base(model, path)
    missing = sorted(report["missing_keys"])
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise DataError(
            f"The model '{path}' lacks weights that its config.json asks for ({shown}): they would be random "
            "numbers. Copy all its files again."
        )
    check_all_read(model, report["unexpected_keys"], path)
    check_finite(model.named_parameters(), f"The model '{path}'")
    return model


def is_damage(path: str, error: Exception) -> bool:
    """Whether loading failed by what the named folder holds, or lacks.

    A hub may answer again, memory may be freed, a disk be mended: those have a number, a class or words of their own.
    """
    if isinstance(error, MemoryError | ConnectionError | TimeoutError | ImportError):
        return False
    text = str(error).lower()
    return is_local(path) and getattr(error, "errno", None) is None and not any(words in text for words in _NO_MEMORY)


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException"


def _said(error: BaseException) -> str:
    """An error's own words, ended as a sentence."""
    text = str(error).strip() or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def check_base(model: Any, path: str) -> None:
    """Refuse a model into which an adapter was loaded, as transformers does in silence for hub ids too.

    Raises:
        DataError: says how to merge it.
    """
    if getattr(model, "_hf_peft_config_loaded", False) or getattr(model, "peft_config", None):
        raise DataError(_adapter(path))


def check_finite(weights: Iterable[tuple[str, Tensor]], what: str) -> None:
    """Refuse weights that are no finite numbers.

    Args:
        weights: (name, values), as of ``model.named_parameters()`` or of a file's items.
        what: whose they are, for the message; begins the sentence.

    Raises:
        DataError: names the first such weights, and how many more there are.
    """
    bad = [name for name, values in weights if not _is_finite(values)]
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        raise DataError(
            f"{what} has weights that are no finite numbers (NaN or infinity): {bad[0]}{more}. Its file is damaged, or "
            "its training diverged; take another checkpoint."
        )


def _is_finite(values: Tensor) -> bool:
    """Whether all values are finite; by their extremes, which takes no memory of the weights' size."""
    import torch

    if not values.is_floating_point() or values.numel() == 0 or values.is_meta:
        return True
    if values.element_size() == 1:  # eight-bit floats have no extremes of their own
        values = values.float()
    low, high = torch.aminmax(values.detach())
    return bool(torch.isfinite(low)) and bool(torch.isfinite(high))


def load_tokenizer(path: str) -> Any:
    """The tokenizer of a model, by folder, name or hub id.

    Raises:
        DataError: a folder's tokenizer is missing or damaged.
    """
    from transformers import AutoTokenizer

    path = resolved(path)
    try:
        return AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    except BaseException as error:  # the library in Rust panics with a class that is no Exception
        if not _is_panic(error) and not (isinstance(error, Exception) and is_damage(path, error)):
            raise
        raise DataError(
            f"The tokenizer in '{path}' cannot be read: {_said(error)} Copy it again: tokenizer.json and "
            "tokenizer_config.json belong beside the weights."
        ) from error


def provenance(path: str, model: Any) -> str:
    """Which weights a model really has: their sha256, and for a hub id the revision that was loaded."""
    path, revision = resolved(path), getattr(model.config, "_commit_hash", None)
    folder = Path(path).expanduser() if is_local(path) else cached_folder(path, revision)
    if folder is None:
        return "unknown: no files are to be found" if revision is None else f"revision {revision}"
    if revision is None and folder.parent.name == "snapshots":
        revision = folder.name
    told = f"sha256 of its weights {weights_hash(folder)}"
    return told if revision is None else f"revision {revision}, {told}"


def weights_hash(folder: Path) -> str:
    """sha256 over names and contents of the files of weights in a folder, 64 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in WEIGHTS and path.is_file():
            digest.update(f"{path.name}\0{kept_file_hash(path)}\n".encode())
    return digest.hexdigest()


def files_of(path: str, model: Any) -> tuple[Path, ...]:
    """The files of the folder that a model was loaded from; none where nobody knows it."""
    folder = (
        Path(path).expanduser() if is_local(path) else cached_folder(path, getattr(model.config, "_commit_hash", None))
    )
    return () if folder is None or not folder.is_dir() else tuple(sorted(p for p in folder.iterdir() if p.is_file()))


def cached_folder(path: str, revision: str | None = None) -> Path | None:
    """The folder in which the hub's client keeps a model, by hub id; None where it keeps none, or is not installed."""
    try:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(path, "config.json", revision=revision)
    except (ImportError, ValueError):  # no client, or no id that a hub could have
        return None
    return Path(found).parent if isinstance(found, str) else None


def read_weights(path: Path, sha256: str | None = None, device: str = "cpu") -> dict[str, Tensor]:
    """The weights of a safetensors file.

    Args:
        path: the file.
        sha256: what was written down of it when it was saved, where anything was.
        device: where the weights go.

    Raises:
        DataError: there is none, it stands for another, is damaged or not the one that was saved, or holds numbers that
            are none.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    reading.check_file(path)
    if sha256 is not None and file_hash(path) != sha256:
        raise DataError(f"{path} is not as it was saved: its sha256 is another than the one written down beside it.")
    try:
        found: dict[str, Tensor] = load_file(path, device=device)
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _NO_MEMORY):
            raise
        raise DataError(f"{path}: no sound safetensors file ({type(error).__name__}: {str(error)[:200]}).") from error
    check_finite(found.items(), str(path))
    return found
