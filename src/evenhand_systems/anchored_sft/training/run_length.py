"""Whether a run is long enough for what its settings ask of it; told before anything is loaded."""

from __future__ import annotations

from evenhand.errors import Fault, SettingsError
from evenhand_systems.anchored_sft.anchors import AnchorSchedule
from evenhand_systems.anchored_sft.settings import TrainingSettings


def check_length(settings: TrainingSettings, steps: int) -> None:
    """Refuse settings that a run of ``steps`` steps cannot fulfil. Costs nothing: call it before a model is loaded.

    Raises:
        SettingsError: the anchor never comes to its full strength, or there would be no evaluation on the way or no
            checkpoint.
    """
    if not settings.train:
        return
    faults = []
    if settings.eval_steps >= steps:
        message = f"is {settings.eval_steps}, but the run has {steps} steps: no evaluation would be made on the way"
        faults.append(Fault("eval_steps", message))
    if settings.save_steps is not None and settings.save_steps > steps:
        message = f"is {settings.save_steps}, but the run has {steps} steps: no checkpoint would be kept"
        faults.append(Fault("save_steps", message))
    schedule = schedule_of(settings)
    try:
        if schedule is not None:
            schedule.check(steps)
    except SettingsError as error:
        faults += list(error.faults)
    if faults:
        raise SettingsError("The length of the run", faults)


def schedule_of(settings: TrainingSettings) -> AnchorSchedule | None:
    """How strong the anchor is over training; None for plain fine-tuning."""
    if settings.anchor_type is None or settings.kl_coef is None:
        return None
    return AnchorSchedule(
        settings.kl_coef, settings.kl_start_step or 0, settings.kl_warmup_steps or 0, settings.kl_decay_steps or 0
    )
