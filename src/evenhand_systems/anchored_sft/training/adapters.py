"""Models and adapters: loading a base (quantised if asked), LoRA, saving in peft's format, rescaling, merged export."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from evenhand.data import models, reading
from evenhand.errors import Fault, SettingsError
from evenhand_systems.anchored_sft.data.chat import set_template_arguments

Quantisation = Literal["4bit", "8bit"]


def load_base(path: str, *, device: str, dtype: str | None = None, quantisation: Quantisation | None = None) -> Any:
    """A causal language model from a folder or a hub id, sound and without an adapter.

    Raises:
        DataError: there is no model at the path, its config or weights are missing, damaged or no numbers, it holds an
            adapter, or it is none that writes text.
        SettingsError: quantisation without a CUDA device.
    """
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    models.check_folder(path)
    options: dict[str, Any] = {"dtype": dtype or ("bfloat16" if device == "cuda" else "float32")}
    if quantisation is not None:
        if device != "cuda":
            message = f"'{quantisation}' needs a CUDA device; this trial runs on {device}. Remove it"
            raise SettingsError("The base model", [Fault("quantisation", message)])
        four = quantisation == "4bit"
        options["quantization_config"] = BitsAndBytesConfig(load_in_4bit=four, load_in_8bit=not four)  # type: ignore[no-untyped-call]
        options["device_map"] = {"": 0}
    model = models.load_model(AutoModelForCausalLM, path, **options)
    return model if quantisation is not None else model.to(device)


def load_tokenizer(path: str, template: Path | None = None, arguments: Mapping[str, Any] | None = None) -> Any:
    """The tokenizer of a model, with a chat template from a file where one is named; pads on the left.

    Args:
        arguments: for the chat template, such as ``enable_thinking``, which is off where it is not set.

    Raises:
        DataError: the tokenizer or the template's file cannot be read.
        SettingsError: an argument that the template never names.
    """
    tokenizer = models.load_tokenizer(path)
    tokenizer.padding_side = "left"
    if template is not None:
        tokenizer.chat_template = reading.read_text(template)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    set_template_arguments(tokenizer, arguments)
    return tokenizer


def lora(model: Any, *, r: int, alpha: int, dropout: float, targets: str | Sequence[str], seed: int) -> Any:
    """The model with a fresh adapter, whose weights depend on ``seed`` alone.

    Raises:
        SettingsError: a target names no module of the model.
        DataError: the model has an adapter already, which a fresh one would replace.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    models.check_base(model, str(getattr(model, "name_or_path", "") or type(model).__name__))
    names = targets if isinstance(targets, str) else list(targets)
    if not isinstance(names, str):
        present = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
        faults = [
            Fault("lora_targets", f"'{name}' is no module of {type(model).__name__}")
            for name in names
            if name not in present
        ]
        if faults:
            raise SettingsError("The adapter", faults)
    torch.manual_seed(seed)
    config = LoraConfig(
        r=r, lora_alpha=alpha, lora_dropout=dropout, target_modules=names, bias="none", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)


@contextlib.contextmanager
def rescaled(model: Any, multiplier: float) -> Iterator[None]:
    """The adapter with its effect multiplied: 0 is the base, 1 the trained model.

    A free rival of every anchor (Wortsman et al. 2022, arXiv:2109.01903).
    """
    from peft.helpers import rescale_adapter_scale

    with rescale_adapter_scale(model, multiplier):
        yield


def save_adapter(model: Any, folder: Path) -> None:
    """Save the adapter alone, in peft's format.

    Raises:
        OSError: (ENOSPC) the disk has no room for it; said before anything is written.
    """
    size = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    check_space(folder, size)
    model.save_pretrained(folder)


def export_merged(model: Any, tokenizer: Any, folder: Path) -> None:
    """Save the model with its adapter merged in, for programs that know no adapters. The given model stays as it is.

    Raises:
        SettingsError: the base is quantised: merging would round its weights.
        OSError: (ENOSPC) the disk has no room.
    """
    import copy

    plain = model.get_base_model()
    if getattr(plain, "is_quantized", False):
        message = "is quantised; load it unquantised, put the adapter on with peft and merge then"
        raise SettingsError("The merged export", [Fault("base", message)])
    check_space(folder, sum(p.numel() * p.element_size() for p in plain.parameters()))
    merged = copy.deepcopy(model).merge_and_unload()
    merged.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def checkpoint_bytes(model: Any) -> int:
    """Size of a checkpoint: the trained weights and two moments of each."""
    trained: int = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    return 3 * trained


def check_space(folder: Path, needed: int) -> None:
    """Say so before a long run when the disk cannot hold what it will write.

    Raises:
        OSError: (ENOSPC) with the folder and the sizes.
    """
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        message = f"{folder} needs {needed / 2**20:.1f} MiB, but its disk has {free / 2**20:.1f} MiB free; make room"
        raise OSError(errno.ENOSPC, message)
