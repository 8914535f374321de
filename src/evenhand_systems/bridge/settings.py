"""Settings of the bridge recipe, and what makes no sense together. Plain data: nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from pydantic import Field, model_validator

from evenhand.recipes.contract import RecipeSettings

Begin = Literal["bos", "none"]
Injection = Literal["prepend", "adapter", "cache"]
PromptMode = Literal["soft_only", "soft_plus_text"]
Teacher = Literal["prompt", "answer"]
EvaluationControl = Literal["matched", "no_soft_tokens", "zeros", "shuffled", "noise", "mean"]
"""What the trained bridge is evaluated with."""

Task = Literal["transport", "split", "recall", "facts", "counts", "gsm8k"]
BridgeKind = Literal["cross_attention", "dit", "linear", "constant_prompt", "cache", "vocabulary"]
SourceReading = Literal["trained", "untrained", "embeddings"]
Reference = Literal["none", "target_text", "source_text", "relay", "source_probe"]

StandIn = Literal["digits", "words", "records", "copyist"]
STAND_INS: tuple[StandIn, ...] = get_args(StandIn)

ArmKind = Literal["bridge", "control", "reference"]
"""A bridge is tested, a control has to be beaten, a reference says what there was to be reached."""


class LossWeights(RecipeSettings):
    """Weight of each loss; 0 leaves it out."""

    answer: float = Field(default=1.0, ge=0, description="negative log likelihood of the solution")
    kl: float = Field(default=0.0, ge=0, description="KL to the same target given the text, first tokens of the answer")
    prompt_alignment: float = Field(default=0.0, ge=0, description="squared distance to the facts' embeddings")
    flow: float = Field(default=0.0, ge=0, description="flow matching (dit)")
    token_alignment: float = Field(default=0.0, ge=0, description="soft tokens name the teacher's tokens by cosine")
    # Left out of the record where it has no weight: trials from before it have the ids that they had.
    naming: float = Field(
        default=0.0, ge=0, exclude_if=lambda weight: weight == 0.0,
        description="the weights of the target's words name the teacher's tokens (vocabulary)",
    )  # fmt: skip
    contrastive: float = Field(default=0.0, ge=0, description="soft tokens find their own text in the batch")
    format: float = Field(default=0.0, ge=0, description="likelihood of the answer's mark and end")
    probe: float = Field(default=0.0, ge=0, description="the source's mean state is read off the soft tokens")
    positional: float = Field(default=0.0, ge=0, description="rotated soft tokens stand to each other as the teacher's")
    decode: float = Field(default=0.0, ge=0, description="the target predicts the teacher's text along the soft tokens")

    def active(self) -> dict[str, float]:
        """Losses with a weight."""
        return {name: weight for name, weight in self.model_dump().items() if weight > 0}


TEACHED = frozenset({"flow", "token_alignment", "naming", "contrastive", "positional", "decode"})
"""Losses that depend on the teacher text."""


class Curriculum(RecipeSettings):
    """From soft tokens beside the text to soft tokens alone."""

    text_steps: int = Field(default=0, ge=0, description="steps during which the target always sees the text too")
    fade_steps: int = Field(default=0, ge=0, description="steps over which the text goes away, batch by batch")

    def text_share(self, step: int) -> float:
        """Share of batches at ``step`` in which the target sees the text."""
        if step < self.text_steps:
            return 1.0
        return max(0.0, 1 - (step - self.text_steps + 1) / (self.fade_steps + 1))


class TrainingSettings(RecipeSettings):
    """How a bridge is trained."""

    batch: int = Field(default=16, gt=0)
    learning_rate: float = Field(default=1e-3, gt=0)
    gate_rate: float = Field(default=10.0, gt=0, description="learning rate of gates that start at 0, as a multiple")
    warmup: int = Field(default=100, ge=0)
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    prompt_mode: PromptMode = "soft_only"
    curriculum: Curriculum = Curriculum()
    teacher: Teacher = "prompt"
    kl_tokens: int = Field(default=16, gt=0)
    # Left out of the record where it is "auto": trials from before it have the ids that they had.
    checkpointing: Literal["auto", "on", "off"] = Field(
        default="auto", exclude_if=lambda chosen: chosen == "auto",
        description="compute the target's layers twice instead of keeping them; auto: from 2 billion parameters on",
    )  # fmt: skip
    losses: LossWeights = LossWeights()


COMPUTED_TWICE_FROM = 2_000_000_000
"""Parameters of a target from which on its layers are computed twice by default; smaller ones leave room enough."""


def computes_twice(checkpointing: str, parameters: int) -> bool:
    """Whether a target of this many parameters has its layers computed again on the way back."""
    return checkpointing == "on" or (checkpointing == "auto" and parameters >= COMPUTED_TWICE_FROM)


class Settings(RecipeSettings):
    """One bridge between two models on one task, or one of its controls and references."""

    task: Task = Field(
        default="transport",
        description="transport, split, recall: stories; facts: single words; counts: numbers; gsm8k: files",
    )
    source: str = Field(default="stand-in:digits", description="stand-in, tiny:TOKENIZER, folder, name or hub id")
    target: str = Field(default="stand-in:words", description="likewise")
    source_begin: Begin = "bos"
    target_begin: Begin = "bos"
    train_data: str = Field(default="", description="GSM8K train file (gsm8k)")
    test_data: str = Field(default="", description="GSM8K test file (gsm8k)")
    shots: int = Field(default=8, ge=0, description="worked examples in the prompt (gsm8k)")
    train_pool: int = Field(default=10000, gt=0, description="training items; files give at most what they have")
    dev_pool: int = Field(default=128, gt=0, description="development items, for curves and choices")
    test_pool: int = Field(default=2000, gt=0, description="generated evaluation items that rungs draw from")

    bridge: BridgeKind = "cross_attention"
    soft_tokens: int = Field(default=24, gt=0)
    bottleneck: int = Field(default=96, gt=0)
    depth: int = Field(default=2, gt=0)
    heads: int = Field(default=4, gt=0)
    layer: int = Field(default=-1, description="hidden states of the source: 0 embeddings ... -1 last layer")
    pool: Literal["none", "mean", "last"] = Field(
        default="none", description="all source states, their mean, or the last"
    )
    train_steps: int = Field(default=2, gt=0, description="Euler steps in training (dit)")
    eval_steps: int = Field(default=4, gt=0, description="Euler steps in evaluation (dit)")
    guidance: float = Field(default=1.0, description="classifier-free guidance in evaluation (dit)")
    drop_rate: float = Field(default=0.1, ge=0, lt=1, description="dropped conditions in the flow loss (dit)")
    injection: Injection = "prepend"
    adapter_scale: float = Field(default=1.0, gt=0)

    training: TrainingSettings = TrainingSettings()
    evaluate_every: int = Field(default=500, ge=0, description="steps between looks at the development split; 0: none")
    select: Literal["final", "best"] = Field(default="final", description="final weights, or the best on development")
    patience: int = Field(default=0, ge=0, description="looks without a new best before training stops; 0: never")

    control: EvaluationControl = "matched"
    source_reading: SourceReading = "trained"
    reference: Reference = "none"
    new_tokens: int = Field(default=48, gt=0)
    batch: int = Field(default=64, gt=0, description="items at once in evaluation")
    answers_folder: str = Field(default="", description="folder for one JSON line per item; empty: only while it runs")

    @property
    def with_text(self) -> bool:
        """Whether the target sees the facts as text too, in evaluation."""
        return self.training.prompt_mode == "soft_plus_text"

    @property
    def kind(self) -> ArmKind:
        """What an arm with these settings is to a bridge."""
        if self.reference != "none" or self.control == "no_soft_tokens":
            return "reference"
        return "bridge" if self.shown_as == "matched" else "control"

    @property
    def shown_as(self) -> str:
        """A short name of what the target was given: ``matched`` by a bridge, else the control's or reference's."""
        if self.reference != "none":
            return self.reference
        if self.control == "no_soft_tokens":
            return self.control
        names: list[str] = [self.bridge] if self.bridge in ("linear", "constant_prompt") else []
        names += {"trained": [], "untrained": ["untrained_source"], "embeddings": ["source_embeddings"]}[
            self.source_reading
        ]
        names += [] if self.control == "matched" else [self.control]
        return "+".join(names) or "matched"

    @model_validator(mode="after")
    def _every_setting_does_something(self) -> Settings:
        faults = dead_settings(self)
        if faults:
            raise ValueError("; ".join(faults))
        return self


def dead_settings(settings: Settings) -> list[str]:
    """Settings that would change nothing, or that contradict each other: two names for one configuration mislead."""
    faults = [
        *_dead_in_training(settings), *_dead_in_dit(settings), *_unused_by_kind(settings), *_unknown_records(settings),
        *_two_things_at_once(settings), *_dead_in_stories(settings), *_dead_in_caches(settings),
        *_asked_for_facts(settings), *_asked_for_counts(settings),
    ]  # fmt: skip
    if settings.injection == "prepend" and settings.adapter_scale != 1.0:
        faults.append('adapter_scale belongs to injection = "adapter"')
    if settings.source_reading == "embeddings" and settings.layer not in (-1, 0):
        faults.append('source_reading = "embeddings" reads layer 0; leave `layer` alone')
    if settings.source_reading == "trained" and settings.layer == 0:
        faults.append('layer 0 are the embeddings, a control: ask for them by source_reading = "embeddings"')
    if settings.task == "gsm8k" and not (settings.train_data and settings.test_data):
        faults.append('task = "gsm8k" needs train_data and test_data')
    if settings.patience and not settings.evaluate_every:
        faults.append("patience needs evaluate_every")
    if settings.select == "best" and not settings.evaluate_every:
        faults.append('select = "best" needs evaluate_every')
    return faults


def _dead_in_training(settings: Settings) -> list[str]:
    """Losses, teacher and curriculum."""
    faults, training = [], settings.training
    losses, curriculum = training.losses.active(), training.curriculum
    if not losses:
        faults.append("no loss has a weight")
    if "flow" in losses and settings.bridge != "dit":
        faults.append(f'the flow loss needs bridge = "dit"; found "{settings.bridge}"')
    if "naming" in losses and settings.bridge != "vocabulary":
        faults.append(f'the naming loss needs bridge = "vocabulary"; found "{settings.bridge}"')
    if "decode" in losses and settings.injection != "prepend":
        faults.append('decode supervision needs injection = "prepend"')
    if "kl" not in losses and training.kl_tokens != type(training).model_fields["kl_tokens"].default:
        faults.append("kl_tokens belongs to the KL; training.losses.kl has no weight")
    if training.teacher == "answer" and not TEACHED & set(losses):
        faults.append(f'teacher = "answer" changes nothing: none of {", ".join(sorted(TEACHED))} has a weight')
    if training.prompt_mode == "soft_plus_text" and (curriculum.text_steps or curriculum.fade_steps):
        faults.append('a curriculum fades the text away; it needs prompt_mode = "soft_only"')
    return faults


def _dead_in_dit(settings: Settings) -> list[str]:
    """Settings of the diffusion transformer, some of which need its flow loss."""
    if settings.bridge != "dit":
        names = _changed(settings, ("train_steps", "eval_steps", "guidance", "drop_rate"))
        return [f'{name} belongs to bridge = "dit"' for name in names]
    if not settings.training.losses.flow:
        # The velocity without a condition is learned in the flow loss alone, and from dropped conditions.
        names = _changed(settings, ("guidance", "drop_rate"))
        return [f"{name} does something with a flow loss only" for name in names]
    if settings.guidance != 1.0 and settings.drop_rate == 0.0:
        return ["guidance needs a drop_rate above 0: what it is guided away from is learned there"]
    return []


_OF_SOFT_TOKENS = (
    "prompt_alignment",
    "token_alignment",
    "naming",
    "contrastive",
    "probe",
    "positional",
    "decode",
    "flow",
)


def _dead_in_caches(settings: Settings) -> list[str]:
    """Settings of soft tokens, where keys and values go over instead."""
    if (settings.bridge == "cache") != (settings.injection == "cache"):
        return [f'bridge = "cache" and injection = "cache" go together; found "{settings.bridge}" and '
                f'"{settings.injection}"']  # fmt: skip
    if settings.bridge != "cache":
        return []
    faults = [f'{name} changes nothing with bridge = "cache"'
              for name in _changed(settings, ("soft_tokens", "layer", "pool", "heads", "depth"))]  # fmt: skip
    losses = [name for name in _OF_SOFT_TOKENS if name in settings.training.losses.active()]
    if losses:
        faults.append(f'{", ".join(losses)}: about soft tokens in the embedding space; bridge = "cache" has none')
    if settings.source_reading == "embeddings":
        faults.append('source_reading = "embeddings": a source that has read nothing has no keys and values')
    return faults


def _asked_for_facts(settings: Settings) -> list[str]:
    """What the task of single words needs, and what belongs to it alone."""
    copyist = "stand-in:copyist"
    if settings.task != "facts":
        return [f'{name} = "{copyist}" belongs to task = "facts"'
                for name in ("source", "target") if getattr(settings, name) == copyist]  # fmt: skip
    faults = []
    if settings.source.startswith(("stand-in:", "tiny:")):
        faults.append(f'task = "facts" asks what a real source knows; found source = "{settings.source}"')
    if settings.target != copyist:
        faults.append(f'task = "facts" needs target = "{copyist}", which knows no facts; found "{settings.target}"')
    if settings.with_text:
        faults.append(
            'task = "facts": prompt_mode = "soft_plus_text" would tell the target what the source has to know'
        )
    return faults + [f'{name} changes nothing with task = "facts"'
                     for name in _changed(settings, ("train_pool", "test_pool"))]  # fmt: skip


def _asked_for_counts(settings: Settings) -> list[str]:
    """What belongs to the task of numbers."""
    if settings.task != "counts":
        return []
    return [f'{name} changes nothing with task = "counts"' for name in _changed(settings, ("train_pool", "test_pool"))]


def _two_things_at_once(settings: Settings) -> list[str]:
    """A trial is a bridge, one of its controls, or a reference without any."""
    faults = []
    if settings.reference != "none":
        for name, value in (("control", settings.control), ("bridge", settings.bridge)):
            if value in ("linear", "constant_prompt") or (name == "control" and value != "matched"):
                faults.append(f'{name} = "{value}" changes nothing with reference = "{settings.reference}"')
    if settings.control == "no_soft_tokens" and settings.source_reading != "trained":
        faults.append(f'source_reading = "{settings.source_reading}" changes nothing without soft tokens')
    return faults


def _dead_in_stories(settings: Settings) -> list[str]:
    """Settings of data files, with generated stories; numbers are asked for after worked examples, too."""
    if settings.task == "gsm8k":
        return []
    tiny = any(model.startswith("tiny:") for model in (settings.source, settings.target))
    names = ["test_data", *([] if tiny else ["train_data"]), *([] if settings.task == "counts" else ["shots"])]
    return [f'{name} belongs to task = "gsm8k"' for name in _changed(settings, names)]


def _unknown_records(settings: Settings) -> list[str]:
    """Stand-ins that do not exist, and what only one of them knows, and knows alone."""
    faults, records = [], "stand-in:records"
    for name in ("source", "target"):
        kind, _, stand_in = getattr(settings, name).partition(":")
        if kind == "stand-in" and stand_in not in STAND_INS:
            faults.append(f"{name}: there is no stand-in '{stand_in}'; there are {', '.join(STAND_INS)}")
    by_heart = settings.task in ("recall", "counts")
    if by_heart and settings.source != records:
        faults.append(f'task = "{settings.task}" asks what source = "{records}" knows; found "{settings.source}"')
    if not by_heart and settings.source == records:
        faults.append(f'source = "{records}" was taught no stories; it belongs to task = "recall" or "counts"')
    if settings.target == records:
        faults.append(f'"{records}" was taught no stories; it can be no target')
    if settings.task == "recall" and settings.with_text:
        faults.append(
            'task = "recall": prompt_mode = "soft_plus_text" would tell the target what the source has to know; '
            'use "soft_only"'
        )
    return faults


def _unused_by_kind(settings: Settings) -> list[str]:
    """Settings that this kind of bridge does not look at."""
    unused: tuple[str, ...] = ()
    if settings.bridge in ("linear", "constant_prompt", "vocabulary"):
        unused = ("bottleneck", "depth", "heads")
    if settings.bridge == "constant_prompt":
        unused = (*unused, "layer", "pool", "source_reading")
    return [f'{name} changes nothing with bridge = "{settings.bridge}"' for name in _changed(settings, unused)]


def _changed(settings: Settings, names: Iterable[str]) -> list[str]:
    """Those of the settings that are not at their default."""
    defaults = type(settings).model_fields
    return [name for name in names if getattr(settings, name) != defaults[name].default]
