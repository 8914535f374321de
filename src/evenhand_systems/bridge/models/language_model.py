"""A frozen causal language model with its tokenizer, as the bridge sees it; any of ``transformers`` will do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor

from evenhand.data import models, reading
from evenhand.data.kept_hashes import remembered
from evenhand.errors import DataError, EvenhandError
from evenhand_systems.bridge.models import numerals
from evenhand_systems.bridge.settings import Begin


class ModelError(EvenhandError, ValueError):
    """A model or tokenizer that cannot take part in a bridge as it stands."""


class _ReachedError(Exception):
    """The first layer is reached: what was asked is known."""


@dataclass
class LanguageModel:
    """A frozen model in evaluation mode.

    Attributes:
        model: a ``transformers`` causal language model.
        tokenizer: of that model.
        name: for messages.
        numerals: how it writes numbers: as ``words``, in ``digits`` that its tokenizer sets apart, or ``plain``.
        begin: ``bos`` puts the tokenizer's BOS before every prompt, ``none`` starts with the text.
        pad_id: a token id for places that the attention mask hides; which one it is changes nothing.
        notes: choices that were made, with their reasons.
        again: loads the weights anew; a model that has it can be released.
        files: that its weights, configuration and tokenizer were read from, where they stand in one folder.
    """

    model: Any
    tokenizer: Any
    name: str
    numerals: numerals.Numerals = "plain"
    begin: Begin = "bos"
    pad_id: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    again: Callable[[], Any] | None = None
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        self.model.requires_grad_(False).eval()
        if self.begin == "bos" and self.tokenizer.bos_token_id is None:
            raise ModelError(
                f"The tokenizer of {self.name} has no BOS token. To start prompts without one, set source_begin or "
                'target_begin to "none" in a claim, begin="none" in the library.'
            )
        if self.tokenizer.eos_token_id is None:
            raise ModelError(f"The tokenizer of {self.name} has no EOS token, so that its answers would never end.")
        self._choose_pad()
        rows = self.embedding_table.shape[0]
        ids = (self.pad_id, self.tokenizer.eos_token_id, max(self.tokenizer.get_vocab().values()))
        if max(ids) >= rows:
            raise ModelError(
                f"The tokenizer of {self.name} has token ids up to {max(ids)}, its model has {rows} embeddings. "
                "They do not belong together, or a token was added without model.resize_token_embeddings."
            )
        self._set_greedy()

    def _choose_pad(self) -> None:
        """Padding is always masked, so any id serves; say which one was taken and why."""
        own, configured = self.tokenizer.pad_token_id, getattr(self.model.config, "pad_token_id", None)
        if own is not None:
            self.pad_id = int(own)
            if configured is not None and configured != own:
                self.notes["pad token"] = f"{own}: the tokenizer's; the model's configuration says {configured}"
        else:
            self.pad_id = int(self.tokenizer.eos_token_id)
            self.notes["pad token"] = f"{self.pad_id}: EOS, as the tokenizer of {self.name} has no pad token"

    def _set_greedy(self) -> None:
        """Checkpoints bring sampling settings of their own, which would slip into ``generate``."""
        from transformers import GenerationConfig

        ends = getattr(self.model.generation_config, "eos_token_id", None)
        ends = ends if isinstance(ends, list) else [] if ends is None else [ends]
        settings: Any = GenerationConfig
        self.model.generation_config = settings(
            do_sample=False, pad_token_id=self.pad_id, eos_token_id=sorted({*ends, self.tokenizer.eos_token_id})
        )

    @property
    def device(self) -> torch.device:
        """Where it computes; ``meta`` while it is released."""
        return self.embedding_table.device

    def release(self) -> None:
        """Give its memory back; what it is like stays known, and the weights are loaded anew when they are needed."""
        if self.again is not None and self.device.type != "meta":
            self.model.to("meta")
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def wake(self) -> None:
        """Load the weights of a model that was released; others are left alone."""
        if self.device.type == "meta" and self.again is not None:
            settings = self.model.generation_config
            self.model = self.again().requires_grad_(False).eval()
            self.model.generation_config = settings

    @property
    def embedding_table(self) -> Tensor:
        """(V, C) input embeddings."""
        table: Tensor = self.model.get_input_embeddings().weight
        return table

    @property
    def width(self) -> int:
        """C, width of its embeddings and hidden states."""
        return int(self.embedding_table.shape[1])

    @property
    def parameters(self) -> int:
        """Number of its weights, tied ones once."""
        return sum(value.numel() for value in self.model.parameters())

    @property
    def layers(self) -> int:
        """Number of layers; hidden states are numbered 0 (embeddings) to this."""
        return int(self.model.config.num_hidden_layers)

    @property
    def context(self) -> int:
        """Longest sequence it was built for."""
        return int(self.model.config.max_position_embeddings)

    @property
    def end_ids(self) -> tuple[int, ...]:
        """Tokens that end an answer."""
        return tuple(self.model.generation_config.eos_token_id)

    def embedding_rms(self) -> float:
        """Root mean square over the embedding table."""
        return float(self.embedding_table.float().square().mean().sqrt())

    def encode(self, text: str) -> list[int]:
        """Token ids of a piece of text as this model writes it, without special tokens."""
        shown = numerals.spell(text) if self.numerals == "words" else text
        return list(self.tokenizer.encode(shown, add_special_tokens=False))

    def begin_ids(self) -> list[int]:
        """What stands before every prompt."""
        return [int(self.tokenizer.bos_token_id)] if self.begin == "bos" else []

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer, ended at the first end token, numbers as digits."""
        kept: list[int] = []
        for token in ids:
            if token in self.end_ids:
                break
            kept.append(int(token))
        text = str(self.tokenizer.decode(kept, skip_special_tokens=True))
        if self.numerals == "plain":
            return text
        return numerals.join_digits(numerals.unspell(text) if self.numerals == "words" else text)

    def embed(self, ids: Tensor) -> Tensor:
        """Input embeddings (..., C) of token ids."""
        result: Tensor = self.model.get_input_embeddings()(ids)
        return result

    @torch.no_grad()
    def hidden_states(self, texts: Sequence[str], layer: int) -> list[Tensor]:
        """States (T, C) of each text at a layer: 0 the embeddings, -1 the last.

        Raises:
            DataError: the layer does not exist, or a text is empty or longer than the context.
        """
        if not -self.layers - 1 <= layer <= self.layers:
            raise DataError(f"{self.name} has hidden states 0 to {self.layers}; there is no layer {layer}.")
        self.wake()
        rows = self._rows(texts)
        ids, mask = pad_rows(rows, self.pad_id, self.device)
        read = {"input_ids": ids, "attention_mask": mask, "position_ids": (mask.cumsum(-1) - 1).clamp(min=0)}
        entered = self._entered(read) if layer in (0, -self.layers - 1) else None
        states = entered if entered is not None else self.model.get_decoder()(
            **read, use_cache=False, output_hidden_states=True
        ).hidden_states[layer]  # fmt: skip
        return [state[: len(row)].clone() for state, row in zip(states, rows, strict=True)]

    def _entered(self, read: dict[str, Tensor]) -> Tensor | None:
        """What enters the first layer, without running any; None for a model that shows no layers."""
        layers = getattr(self.model.get_decoder(), "layers", None)
        if layers is None:
            return None
        seen: list[Tensor] = []

        def stop(_module: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
            seen.append(arguments[0] if arguments else named["hidden_states"])
            raise _ReachedError

        hook = layers[0].register_forward_pre_hook(stop, with_kwargs=True)
        try:
            self.model(**read, use_cache=False)
        except _ReachedError:
            return seen[0]
        finally:
            hook.remove()
        return None

    @property
    def key_width(self) -> int:
        """Width of keys and values of one layer together."""
        config = self.model.config
        across = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return 2 * int(config.num_key_value_heads) * int(across)

    @torch.no_grad()
    def keys_and_values(self, texts: Sequence[str], layers: int) -> list[Tensor]:
        """Keys and values (T, layers * key_width) of each text in the last ``layers`` layers, one after the other.

        Keys are rotated by their places, as the model keeps them.

        Raises:
            DataError: the model has fewer layers, or a text is empty or longer than the context.
            ModelError: it keeps no plain keys and values.
        """
        from transformers.cache_utils import DynamicLayer

        if not 1 <= layers <= self.layers:
            raise DataError(f"{self.name} has {self.layers} layers; keys and values of {layers} are asked for.")
        self.wake()
        rows = self._rows(texts)
        ids, mask = pad_rows(rows, self.pad_id, self.device)
        cache = self.model.get_decoder()(
            input_ids=ids, attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp(min=0), use_cache=True
        ).past_key_values
        held = list(getattr(cache, "layers", []))[-layers:]
        if len(held) < layers or any(type(layer) is not DynamicLayer for layer in held):
            raise ModelError(f"{self.name} keeps no plain keys and values; use a bridge of soft tokens.")
        parts = [part.transpose(1, 2).flatten(2) for layer in held for part in (layer.keys, layer.values)]
        whole = torch.cat(parts, dim=-1)
        return [state[: len(row)].clone() for state, row in zip(whole, rows, strict=True)]

    def _rows(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts as they are read.

        Raises:
            DataError: a text is empty or longer than the context.
        """
        rows = [[*self.begin_ids(), *self.encode(text)] for text in texts]
        for text, row in zip(texts, rows, strict=True):
            if not text or len(row) > self.context:
                raise DataError(f"A text of {len(row)} tokens cannot be read by {self.name} (1 to {self.context}).")
        return rows

    def hash(self) -> str:
        """sha256 over configuration, weights, tokenizer and the way numbers are written, 64 hex digits.

        Computed once for files that stay as they are: of a model of 8 billion weights it takes half a minute.
        """
        if not self.files:
            return self._hash()
        kind = f"bridge language model|{self.embedding_table.dtype}|{self.numerals}|{version('transformers')}"
        return remembered(kind, self.files, self._hash)

    def _hash(self) -> str:
        self.wake()
        digest = hashlib.sha256(json.dumps(self.model.config.to_dict(), sort_keys=True, default=str).encode())
        for name, value in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        digest.update(json.dumps(sorted(self.tokenizer.get_vocab().items())).encode())
        rules = getattr(self.tokenizer, "backend_tokenizer", None)
        digest.update(f"{self.numerals}|{rules.to_str() if rules is not None else ''}".encode())
        return digest.hexdigest()


def pad_rows(rows: Sequence[Sequence[int]], pad_id: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Right-padded ids (B, T) and their mask (B, T)."""
    length = max((len(row) for row in rows), default=0)
    ids = torch.full((len(rows), length), pad_id, dtype=torch.long)
    mask = torch.zeros(len(rows), length, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[i, : len(row)] = 1
    return ids.to(device), mask.to(device)


def load_language_model(reference: str | Path, *, device: str = "cpu", begin: Begin = "bos") -> LanguageModel:
    """A model by folder, name or hub id: bf16 on CUDA, float32 on a CPU.

    Raises:
        DataError: there is no such model, it is damaged or holds an adapter, or its weights are no numbers.
        ModelError: model and tokenizer cannot take part in a bridge.
    """
    from transformers import AutoModelForCausalLM

    kind, path = torch.bfloat16 if device.startswith("cuda") else torch.float32, str(reference)

    def load() -> Any:
        return models.load_model(AutoModelForCausalLM, path, dtype=kind).to(device)

    model = load()
    tokenizer = models.load_tokenizer(path)
    notes = {"dtype": f"{kind}: {'CUDA device' if device.startswith('cuda') else 'CPU'}"}
    if not models.is_local(path):
        notes["weights"] = models.provenance(path, model)
    return LanguageModel(
        model, tokenizer, path, numerals=read_numerals(Path(path, "bridge.json")), begin=begin, notes=notes,
        again=load, files=models.files_of(path, model),
    )  # fmt: skip


def read_numerals(about: Path) -> numerals.Numerals:
    """How a stand-in writes numbers, as the file beside it says; without one, as anybody does.

    Raises:
        DataError: the file says something else.
    """
    if not about.is_file():
        return "plain"
    own = reading.read_json(about)
    written = own.get("numerals", "plain") if isinstance(own, dict) else None
    kinds: tuple[numerals.Numerals, ...] = get_args(numerals.Numerals)
    for kind in kinds:
        if kind == written:
            return kind
    raise DataError(f"{about} must say numerals: {', '.join(kinds)}; found {written!r:.60}.")
