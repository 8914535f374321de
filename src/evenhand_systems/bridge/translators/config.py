"""The settings of a translator: everything needed to build one, as plain data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evenhand.errors import DataError, EvenhandError

Kind = Literal["cross_attention", "dit", "linear", "cache", "vocabulary"]
KINDS: tuple[Kind, ...] = ("cross_attention", "dit", "linear", "cache", "vocabulary")


class TranslatorError(EvenhandError, ValueError):
    """Settings, inputs or files that do not fit a translator."""


class TranslatorFileError(TranslatorError, DataError):
    """A saved translator that is missing, damaged or does not belong together."""


_NUMBERS = ("target_rms", "guidance", "drop_rate")


def _type_faults(config: TranslatorConfig) -> list[str]:
    """Values of another kind than they are declared, as a file can hold them."""
    faults = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if field.name in _NUMBERS and not (number and abs(value) < 1e300):
            faults.append(f"{field.name} must be a number; found {value!r:.40}")
        elif field.name not in (*_NUMBERS, "kind") and not (number and isinstance(value, int) and value < 2**31):
            faults.append(f"{field.name} must be a whole number below 2**31; found {value!r:.40}")
    return faults


@dataclass(frozen=True)
class TranslatorConfig:
    """What a translator is built from.

    Attributes:
        kind: ``cross_attention``, ``dit``, ``linear``, ``cache`` or ``vocabulary``.
        source_width: width of the source model's hidden states, or of its keys and values in ``depth`` layers (cache).
        target_width: width of the target model's embeddings, or of its keys and values in ``depth`` layers (cache).
        target_rms: root mean square of the target's embedding table; soft tokens leave at it times a learned scalar.
        soft_tokens: K, number of soft tokens.
        bottleneck: width inside the translator; a multiple of ``heads`` and even.
        depth: number of blocks, or of layers with a projector (cache).
        heads: attention heads.
        train_steps, eval_steps: Euler steps from noise to soft tokens (dit).
        guidance: classifier-free guidance in evaluation; 1 leaves it off (dit).
        drop_rate: share of items whose condition is dropped in the flow loss, for guidance (dit).
        vocabulary: number of the target's embeddings (vocabulary).
    """

    kind: Kind
    source_width: int
    target_width: int
    target_rms: float
    soft_tokens: int = 16
    bottleneck: int = 128
    depth: int = 2
    heads: int = 4
    train_steps: int = 2
    eval_steps: int = 4
    guidance: float = 1.0
    drop_rate: float = 0.1
    vocabulary: int = 0

    def __post_init__(self) -> None:
        faults = []
        if self.kind not in KINDS:
            faults.append(f"kind must be one of {', '.join(KINDS)}; found {self.kind!r}")
        faults += _type_faults(self)
        if faults:
            raise TranslatorError("A translator cannot be built: " + "; ".join(faults) + ".")
        for name in ("source_width", "target_width", "soft_tokens", "bottleneck", "depth", "heads", "train_steps",
                     "eval_steps"):  # fmt: skip
            if getattr(self, name) < 1:
                faults.append(f"{name} must be at least 1; found {getattr(self, name)}")
        if self.heads >= 1 and (self.bottleneck % self.heads or self.bottleneck % 2):
            faults.append(f"bottleneck must be even and a multiple of heads ({self.heads}); found {self.bottleneck}")
        widths = (self.source_width, self.target_width)
        if self.kind == "cache" and self.depth >= 1 and any(width % (2 * self.depth) for width in widths):
            faults.append(
                f"keys and values of {self.depth} layers have widths that {2 * self.depth} divides; found {widths}"
            )
        if (self.vocabulary > 0) != (self.kind == "vocabulary"):
            faults.append(f'vocabulary belongs to kind "vocabulary", which needs it; found {self.vocabulary}')
        if not (math.isfinite(self.target_rms) and self.target_rms > 0):
            faults.append(f"target_rms must be a positive number; found {self.target_rms}")
        if not 0 <= self.drop_rate < 1:
            faults.append(f"drop_rate must be in [0, 1); found {self.drop_rate}")
        if faults:
            raise TranslatorError("A translator cannot be built: " + "; ".join(faults) + ".")

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> TranslatorConfig:
        """From plain data.

        Raises:
            TranslatorError: a key is unknown or missing, or a value does not fit.
        """
        if not isinstance(document, Mapping):
            raise TranslatorError(f"Translator settings must be an object; found {type(document).__name__}.")
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(document) - known)
        if unknown:
            raise TranslatorError(f"Unknown translator settings: {', '.join(unknown)}. Known are {sorted(known)}.")
        try:
            return cls(**document)
        except TypeError as error:
            raise TranslatorError(f"Translator settings are incomplete: {error}.") from error
