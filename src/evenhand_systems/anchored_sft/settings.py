"""Settings of the recipes, and the rule that a setting without effect in the given run is an error.

Settings that are off by default are None: whoever writes one down means it, so one that would do nothing is refused
with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from evenhand.errors import Fault, SettingsError
from evenhand.recipes.contract import RecipeSettings

AnchorType = Literal["kl", "kl_rev", "js", "non_target"]
KINDS = {"kl": "forward", "kl_rev": "reverse", "js": "js", "non_target": "non-target"}
WARMUP_RATIO = 0.03
NEEDS_TRAINING = (
    "anchor_type",
    "early_stop_patience",
    "save_steps",
    "rescale",
    "epochs",
    "save_adapter_to",
    "save_merged_to",
    "replay",
    "curriculum",
    "mix_reasoning_ratio",
    "sample_ratio",
    "skip_baseline",
)
"""Settings that only training makes use of."""


class TrainingSettings(RecipeSettings):
    """What all recipes of this system share."""

    train: bool = Field(True, description="false evaluates the base with an adapter that does nothing")
    epochs: float | None = Field(None, gt=0, description="must fit the budget in steps exactly; None: as budgeted")
    batch: int = Field(8, gt=0, description="rows at once")
    grad_acc: int = Field(1, gt=0, description="micro-batches of an optimiser step")
    learning_rate: float = Field(1e-4, gt=0)
    warmup_ratio: float = Field(WARMUP_RATIO, ge=0, lt=1, description="of a linear or cosine schedule")
    schedule: Literal["linear", "cosine", "constant"] = "cosine"
    weight_decay: float = Field(0.0, ge=0)
    lora_r: int = Field(8, gt=0)
    lora_alpha: int = Field(16, gt=0)
    lora_dropout: float = Field(0.0, ge=0, lt=1)
    lora_targets: str | tuple[str, ...] = "all-linear"
    eval_steps: int = Field(50, gt=0, description="steps between evaluations of the dev questions")
    early_stop_patience: int | None = Field(None, ge=1, description="evaluations in a row with too much forgotten")
    early_stop_tolerance: float | None = Field(
        None, ge=0, description="loss that is borne: of the share of right dev answers (None: .02), or of raw reward"
    )
    save_steps: int | None = Field(None, gt=0, description="steps between checkpoints; None keeps none")
    save_adapter_to: str | None = Field(None, description="folder beside the claim for the trained adapter, by seed")
    save_merged_to: str | None = Field(None, description="the same for the whole model with the adapter merged in")
    anchor_type: AnchorType | None = Field(None, description="None: plain fine-tuning")
    js_beta: float | None = Field(None, gt=0, lt=1)
    kl_coef: float | None = Field(None, gt=0)
    kl_start_step: int | None = Field(None, ge=0)
    kl_warmup_steps: int | None = Field(None, ge=0)
    kl_decay_steps: int | None = Field(None, ge=0)
    kl_limit_seq: int | None = Field(None, gt=0, description="anchor the last so many real tokens of each row")
    anchor_prompts: int | None = Field(None, gt=0, description="generic prompts a step that are anchored instead")
    rescale: tuple[float, ...] | None = Field(
        None, description="after training take the smallest of these adapter scales that reaches the target level"
    )

    @model_validator(mode="after")
    def _every_setting_has_an_effect(self) -> TrainingSettings:
        faults = anchor_faults(self) + training_faults(self)
        if faults:
            raise ValueError("; ".join(str(fault) for fault in faults))
        return self


def anchor_faults(settings: TrainingSettings) -> list[Fault]:
    """Anchor settings that miss their anchor, or contradict each other."""
    faults = []
    if settings.anchor_type is None:
        names = ("js_beta", "kl_coef", "kl_start_step", "kl_warmup_steps", "kl_decay_steps", "kl_limit_seq")
        faults = [
            Fault(name, "has no effect without anchor_type; set anchor_type, or remove it")
            for name in (*names, "anchor_prompts")
            if getattr(settings, name) is not None
        ]
    elif settings.kl_coef is None:
        faults.append(Fault("anchor_type", "has no effect without kl_coef; set kl_coef, or remove anchor_type"))
    if settings.js_beta is not None and settings.anchor_type not in (None, "js"):
        faults.append(Fault("js_beta", f"has no effect with anchor_type = '{settings.anchor_type}'; remove it"))
    if settings.kl_limit_seq is not None and settings.anchor_prompts is not None:
        faults.append(Fault("kl_limit_seq", "has no effect with anchor_prompts, whose tokens are all anchored"))
    return faults


def training_faults(settings: TrainingSettings) -> list[Fault]:
    """Training settings without effect."""
    faults = []
    if settings.early_stop_tolerance is not None and settings.early_stop_patience is None:
        faults.append(Fault("early_stop_tolerance", "has no effect without early_stop_patience"))
    if not settings.train:
        faults += [
            Fault(name, "has no effect with train = false; remove it")
            for name in NEEDS_TRAINING
            if getattr(settings, name, None) not in (None, False)
        ]
    elif settings.schedule == "constant" and settings.warmup_ratio != WARMUP_RATIO:
        faults.append(Fault("warmup_ratio", "has no effect with schedule = 'constant'; remove it, or set 'linear'"))
    if settings.rescale is not None and settings.early_stop_patience is not None:
        message = "scales the adapter of a whole run, which early_stop_patience would cut short; remove one of them"
        faults.append(Fault("rescale", message))
    limit, longest = settings.kl_limit_seq, getattr(settings, "max_seq_length", None)
    if limit is not None and longest is not None and limit > longest:
        faults.append(Fault("kl_limit_seq", f"is {limit}, but no row has more than max_seq_length = {longest} tokens"))
    if settings.rescale is not None and not all(0 < scale <= 1 for scale in settings.rescale):
        faults.append(Fault("rescale", f"must be scales in (0, 1]; found {settings.rescale}"))
    return faults


class StandinSettings(TrainingSettings):
    """The embedded default: tagged skills, and a new answer format for one of them."""

    batch: int = Field(16, gt=0)
    learning_rate: float = Field(2e-3, gt=0)
    schedule: Literal["linear", "cosine", "constant"] = "constant"
    answer_format: Literal["ranked", "descending", "spelled"] = "ranked"
    training_questions: int = Field(2000, gt=0, description="different questions of the new task to learn from")
    replay: float | None = Field(None, gt=0, lt=1, description="share of old lessons in the training data")
    curriculum: float | None = Field(None, gt=0, lt=1, description="share of the run before old lessons come in")
    target_level: float = Field(0.9, gt=0, le=1, description="share of dev answers at which forgetting is measured")
    dev_questions: int = Field(200, gt=0, description="of the new task and, in all, of the old skills")
    pool: int = Field(500, gt=0, description="questions a skill from which a rung's items are chosen")
    teaching_steps: int | None = Field(
        None, gt=0, description="steps of the stand-in's own teaching, where not the default"
    )
    teaching_seed: int = Field(0, ge=0, description="which stand-in")
    teaching_enough: float | None = Field(
        None, ge=0, lt=1, description="lower bar for a stand-in that only tests plumbing"
    )

    @model_validator(mode="after")
    def _curriculum_needs_replay(self) -> StandinSettings:
        if self.curriculum is not None and self.replay is None:
            raise ValueError("curriculum has no effect without replay; set replay, or remove curriculum")
        return self


class TextSettings(TrainingSettings):
    """A stand-in taught a text, then fine-tuned on conversations; everything is measured as loss."""

    text: str = Field(description="file of general text: XQuAD's JSON, or one document a line")
    data: str = Field(description="file of conversations, or of self-instruct seed tasks")
    batch: int = Field(8, gt=0)
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Literal["linear", "cosine", "constant"] = "constant"
    max_seq_length: int = Field(256, gt=8)
    val_split: float = Field(0.25, gt=0, lt=1)
    target_loss: float = Field(gt=0, description="nats per answer token on the validation set: the target level")
    replay: float | None = Field(None, gt=0, lt=1, description="share of general text in the training data")
    teaching_steps: int = Field(1500, gt=0)
    hidden: int = Field(128, gt=0)

    @model_validator(mode="after")
    def _stopping_needs_questions(self) -> TextSettings:
        if self.early_stop_patience is not None:
            raise ValueError("early_stop_patience has no effect here: it needs dev questions, and there are texts only")
        return self


class CheckpointSettings(TrainingSettings):
    """A real checkpoint, by path or hub id, with the settings of the experiment log."""

    model: str = Field(description="folder, name (`evenhand models`) or hub id")
    quantisation: Literal["4bit", "8bit"] | None = None
    chat_template: str | None = Field(None, description="template file for a tokenizer without one")
    template_arguments: dict[str, bool | int | str] | None = Field(
        None, description="handed to the chat template; enable_thinking is off where a template knows it"
    )
    dataset: str = Field(description="file with `messages`, or hub id")
    subset: Literal["general", "reasoning", "both"] = "general"
    mix_reasoning_ratio: float | None = None
    sample_ratio: float | None = None
    sample_seed: int | None = None
    curriculum: float | None = None
    val_split: float = Field(0.02, gt=0, lt=1)
    streaming: bool = False
    num_proc: int | None = Field(None, gt=0)
    max_seq_length: int = Field(768, gt=8)
    overlong: Literal["refuse", "truncate", "drop"] = "refuse"
    packing: bool = False
    baseline_eval_samples: int | None = Field(None, gt=0, description="validation conversations; None takes all")
    skip_baseline: bool = False
    questions: str | None = Field(None, description="MT-Bench style file: question_id, category, turns")
    reward_model: str | None = Field(None, description="folder, name or hub id of the judge")
    mtbench_questions_limit: int | None = Field(None, gt=0, description="dev questions for evaluations on the way")
    max_new_tokens: int = Field(512, gt=0)
    general_text: str | None = Field(None, description="file of general text, one document a line")
    prompts_dataset: str | None = Field(
        None, description="file with `messages` whose prompts anchor_prompts draws from"
    )
    target_loss: float | None = Field(None, gt=0, description="validation loss at which forgetting is measured")

    @model_validator(mode="after")
    def _checkpoint_settings_have_an_effect(self) -> CheckpointSettings:
        faults = checkpoint_faults(self)
        if faults:
            raise ValueError("; ".join(str(fault) for fault in faults))
        return self


def checkpoint_faults(settings: CheckpointSettings) -> list[Fault]:
    """Settings of a checkpoint run that would do nothing, or that miss their other half."""
    pairs: Sequence[tuple[str, str, bool]] = (
        ("mtbench_questions_limit", "reward_model", settings.reward_model is not None),
        ("reward_model", "questions", settings.questions is not None),
        ("questions", "reward_model", settings.reward_model is not None),
        ("prompts_dataset", "anchor_prompts", settings.anchor_prompts is not None),
        ("anchor_prompts", "prompts_dataset", settings.prompts_dataset is not None),
        ("early_stop_patience", "mtbench_questions_limit", settings.mtbench_questions_limit is not None),
        ("rescale", "target_loss", settings.target_loss is not None),
    )
    faults = [
        Fault(name, f"has no effect without {other}")
        for name, other, there in pairs
        if getattr(settings, name) is not None and not there
    ]
    faults += _faults_of_stopping(settings)
    if settings.quantisation is not None and settings.save_merged_to is not None:
        message = "cannot be written with quantisation, whose weights merging would round; keep save_adapter_to alone"
        faults.append(Fault("save_merged_to", message))
    if settings.streaming:
        alone = {"num_proc": settings.num_proc, "epochs": settings.epochs, "packing": settings.packing or None}
        faults += [
            Fault(name, "has no effect with streaming; remove it") for name, value in alone.items() if value is not None
        ]
    if settings.packing:
        reasons = {
            "curriculum": "has no effect with packing, whose rows are drawn at random",
            "epochs": "cannot be told with packing, where a step's rows hold any number of conversations",
        }
        faults += [
            Fault(name, f"{reason}; remove it")
            for name, reason in reasons.items()
            if getattr(settings, name) is not None
        ]
    if settings.overlong != "refuse" and settings.packing:
        faults.append(Fault("overlong", "has no effect with packing, which cuts at max_seq_length; remove it"))
    # The mix refuses its own settings; made here, so that a claim is refused before anything is loaded.
    try:
        data_mix(settings)
    except SettingsError as error:
        faults += list(error.faults)
    return faults


def _faults_of_stopping(settings: CheckpointSettings) -> list[Fault]:
    """What early stopping on rewards cannot do without."""
    if settings.early_stop_patience is None:
        return []
    faults = []
    if settings.skip_baseline:
        message = "leaves early stopping nothing to compare with: the first evaluation is its start; remove one of them"
        faults.append(Fault("skip_baseline", message))
    if settings.reward_model is not None and settings.early_stop_tolerance is None:
        message = "must be given with reward_model: in raw rewards, whose scale is the judge's own"
        faults.append(Fault("early_stop_tolerance", message))
    return faults


def data_mix(settings: CheckpointSettings) -> Any:
    """The mix that the settings describe."""
    from evenhand_systems.anchored_sft.data.mix import DataMix

    names = ("subset", "mix_reasoning_ratio", "sample_ratio", "sample_seed", "val_split", "curriculum", "streaming")
    return DataMix(**{name: getattr(settings, name) for name in names})


def check_epochs(settings: TrainingSettings, examples: int, steps: int) -> None:
    """Epochs and the budget in steps say the same, or one of them would have no effect.

    Raises:
        SettingsError: with the number of steps that the epochs take.
    """
    if settings.epochs is None:
        return
    needed = max(1, round(settings.epochs * examples / (settings.batch * settings.grad_acc)))
    if needed != steps:
        message = (
            f"{settings.epochs:g} epochs of {examples} examples are {needed} steps, but the budget is {steps} steps; "
            "set the rung's budget to that, or remove epochs"
        )
        raise SettingsError("The length of the run", [Fault("epochs", message)])
