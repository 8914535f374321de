"""Where trials run, as the command line says it: ``--on slurm --profile big``, ``--gpus 0,1``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenhand.cli.console import warn
from evenhand.errors import counted

if TYPE_CHECKING:
    from evenhand.claims.load import LoadedClaim
    from evenhand.execution.executor import Executor
    from evenhand.execution.profiles import Profile
    from evenhand.ledger import Ledger

On = Annotated[
    str | None, typer.Option("--on", metavar="PLACE", help="local, slurm, ray, or another that is installed.")
]
ProfileName = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="A profile that evenhand.toml names.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", min=1, metavar="N",
        help="Trials side by side; default: one on each GPU, without a GPU one per core."
    ),
]  # fmt: skip
Gpus = Annotated[str | None, typer.Option("--gpus", metavar="0,1", help="local: GPUs, a slot on each.")]
PerGpu = Annotated[
    int | None, typer.Option("--per-gpu", min=1, metavar="N", help="local: trials side by side on each GPU.")
]
Detach = Annotated[bool, typer.Option("--detach", help="Leave once all is in the queue; run again to take it up.")]


def chosen_profile(
    claims: Sequence[LoadedClaim],
    on: str | None,
    profile: str | None,
    jobs: int | None = None,
    gpus: str | None = None,
    per_gpu: int | None = None,
) -> Profile | None:
    """The profile that the options name; None where none of them was given.

    Raises:
        SettingsError: there is no such profile, or it has unknown keys.
    """
    if (on, profile, gpus, per_gpu) == (None, None, None, None):
        return None
    from evenhand.execution.profiles import profile_of

    folders = list(dict.fromkeys([Path.cwd(), *(claim.folder for claim in claims)]))
    found = profile_of(profile, on, folders)
    given: dict[str, Any] = {"jobs": jobs, "per_gpu": per_gpu}
    if gpus is not None:
        given["devices"] = _devices(gpus)
    given = {name: value for name, value in given.items() if value is not None}
    if found.executor != "local" and (gpus is not None or per_gpu is not None):
        raise typer.BadParameter(
            f"slots on GPUs are for --on local, not for --on {found.executor}", param_hint="--gpus"
        )
    return found.model_copy(update=given)


def _devices(gpus: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in gpus.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise typer.BadParameter(
            f"'{gpus}' does not name GPUs, each once: --gpus 0,1 (--per-gpu for more trials on each)",
            param_hint="--gpus",
        )
    return names


def chosen_place(
    claims: Sequence[LoadedClaim],
    ledger: Ledger,
    on: str | None,
    profile: str | None,
    jobs: int | None,
    gpus: str | None,
    per_gpu: int | None,
) -> tuple[Profile, str]:
    """Where the options have trials run, with what they leave open of this machine and its reason in words.

    Claims of which the ledger has all trials have no say in it.

    Raises:
        SettingsError: there is no such profile, or it has unknown keys.
    """
    from evenhand.execution.profiles import Profile
    from evenhand.running.run import has_trials_left
    from evenhand.running.slots import side_by_side

    chosen = chosen_profile(claims, on, profile, jobs, gpus, per_gpu) or Profile(jobs=jobs)
    return side_by_side(chosen, [claim for claim in claims if has_trials_left(claim, ledger)])


def executor_for(claims: Sequence[LoadedClaim], profile: Profile, ledger: Path, warm: bool | None) -> Executor:
    """The executor of a profile. Locks of the ledger are tried first."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        found = _executor_for(claims, profile, ledger, warm)
    warn([str(one.message) for one in told])
    return found


def _executor_for(claims: Sequence[LoadedClaim], profile: Profile, ledger: Path, warm: bool | None) -> Executor:
    from evenhand.execution.machine import device_of_programs
    from evenhand.execution.places import executor_of

    if warm:
        _warn_of_cold(claims, profile)
    if profile.executor == "local" and profile.devices and device_of_programs()[0] != "cuda":
        warnings.warn(f"GPUs are named, but {device_of_programs()[1]}: trials run on the CPU.", stacklevel=2)
    recipes: dict[Path, list[str]] = {}
    for claim in claims:
        recipes.setdefault(claim.folder, []).append(claim.resolved.recipe)
    return executor_of(profile, recipes, ledger, warm)


def _warn_of_cold(claims: Sequence[LoadedClaim], profile: Profile) -> None:
    """Say where `--warm` changes nothing: elsewhere, and for programs whose imports no worker can keep."""
    from evenhand.execution.command.script_calls import why_cold
    from evenhand.execution.command.settings import CommandSettings
    from evenhand.recipes.catalogue import COMMAND

    if profile.executor != "local":
        warnings.warn(f"--warm is for trials on this machine: {profile.executor} does not know it.", stacklevel=2)
        return
    for claim in claims:
        if claim.resolved.recipe != COMMAND:
            continue
        arms: dict[str, list[str]] = {}
        for (arm, _), settings in claim.resolved.settings.items():
            unit = claim.resolved.claim.budget.unit
            if why := why_cold(CommandSettings.model_validate(settings), claim.folder, unit):
                arms.setdefault(why, []).append(arm)
        for why, names in arms.items():
            whose = ", ".join(dict.fromkeys(names))
            warnings.warn(
                f"--warm changes nothing for the arms {whose} of {claim.resolved.name}, of which each trial stays a "
                f"process of its own: {why}.",
                stacklevel=2,
            )


def queued(ledger: Ledger) -> Mapping[str, int]:
    """How many trials of a ledger a scheduler has, and how many of these have ended and wait to be recorded."""
    folders = [path.parent for path in (ledger.folder / "work").glob("*/submission.json")]
    return {"submitted": len(folders), "ended": sum((folder / "ending.json").exists() for folder in folders)}


def queue_sentence(found: Mapping[str, int]) -> str:
    """What :func:`queued` found, for people; empty where there is nothing."""
    if not found["submitted"]:
        return ""
    return (
        f"{counted(found['submitted'], 'trial')} left in a scheduler's queue, {found['ended']:,} of them ended: "
        "the same `evenhand run` takes them up."
    )
