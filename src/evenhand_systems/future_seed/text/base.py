"""The model that fine-tuning starts from: a released checkpoint, a small one pre-trained on the spot, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from evenhand.errors import DataError
from evenhand.recipes import working
from evenhand.recipes.contract import Bench
from evenhand_systems.future_seed.settings import BaseSettings, ModelSettings
from evenhand_systems.future_seed.text.prompts import Prompt
from evenhand_systems.future_seed.text.reading import END
from evenhand_systems.future_seed.training import library_sizes
from evenhand_systems.rwkv7 import RWKV7, RWKV7Config
from evenhand_systems.rwkv7.checkpoint import load_checkpoint
from evenhand_systems.schedules import WarmUp


def released_model(path: str, vocabulary: int, bench: Bench) -> RWKV7:
    """A released checkpoint; the bench records the file's hash, since most damage cannot be seen in the numbers.

    Raises:
        DataError: the file is no sound checkpoint, or its vocabulary is smaller than the tokenizer's.
    """
    model = load_checkpoint(bench.data(path), device=bench.device)
    if model.config.vocabulary < vocabulary:
        raise DataError(
            f"{path} knows {model.config.vocabulary} ids, the tokenizer has {vocabulary}; set data.vocabulary to the "
            "vocabulary that the checkpoint was trained with."
        )
    return model


def pretrained_model(
    settings: BaseSettings, sizes: ModelSettings, vocabulary: int, prompts: Sequence[Prompt], bench: Bench
) -> RWKV7:
    """A small model that has learned to continue the training texts: built once, shared by all trials.

    The evaluation's texts are not among them.
    """
    # Answers in the text would be learned by heart before fine-tuning begins, where there are few examples.
    texts = [(END, *prompt.prompt, *(prompt.answer if settings.answers else ())) for prompt in prompts]
    ids = np.asarray([i for text in texts for i in text], dtype=np.int64)
    key = {
        "asset": "language model",
        "version": 1,
        "text": hashlib.sha256(ids.tobytes()).hexdigest(),
        "settings": settings.model_dump(mode="json"),
        "sizes": sizes.model_dump(mode="json"),
        "vocabulary": vocabulary,
    }
    config = library_sizes(sizes, vocabulary)
    folder = bench.asset(key, lambda part: _build(part, settings, config, ids))
    model = RWKV7(config)
    model.load_state_dict(torch.load(folder / "model.pt", weights_only=True))
    bench.note("base", f"{settings.steps} steps on {len(ids):,} ids of the training text; {_read(folder / 'loss.txt')}")
    return model.to(bench.device)


def _build(
    folder: Path, settings: BaseSettings, config: RWKV7Config, ids: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> None:
    """Train as a language model on random windows of the text."""
    model = RWKV7(config, generator=torch.Generator().manual_seed(settings.seed))
    optimiser = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.95), fused=True)
    rng = np.random.default_rng(settings.seed)
    length = min(settings.length, len(ids) - 1)
    losses: list[float] = []
    schedule = WarmUp(optimiser, 50, lambda step: 1 - step / max(1, settings.steps))
    for step in range(settings.steps):
        working.tell("teaching the base its text", step, settings.steps)
        starts = rng.integers(len(ids) - length, size=settings.batch)
        windows = torch.as_tensor(np.stack([ids[start : start + length + 1] for start in starts]))
        logits, _ = model(windows[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    torch.save(model.state_dict(), folder / "model.pt")
    last = float(np.mean(losses[-20:])) if losses else float("nan")
    (folder / "loss.txt").write_text(f"loss {last:.3f} nats per id at the end\n")


def _read(path: Path) -> str:
    return path.read_text().strip()
