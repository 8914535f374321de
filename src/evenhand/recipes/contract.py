"""The recipe contract: what a research system offers to the lab, and all that it sees of the lab.

A recipe is a function with an annotated settings class::

    class Settings(RecipeSettings):
        learning_rate: float = 1e-3

    @recipe(metrics={"accuracy": Metric(floor=0.0, ceiling=1.0)}, units=("steps",))
    def run(settings: Settings, bench: Bench) -> Outcome: ...

Undecorated functions of the same form are recipes too.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from evenhand.errors import RecipeError
from evenhand.recipes.control_sets import ControlSet
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import ItemSet

if TYPE_CHECKING:
    import numpy as np

    from evenhand.recipes.inputs import Named

Direction = Literal["maximise", "minimise"]

_NUMBERS = (int, float, int | None, float | None)


class SettingFault(ValueError):
    """A fault that shows in several settings together, and is mended at one of them.

    Attributes:
        at: dotted path of that one.
    """

    def __init__(self, at: str, message: str) -> None:
        super().__init__(message)
        self.at = at


class RecipeSettings(BaseModel):
    """Base of a recipe's settings: frozen, unknown keys are errors, numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _truth_values_are_no_numbers(cls, values: Any) -> Any:
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, bool) and name in cls.model_fields and cls.model_fields[name].annotation in _NUMBERS:
                found = {"name": name, "found": str(value).lower()}
                raise PydanticCustomError("plain", "'{name}' must be a number; found {found}", found)
        return values

    def null_fault(self) -> str:
        """Why an arm of role ``null`` would come out as its baseline to the last bit, and the cure; empty otherwise."""
        return ""

    def seed_fault(self) -> tuple[str, str]:
        """Why all seeds of an arm would come out the same: the setting to mend, and the cure; both empty otherwise."""
        return "", ""


@dataclass(frozen=True)
class Metric:
    """What a recipe says about one of its metrics.

    Attributes:
        direction: whether more is better.
        floor, ceiling: values that cannot be passed, or None where there are none (a loss has no ceiling).
        chance: value of an arm that knows nothing, or None.
        about: one line for people.
    """

    direction: Direction = "maximise"
    floor: float | None = None
    ceiling: float | None = None
    chance: float | None = None
    about: str = ""

    def __post_init__(self) -> None:
        spelled = {"minimize": "minimise", "maximize": "maximise"}.get(self.direction, self.direction)
        if spelled not in typing.get_args(Direction):
            raise RecipeError(f"The direction of a metric is 'maximise' or 'minimise'; found {self.direction!r}.")
        object.__setattr__(self, "direction", spelled)


class Budget(Protocol):
    """What a trial may spend. ``while bench.budget.left > 0: ...; bench.budget.spend(steps=1, tokens=n)``."""

    @property
    def unit(self) -> str:
        """steps, tokens, examples, epochs, flops, seconds or device_hours."""

    @property
    def amount(self) -> float:
        """What the trial may spend in that unit."""

    @property
    def spent(self) -> float:
        """What it has spent so far; in seconds the clock, building of assets left out."""

    @property
    def left(self) -> float:
        """What it may still spend, never below zero."""

    def spend(self, **amounts: float) -> None:
        """Record what one step cost, in every unit that is known (``steps=1, tokens=4096``)."""


