"""A decision read back from the JSON that ``--json`` printed: as far as a gate looks at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from evenhand.data.reading import read_json
from evenhand.decisions.gate import Criterion
from evenhand.decisions.standing import Fixed, Standing
from evenhand.decisions.verdict import Contrast, Decision, Judgement, LostPairs, Overruled, Verdict
from evenhand.decisions.verdict import VerdictKind as Kind
from evenhand.errors import DataError
from evenhand.statistics import Identical


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Contrast(_Part):
    arm: str
    against: str
    against_role: str
    condition: str
    rung: str
    metric: str
    kind: Kind
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    level: float = 0.95
    equivalence_interval: tuple[float, float] | None = None
    equivalence_level: float = 0.9
    identical: bool = False
    same_scores: Identical | None = None
    lost_pairs: LostPairs | None = None
    dropped: dict[str, str] = {}
    why_none: str = ""

    def contrast(self) -> Contrast:
        fields = {f.name for f in dataclasses.fields(Contrast)}
        own = {name: getattr(self, name) for name in type(self).model_fields if name in fields}
        return Contrast(**own, judgement=Judgement(self.kind))


class _Verdict(_Part):
    arm: str
    role: str
    condition: str
    metric: str
    rung: str
    kind: Kind
    reasons: tuple[str, ...] = ()
    qualifier: str = ""
    contrasts: tuple[_Contrast, ...] = ()
    standing: str = ""
    overruled: dict[str, Any] | None = None

    def verdict(self) -> Verdict:
        own = {name: getattr(self, name) for name in type(self).model_fields if name not in ("contrasts", "overruled")}
        plain = Verdict(**own, contrasts=tuple(found.contrast() for found in self.contrasts))
        if self.overruled is None:
            return plain
        return dataclasses.replace(plain, overruled=Overruled("null arm", plain))  # that it is, not by what


class _Standing(_Part):
    fixed: str = "before"


class _Document(_Part):
    claim: str
    claim_hash: str = ""
    verdicts: tuple[_Verdict, ...]
    warnings: tuple[str, ...] = ()
    finished: bool = False
    standing: _Standing = _Standing()
    metrics: dict[str, Criterion]
    controls: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Saved:
    """A decision that was saved, with what it was judged by."""

    decision: Decision
    criteria: Mapping[str, Criterion]
    controls: tuple[str, ...]


_DOCUMENTS: TypeAdapter[tuple[_Document, ...]] = TypeAdapter(tuple[_Document, ...])


def read_saved(path: Path) -> list[Saved]:
    """The decisions in a file that ``evenhand verdict --json``, ``run --json`` or ``compare --json`` printed.

    Raises:
        DataError: no JSON, or not that of decisions; names the file and the key.
    """
    document = read_json(path)
    try:
        found = _DOCUMENTS.validate_python(document if isinstance(document, list) else [document])
        return [_saved(one, path) for one in found]
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"][1:])) or "the document"
        raise DataError(
            f"{path} holds no decision: {key}: {first['msg']}. Save one with `evenhand compare ... --json` or "
            "`evenhand verdict CLAIM.toml --json`."
        ) from error


def _saved(found: _Document, path: Path) -> Saved:
    missing = sorted({verdict.metric for verdict in found.verdicts} - set(found.metrics))
    if missing:
        raise DataError(f"{path} gives no margin for the metric '{missing[0]}', on which it has verdicts.")
    fixed: Any = found.standing.fixed
    decision = Decision(
        found.claim, found.claim_hash, tuple(one.verdict() for one in found.verdicts), warnings=found.warnings,
        finished=found.finished, standing=Standing(fixed=fixed if fixed in get_args(Fixed) else "not entered"),
    )  # fmt: skip
    return Saved(decision, found.metrics, found.controls)
