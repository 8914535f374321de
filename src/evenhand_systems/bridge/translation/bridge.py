"""The bridge itself: source states, translator and soft prompt in one object that is trained, evaluated and saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from evenhand.data import models, reading
from evenhand.errors import DataError
from evenhand.files import file_hash, replacing, write_text
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.settings import Injection
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import Inputs, Side, SoftPrompt
from evenhand_systems.bridge.translation.soft_tokens import SoftTokens, joined
from evenhand_systems.bridge.translators import (
    Translator,
    TranslatorError,
    TranslatorFileError,
    load_translator,
    save_translator,
)

StatesOf = Callable[[Sequence[str]], tuple[Tensor, Tensor]]
"""From texts to source states (B, S, C) and their mask (B, S)."""


_LARGEST = 1e30
"""A scale beyond this is damage: nothing of a model is left beside it."""


@dataclass
class Bridge:
    """From the source's reading of an item to the target's answer.

    Attributes:
        states_of: reads texts with the source, or looks them up in a cache.
        translator: source states to soft tokens.
        soft_prompt: soft tokens into the target.
        prompts: items as the target's rows.
    """

    states_of: StatesOf
    translator: Translator
    soft_prompt: SoftPrompt
    prompts: Prompts

    @property
    def target(self) -> LanguageModel:
        """The frozen target."""
        return self.soft_prompt.target

    def parameters(self) -> list[nn.Parameter]:
        """What is trained and saved: the translator and the adapters."""
        return [*self.translator.parameters(), *self.soft_prompt.parameters()]

    def gates(self) -> list[nn.Parameter]:
        """Gates that start at 0."""
        return [
            *self.translator.gates(),
            *(value for name, value in self.soft_prompt.named_parameters() if name.endswith("gate")),
        ]

    def train(self, mode: bool = True) -> None:
        """Put the trained parts into training or evaluation mode; the target stays in evaluation mode."""
        self.translator.train(mode)
        self.soft_prompt.train(mode)

    @torch.no_grad()
    def soft_tokens(self, items: Sequence[Item], batch: int = 64) -> SoftTokens:
        """Soft tokens of all items, in evaluation mode."""
        was = self.translator.training
        self.train(False)
        made = []
        for start in range(0, len(items), batch):
            states, mask = self.states_of([item.facts for item in items[start : start + batch]])
            made.append(SoftTokens(self.translator(states, mask), self.translator.soft_mask(states, mask)))
        self.train(was)
        return joined(made)

    def assemble(
        self, items: Sequence[Item], soft: Tensor | None, *, with_text: bool, with_answers: bool = False,
        soft_mask: Tensor | None = None, side: Side = "right", room: int = 0, read_before: bool = False,
    ) -> Inputs:  # fmt: skip
        """A batch for the target; see :meth:`SoftPrompt.assemble`."""
        return self.soft_prompt.assemble(
            self.prompts.before(items), soft, self.prompts.after(items, with_text=with_text),
            soft_mask=soft_mask, answers=self.prompts.answers(items) if with_answers else None, side=side, room=room,
            read_before=read_before,
        )  # fmt: skip

    def state_dict(self) -> dict[str, dict[str, Tensor]]:
        """A copy of all trained weights: later training does not change it."""
        return {
            name: {key: value.detach().clone() for key, value in part.state_dict().items()}
            for name, part in (("translator", self.translator), ("adapters", self.soft_prompt))
        }

    def load_state_dict(self, state: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Go back to a copy."""
        self.translator.load_state_dict(dict(state["translator"]))
        self.soft_prompt.load_state_dict(dict(state["adapters"]))

    def save(self, folder: Path, about: Mapping[str, Any] | None = None) -> None:
        """Write translator and adapters as safetensors with JSON beside them.

        Args:
            about: further facts; ``source``, the hash of the model that ``states_of`` reads, lets :func:`load_bridge`
                tell another one. The target's hash is always written.
        """
        save_translator(self.translator, folder, {"target": self.target.hash(), **(about or {})})
        file = folder / "adapters.safetensors"
        with replacing(file, public=True) as part:
            save_file({k: v.detach().cpu().clone() for k, v in self.soft_prompt.state_dict().items()}, part)
        settings = {
            "injection": self.soft_prompt.injection, "scale": self.soft_prompt.scale, "sha256": file_hash(file),
        }  # fmt: skip
        write_text(folder / "soft_prompt.json", json.dumps(settings))


def load_bridge(
    folder: Path, states_of: StatesOf, target: LanguageModel, prompts: Prompts, *, source: LanguageModel | None = None
) -> Bridge:
    """A saved bridge between the same models.

    Args:
        source: the model that ``states_of`` reads; needed where the bridge was saved with its source's hash.

    Raises:
        TranslatorError: files are missing, damaged or do not belong together, or a model is not the one trained with.
    """
    translator, about = load_translator(folder, str(target.device))
    _check_models(folder, about, source, target)
    try:
        settings = _soft_prompt_settings(folder / "soft_prompt.json")
        soft_prompt = SoftPrompt(target, settings["injection"], settings["scale"]).to(target.device)
        soft_prompt.load_state_dict(models.read_weights(folder / "adapters.safetensors", settings.get("sha256")))
    except (DataError, RuntimeError) as error:
        raise TranslatorFileError(
            f"There is no whole bridge in {folder} (soft_prompt.json and adapters.safetensors beside the translator): "
            f"{error} Save it anew."
        ) from error
    return Bridge(states_of, translator, soft_prompt.eval(), prompts)


def _soft_prompt_settings(path: Path) -> dict[str, Any]:
    """How soft tokens go into the target, as it was saved.

    Raises:
        DataError: the file is damaged, or says what no bridge has.
    """
    found = reading.read_json(path)
    if not isinstance(found, dict) or found.get("injection") not in get_args(Injection):
        raise DataError(f"{path} must name an injection: {', '.join(get_args(Injection))}.")
    scale = found.get("scale")
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not abs(scale) < _LARGEST:
        raise DataError(f"{path} must name a scale, a number.")
    if not isinstance(found.get("sha256"), str | None):
        raise DataError(f"{path} must hold the sha256 of the adapters as a text.")
    return found


def _check_models(folder: Path, about: Mapping[str, Any], source: LanguageModel | None, target: LanguageModel) -> None:
    """Refuse models other than those that the bridge was trained between."""
    for role, model in (("source", source), ("target", target)):
        saved = about.get(role)
        if saved is None:
            continue
        if model is None:
            raise TranslatorError(
                f"The bridge in {folder} was trained with a {role} whose hash is {str(saved)[:12]}; pass {role}= to "
                "load_bridge, so that it can be compared."
            )
        if model.hash() != saved:
            raise TranslatorError(
                f"The bridge in {folder} was trained with another {role}: its hash is {str(saved)[:12]}, that of "
                f"{model.name} is {model.hash()[:12]}."
            )
