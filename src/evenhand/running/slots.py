"""How many trials run side by side on this machine, on which GPUs, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evenhand.claims.load import LoadedClaim
from evenhand.errors import Fault, SettingsError, counted
from evenhand.execution.machine import cores
from evenhand.execution.profiles import Profile
from evenhand.recipes.gpus import driver_failure, visible_gpus
from evenhand.running.fitting import asks_for_no_gpu, fitting, resources_of, why_on_cpu


def side_by_side(profile: Profile, claims: Sequence[LoadedClaim]) -> tuple[Profile, str]:
    """A profile with what it leaves open of this machine: how many trials at a time, and which GPUs they may have.

    Where the trials of a claim would take a GPU, one runs at a time on each that is visible; where a number is asked
    for, the GPUs are shared out among so many. Trials that compute on the CPU get a slot per core, or as many as the
    memory holds. What a profile says goes before all of that.

    Args:
        profile: what was asked for.
        claims: that run together.

    Returns:
        The profile, and its reason as a sentence: empty where there is a slot per core and no GPU.

    Raises:
        SettingsError: the profile names a GPU that the driver does not show.
    """
    if profile.executor != "local" or not claims:
        return profile, ""
    gpus = tuple(gpu.device for gpu in visible_gpus()[0])
    _check_named(profile, gpus)
    if not gpus:
        return _without_gpus(profile, claims)
    reasons = [why_on_cpu(claim, profile.resources) for claim in claims]
    why = ", ".join(dict.fromkeys(reasons)) if all(reasons) else ""
    if profile.devices:
        return profile, _gpu_words(profile, claims, "--per-gpu") + (f"; all on the CPU: {why}" if why else "")
    if not why:
        found = _on_gpus(profile, gpus)
        return found, _gpu_words(found, claims, "-j")
    found, words = _on_cores(profile, claims)
    if all(asks_for_no_gpu(claim, profile.resources) for claim in claims):
        found = found.model_copy(update={"devices": gpus, "gpus": 0, "jobs": found.jobs or cores()})
    return found, words or f"{_at_a_time(found.jobs or cores())}; no GPU: {why}"


def _check_named(profile: Profile, gpus: Sequence[str]) -> None:
    """A GPU by a number that nobody has is a slip; whether a UUID, or the beginning of one, is there, CUDA decides."""
    if not all(map(str.isdecimal, gpus)):
        return
    there = {int(name) for name in gpus}
    missing = [name for name in profile.devices if name.isdecimal() and int(name) not in there]
    if gpus and missing:
        told = (
            f"there is no such GPU that this process sees: the driver shows {counted(len(gpus), 'GPU')}, "
            f"--gpus {','.join(gpus)}"
        )
        raise SettingsError("The GPUs cannot be had", [Fault(f"GPU {name}", told) for name in missing])


def _on_gpus(profile: Profile, gpus: Sequence[str]) -> Profile:
    """Trials on all visible GPUs, evenly; a single one has them all unless it asks for fewer."""
    update: dict[str, object] = {"devices": tuple(gpus)}
    if profile.jobs == 1 and profile.gpus is None:
        update["gpus"] = len(gpus)
    elif "per_gpu" not in profile.model_fields_set:
        update["per_gpu"] = math.ceil((profile.jobs or 1) / len(gpus))
    return Profile.model_validate({**profile.model_dump(exclude_unset=True), **update})


def _without_gpus(profile: Profile, claims: Sequence[LoadedClaim]) -> tuple[Profile, str]:
    """A slot per core, as the memory allows; in words, too, where it is the driver that fails."""
    found, words = _on_cores(profile, claims)
    failure = "" if profile.devices else driver_failure()
    if failure:
        words = f"{words or _at_a_time(found.jobs or cores())}; no GPU: {failure}"
    return found, words


def _on_cores(profile: Profile, claims: Sequence[LoadedClaim]) -> tuple[Profile, str]:
    """A slot per core; fewer, where the memory does not hold so many of the largest trials."""
    if profile.jobs is not None:
        return profile, ""
    known = [found for claim in claims if (found := fitting(claim, profile.resources)) is not None]
    fits = min(known, default=cores())
    if fits >= cores():
        return profile, ""
    if not fits:  # which refuses the claim
        return profile.model_copy(update={"jobs": 1}), ""
    return profile.model_copy(update={"jobs": fits}), f"{_at_a_time(fits)}: the memory holds no more of the largest"


def _gpu_words(profile: Profile, claims: Sequence[LoadedClaim], option: str) -> str:
    """``2 GPUs: 2 trials at a time, each on one of them; -j N for more``, where ``option`` gives more."""
    total, places = len(profile.devices), len(profile.devices) * profile.per_gpu
    each = max(
        resources_of(claim.resolved.claim, arm.name).over(profile.resources).gpus or 1
        for claim in claims
        for arm in claim.resolved.claim.arms
    )
    count = max(1, min(profile.jobs or places, places // each))
    share = "all" if each == total else f"{each if each > 1 else 'one'} of them"
    which = f"{'each ' if count > 1 else ''}on {share}"
    more = f"; {option} N for more" if profile.jobs is None and profile.per_gpu == each == 1 else ""
    return f"{counted(total, 'GPU')}: {_at_a_time(count)}{f', {which}' if total > 1 else ''}{more}"


def _at_a_time(count: int) -> str:
    return "one trial at a time" if count == 1 else f"{count} trials at a time"