class Bench(Protocol):
    """All that a recipe sees of the lab."""

    @property
    def seed(self) -> int:
        """Seed of this trial (0 for a deterministic arm). Prefer :meth:`rng`."""

    @property
    def budget(self) -> Budget:
        """What the trial may spend."""

    @property
    def item_set(self) -> ItemSet:
        """The evaluation items of this rung."""

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``; the reason stands in the trial's notes."""

    @property
    def threads(self) -> int:
        """Number of CPU threads that this trial may use."""

    @property
    def micro_batch(self) -> int | None:
        """Rows at once in training, or None; parts of a batch are divided by what the *whole* batch counts."""

    @property
    def probing(self) -> bool:
        """Whether this trial only tries what fits: on the longest rows there are, until it is ended after two steps."""

    @property
    def workdir(self) -> Path:
        """A folder of the trial's own, kept until its outcome is in the ledger."""

    @property
    def folder(self) -> Path:
        """The claim's folder, to which paths in the settings are relative."""

    def rng(self, name: str) -> np.random.Generator:
        """The named random stream (init, order, dropout, sampling): independent of each other, equal within a pair.

        The same object is returned for the same name, so its position moves on; checkpoints keep the positions.
        """

    def log(self, step: float, **values: float) -> None:
        """Record points of learning curves."""

    def note(self, name: str, text: str) -> None:
        """Record a short fact to show beside the result."""

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Save state (picklable) together with streams, curves, items and budget, so that a killed trial goes on."""

    def resume(self) -> Mapping[str, Any] | None:
        """The state of the last checkpoint of this very trial, or None."""

    def items(
        self,
        name: str,
        ids: Sequence[str],
        scores: Sequence[float],
        outputs: Sequence[str] | None = None,
        clusters: Sequence[str] | None = None,
        inputs: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        expected: Sequence[str] | None = None,
    ) -> None:
        """Record the (I,) per-item scores of a metric, and of each item what a reader wants to see beside its score.

        Args:
            name: of the metric.
            ids, scores: of the items.
            outputs: what was answered.
            clusters: what makes items alike (a document, a template): for the statistics, which count each as one unit.
            inputs: what was asked.
            groups: kind of the item (kind of question, number of bits): for showing alone, a bar for each.
            expected: the right answer.

        Under the metric's plain name stand the scores at the end of the trial, which are primary. Scores at other
        checkpoints may be recorded beside them as ``NAME@STEP`` (say ``accuracy@200``) on the same items: reports then
        show the peak with its expected inflation. Where a claim says ``checkpoint = "selected"``, each ``NAME@STEP``
        needs a ``NAME@STEP/selection`` on a selection split: other items, the same at every step; they alone choose
        the step whose ``NAME@STEP`` enters the contrast, and both arms must offer the same steps.
        """

    def asset(self, key: Mapping[str, Any], build: Callable[[Path], None]) -> Path:
        """A shared folder that depends on ``key`` alone: built once by ``build(folder)``, outside the budget."""

    def data(self, path: str | Path) -> Path:
        """Resolve a data file given in the settings (relative to the claim's folder) and record its hash.

        Raises:
            DataError: there is no such file.
        """


RunFunction = Callable[[Any, Bench], "Outcome | Mapping[str, float | None]"]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Memory:
    """What a trial takes of its device's memory at its peak, as estimated beforehand.

    Attributes:
        bytes: estimated; None where something that it depends on is not at hand.
        words: how it comes about, for people; or what the estimate waits for.
    """

    bytes: float | None
    words: str


@dataclass(frozen=True)
class RecipeInfo:
    """What the decorator declares.

    Attributes:
        metrics: name to description of what the recipe measures; empty means not declared.
        units: budget units it can spend; empty means any.
        version: raised by hand when results change; None means that the hash of the source file stands for it.
        preload: modules worth importing once before trials are forked.
        further_fingerprint: (settings, claim folder) to a hash of what else the results depend on (programs, files).
        exhibits: ``package.module:function`` that makes the recipe's own part of a report; see ``recipes.exhibit``.
        recalls: ``package.module:function`` that gives the trials of early records the columns of their items that
            stand elsewhere in them; see ``recipes.exhibit.RecallFunction``.
        pool: number of evaluation items there are, where that is known before a trial; None means not declared.
        control_sets: name to the controls that a claim takes over with ``controls = "RECIPE.NAME"``.
        obstacle: (settings, ``cpu`` or ``cuda``) to why a trial cannot run on this machine, a sentence with a cure, or
            empty. Claims are refused by it when they are planned and before they run; results are read all the same.
        reads: settings to what they name outside the claim: files, folders, models, data sets. A claim is refused like
            one with an obstacle where something of it is not there, and its plan says what a hub would be asked for.
        clear: ``package.module:function`` of what forgets what the recipe's modules keep of a trial: called between two
            that share a process.
        micro_batch: settings to the rows of an optimiser step (0: nothing is trained), where :attr:`Bench.micro_batch`
            is heeded; a ``RecipeError`` for settings that cannot be split.
        memory: (settings, claim folder, ``cpu`` or ``cuda``) to what a trial takes of the device's memory, or None
            where there is nothing to say. A plan shows it, and a claim that cannot fit is refused like one with an
            obstacle.
        needs: modules without which no trial can run (``torch``); where one is missing a claim is refused, too.
        extra: what pip is given to install them: ``evenhand[bridge]``.
        gpu: whether trials use a GPU where there is one. Those of a recipe that computes on the CPU see none, and run
            side by side on the cores.
    """

    metrics: Mapping[str, Metric] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    version: int | None = None
    preload: tuple[str, ...] = ()
    further_fingerprint: Callable[[Mapping[str, Any], Path], str] | None = None
    exhibits: str | None = None
    pool: int | None = None
    control_sets: Mapping[str, ControlSet] = field(default_factory=dict)
    recalls: str | None = None
    obstacle: Callable[[Mapping[str, Any], str], str] | None = None
    reads: Callable[[Mapping[str, Any]], Iterable[Named]] | None = None
    clear: tuple[str, ...] = ()
    micro_batch: Callable[[Mapping[str, Any]], int] | None = None
    memory: Callable[[Mapping[str, Any], Path, str], Memory | None] | None = None
    needs: tuple[str, ...] = ()
    extra: str = ""
    gpu: bool = True


@dataclass(frozen=True)
class Recipe:
    """A recipe as the lab holds it: reference, function, settings class, declarations, and whose code it is."""

    reference: str
    run: RunFunction
    settings: type[BaseModel]
    info: RecipeInfo
    fingerprint: str
    origin: str = ""

    @property
    def about(self) -> str:
        """First line of the function's docstring."""
        return (inspect.getdoc(self.run) or "").split("\n", 1)[0]


def recipe(
    *,
    metrics: Mapping[str, Metric] | None = None,
    units: Sequence[str] = (),
    version: int | None = None,
    preload: Sequence[str] = (),
    further_fingerprint: Callable[[Mapping[str, Any], Path], str] | None = None,
    exhibits: str | None = None,
    pool: int | None = None,
    control_sets: Mapping[str, ControlSet] | None = None,
    recalls: str | None = None,
    obstacle: Callable[[Mapping[str, Any], str], str] | None = None,
    reads: Callable[[Mapping[str, Any]], Iterable[Named]] | None = None,
    clear: Sequence[str] = (),
    micro_batch: Callable[[Mapping[str, Any]], int] | None = None,
    memory: Callable[[Mapping[str, Any], Path, str], Memory | None] | None = None,
    needs: Sequence[str] = (),
    extra: str = "",
    gpu: bool = True,
) -> Callable[[F], F]:
    """Declare what a recipe function measures and spends; see :class:`RecipeInfo`."""
    info = RecipeInfo(
        dict(metrics or {}), tuple(units), version, tuple(preload), further_fingerprint, exhibits, pool,
        dict(control_sets or {}), recalls, obstacle, reads, tuple(clear), micro_batch, memory,
        tuple(needs), extra, gpu,
    )  # fmt: skip

    def attach(function: F) -> F:
        function.__evenhand_recipe__ = info  # type: ignore[attr-defined]
        return function

    return attach


def settings_class(function: Callable[..., Any], reference: str) -> type[BaseModel]:
    """The pydantic class that annotates the first parameter of a recipe function.

    Raises:
        RecipeError: the function has not two parameters, or the first is not annotated with a pydantic model.
    """
    parameters = list(inspect.signature(function).parameters)
    if len(parameters) < 2:
        raise RecipeError(f"The recipe '{reference}' must take two parameters (settings, bench); found {parameters}.")
    try:
        annotation = typing.get_type_hints(function).get(parameters[0])
    except NameError as error:
        raise RecipeError(f"The recipe '{reference}' has an annotation that cannot be resolved: {error}.") from error
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        raise RecipeError(
            f"The recipe '{reference}' must annotate its first parameter with its settings class "
            f"(a subclass of evenhand.recipes.contract.RecipeSettings); found {annotation!r}."
        )
    return annotation
