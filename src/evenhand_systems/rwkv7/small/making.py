"""``evenhand models train rwkv7-small``: from Debian packages to a model in the models folder, in parts.

What it works on stands in ``.NAME.training`` beside the models and stays there, so that more steps can follow.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from evenhand.data.model_store import Facts, held, keep, models_folder
from evenhand.data.model_training import Order, Progress
from evenhand.errors import DataError
from evenhand.extras import missing, needed
from evenhand.files import locked, write_text
from evenhand_systems.rwkv7.config import RWKV7Config
from evenhand_systems.rwkv7.hub_folder import save_hub_folder
from evenhand_systems.rwkv7.model import RWKV7
from evenhand_systems.rwkv7.small import judging, packages
from evenhand_systems.rwkv7.small.corpus import Corpus, make_corpus, read_corpus
from evenhand_systems.rwkv7.small.packages import Package
from evenhand_systems.rwkv7.small.training import Plan, train

JUDGED = 24
"""Held-out texts that are scored, some 45 kB: SmolLM2 takes minutes for them on a slow core."""
PEER = "smollm2"
"""The model whose bits per byte stand beside, where it is at hand."""


@dataclass(frozen=True)
class SmallRWKV7:
    """A small RWKV-7 and how it is made.

    Attributes:
        name: what claims call it.
        about: what it is, in a few words.
        plan: its sizes and training.
        packages: whose text it learns.
        judged: held-out texts that are scored.
    """

    name: str
    about: str
    plan: Plan
    packages: tuple[Package, ...] = field(default=packages.PACKAGES)
    judged: int = JUDGED

    def train(self, order: Order) -> Progress:
        """Train it, or go on, and put it into the models folder once all steps are done.

        Raises:
            DataError: packages cannot be had or are damaged; a checkpoint belongs to another training.
        """
        _needs_tokenizers()
        plan = self.plan if order.steps is None else replace(self.plan, steps=order.steps)
        folder = models_folder() / f".{self.name}.training"
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / ".lock", wait=False):
            if order.again:
                for name in ("checkpoint.pt", "before_fall.pt"):
                    (folder / name).unlink(missing_ok=True)
            return self._train(plan, folder, order)

    def _train(self, plan: Plan, folder: Path, order: Order) -> Progress:
        corpus = self._corpus(folder / "corpus", order)
        device = "cuda" if torch.cuda.is_available() and not missing(["fla"]) else "cpu"
        seconds = None if order.minutes is None else 60 * order.minutes

        def tell(steps: int, loss: float, pace: float) -> None:
            order.say(f"step {steps} of {plan.steps}: loss {loss:.3f} nats an id, {pace:,.0f} ids a second")

        part = train(plan, corpus.ids, corpus.sha256, folder, seconds=seconds, device=device, tell=tell)
        facts: dict[str, float | str | None] = {
            "loss": part.loss, "ids_per_second": part.ids_per_second, "ids_learned": plan.learned(part.steps),
            "ids_of_the_text": len(corpus.ids), "share_of_the_text": plan.learned(part.steps) / len(corpus.ids),
        }  # fmt: skip
        if part.steps < plan.steps:
            return Progress(False, part.steps, plan.steps, facts)
        order.say(f"Scoring {self.judged} held-out texts ...")
        facts |= self.judge(part.model, corpus, device)
        keep(self.name, lambda fresh, _: self._write(fresh, part.model, corpus, plan, facts), again=True)
        return Progress(True, part.steps, plan.steps, facts)

    def _corpus(self, folder: Path, order: Order) -> Corpus:
        found = read_corpus(folder)
        if found is not None:
            return found
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as meanwhile:
            files = packages.obtained(self.packages, order.sources, Path(meanwhile), order.say)
            named = [(package, files[package.name]) for package in self.packages]
            return make_corpus(named, folder, self.plan.sizes.vocabulary, order.say)

    def judge(self, model: RWKV7, corpus: Corpus, device: str) -> dict[str, float | str | None]:
        """Bits per byte of held-out text, and those of the peer on the same text, where it is at hand."""
        from tokenizers import Tokenizer

        pieces = corpus.pieces()[: self.judged]
        own = judging.of_rwkv(model, Tokenizer.from_file(str(corpus.folder / "tokenizer.json")), device)
        facts: dict[str, float | str | None] = _named("bits_per_byte", judging.bits_per_byte(own, pieces))
        if not held(PEER).sound:
            why = f"{PEER} is not there: run `evenhand models get {PEER}`"
            return facts | {f"bits_per_byte.{PEER}": None, f"bits_per_byte.{PEER}_reason": why}
        from transformers import AutoModelForCausalLM

        from evenhand.data.models import load_model, load_tokenizer

        peer = judging.of_transformers(load_model(AutoModelForCausalLM, PEER).eval(), load_tokenizer(PEER))
        return facts | _named(f"bits_per_byte.{PEER}", judging.bits_per_byte(peer, pieces))

    def _write(
        self, folder: Path, model: RWKV7, corpus: Corpus, plan: Plan, facts: dict[str, float | str | None]
    ) -> Facts:
        save_hub_folder(model, folder)
        for name in ("tokenizer.json", "LICENCES.txt"):
            shutil.copyfile(corpus.folder / name, folder / name)
        told = {"plan": plan.identity(corpus.sha256) | {"steps": plan.steps}, "corpus": corpus.facts, "measured": facts}
        write_text(folder / "training.json", json.dumps(told, indent=2))
        names = ", ".join(f"{package.name} ({package.licence})" for package in self.packages)
        return Facts(
            about=f"{self.about}; {plan.steps} steps, {plan.learned(plan.steps):,} ids",
            parameters=sum(weights.numel() for weights in model.parameters()),
            licence="of the text: see LICENCES.txt in it",
            source=f"documentation in Debian packages: {names}",
            source_sha256=corpus.sha256,
            weights_sha256=_weights_hash(model),
        )


def _named(name: str, found: dict[str, float]) -> dict[str, float | str | None]:
    return {name if key == "all" else f"{name}.{key}": value for key, value in found.items()}


def _weights_hash(model: RWKV7) -> str:
    """sha256 over names, shapes and values."""
    digest = hashlib.sha256()
    for name, weights in sorted(model.state_dict().items()):
        digest.update(f"{name}\0{tuple(weights.shape)}\n".encode())
        digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _needs_tokenizers() -> None:
    if lacking := needed(("tokenizers",), "evenhand[future_seed]"):
        raise DataError(f"No model can be trained here: {lacking}.")


RWKV7_SMALL = SmallRWKV7(
    name="rwkv7-small",
    about="RWKV-7 of 20 M parameters (4 layers of width 256, 32,768 ids) on English documentation and dictionaries",
    plan=Plan(sizes=RWKV7Config(layers=4, width=256, head_size=64, vocabulary=32768), steps=20000),
)
"""What ``evenhand models train rwkv7-small`` makes."""

__all__ = ["RWKV7_SMALL", "SmallRWKV7"]
