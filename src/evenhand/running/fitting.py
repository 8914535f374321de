"""What a claim's trials ask for, and whether they fit the memory of their device, as their recipe estimates it."""

from __future__ import annotations

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.schema import Claim
from evenhand.errors import counted
from evenhand.execution.local.room import Room
from evenhand.execution.machine import device_memory, device_of_programs, why_torch_has_no_cuda
from evenhand.execution.resources import NOTHING_ASKED, Resources
from evenhand.recipes.catalogue import COMMAND
from evenhand.recipes.contract import Memory


def resources_of(claim: Claim, arm: str) -> Resources:
    """What the trials of an arm ask for: its own ``[resources]`` before the claim's."""
    own = next(one.resources for one in claim.arms if one.name == arm)
    return Resources(**own.model_dump()).over(Resources(**claim.resources.model_dump()))


def asks_for_no_gpu(loaded: LoadedClaim, default: Resources = NOTHING_ASKED) -> str:
    """Why no trial of a claim is to have a GPU: its recipe says so, or its resources; empty where one may have one.

    Args:
        loaded: the claim.
        default: what trials ask for that say nothing themselves.
    """
    claim = loaded.resolved.claim
    asked = {resources_of(claim, arm.name).over(default).gpus for arm in claim.arms}
    if asked == {0}:
        return "its trials ask for none"
    return f"{loaded.recipe.reference} computes on the CPU" if not (loaded.recipe.info.gpu or asked - {0, None}) else ""


def why_on_cpu(loaded: LoadedClaim, default: Resources = NOTHING_ASKED) -> str:
    """Why all trials of a claim compute on the CPU, whatever GPU there is; empty where they would take one, or ask."""
    claim = loaded.resolved.claim
    asks = any(resources_of(claim, arm.name).over(default).gpus for arm in claim.arms)
    return "" if asks else asks_for_no_gpu(loaded, default) or _why_torch_finds_none(loaded)


def _why_torch_finds_none(loaded: LoadedClaim) -> str:
    """Why torch has no GPU for the trials of a claim; empty for programs: what they can use is their own affair."""
    return why_torch_has_no_cuda() if loaded.recipe.reference != COMMAND else ""


def device_of(loaded: LoadedClaim, default: Resources = NOTHING_ASKED) -> str:
    """The device of a claim's trials on this machine, ``cpu`` or ``cuda``."""
    on_cpu = asks_for_no_gpu(loaded, default) or _why_torch_finds_none(loaded)
    return "cpu" if on_cpu else device_of_programs()[0]


def estimates(loaded: LoadedClaim, default: Resources = NOTHING_ASKED) -> tuple[list[Memory], str]:
    """What the trials of a claim take, as far as their recipe says something, the largest first; and the device.

    Those whose estimate waits for something stand last.
    """
    estimate = loaded.recipe.info.memory
    if estimate is None:
        return [], ""
    device = device_of(loaded, default)
    found = {estimate(settings, loaded.folder, device) for settings in loaded.resolved.settings.values()}
    told = [_whole_batches(loaded, memory) for memory in found if memory is not None]
    return sorted(told, key=lambda memory: (-(memory.bytes or 0.0), memory.words)), device


def _whole_batches(loaded: LoadedClaim, memory: Memory) -> Memory:
    """An estimate, which counts all rows of a step at once; its words say so where a claim splits its batches."""
    if memory.bytes is None or loaded.resolved.limits.micro_batch is None:
        return memory
    return Memory(memory.bytes, f"{memory.words}, without limits.micro_batch, which leaves training less")


def largest(loaded: LoadedClaim, default: Resources = NOTHING_ASKED) -> tuple[float, str, str] | None:
    """The bytes that the largest trial of a claim takes, the same in words, and the device; None where nobody knows."""
    found, device = estimates(loaded, default)
    if not found or found[0].bytes is None:
        return None
    return found[0].bytes, found[0].words, device


def memory_words(loaded: LoadedClaim, room: Room | None = None) -> str:
    """The memory that a trial takes and what there is, as a sentence; empty where there is nothing to say.

    Args:
        loaded: the claim.
        room: what of this machine its trials may have; None for all of it.
    """
    found, device = estimates(loaded, NOTHING_ASKED if room is None else room.default)
    there = _there(device, device_memory(device, () if room is None else room.gpus))
    waiting = [memory.words for memory in found if memory.bytes is None]
    if len(waiting) < len(found):
        some = f"; not estimated for all trials: {waiting[0]}" if waiting else ""
        return f"memory of the largest trial, estimated: {found[0].words}; {there}{some}"
    return f"memory of a trial: not estimated, {waiting[0]}; {there}" if waiting else ""


def fitting(loaded: LoadedClaim, default: Resources = NOTHING_ASKED) -> int | None:
    """How many of a claim's largest trials the memory of the machine holds; None on a GPU, or where nobody knows."""
    found, there = None if _set_aside(loaded, default) else largest(loaded, default), device_memory("cpu")
    return None if found is None or found[2] != "cpu" or there is None else int(there // found[0])


def _set_aside(loaded: LoadedClaim, default: Resources) -> bool:
    """Whether a claim says what main memory is set aside for a trial: then its trials start while that is free."""
    claim = loaded.resolved.claim
    return any(resources_of(claim, arm.name).over(default).memory_gib for arm in claim.arms)


def shortage(loaded: LoadedClaim, room: Room | None = None) -> str:
    """Why a claim's trials do not fit the device, with a cure; empty where they do, or where nobody knows.

    Args:
        loaded: the claim; one that splits its batches (``limits.micro_batch``) is taken to fit.
        room: what of this machine they share; None to look at one trial alone.
    """
    default = NOTHING_ASKED if room is None else room.default
    found = largest(loaded, default)
    if found is None or loaded.resolved.limits.micro_batch is not None:  # which no estimate knows
        return ""
    needed, words, device = found
    there = device_memory(device, () if room is None else room.gpus)
    if there is None:
        return ""
    if needed > there:
        return (
            f"a trial takes more memory than there is: {words}; {_there(device, there)}. Run the claim on a "
            "device with more memory, or lower what a step holds (batches, texts, sizes of the models)"
            + ("; limits.micro_batch splits a batch in training" if loaded.recipe.info.micro_batch else "")
        )
    together = 1 if room is None else min(room.sharing, len(all_trials(loaded.resolved)))
    fits = int(there // needed)
    if together <= fits or (device == "cpu" and _set_aside(loaded, default)):
        return ""
    return (
        f"{together} trials at a time take more memory than there is: {words}, for each; "
        f"{_there(device, there)}, which holds {counted(fits, 'trial')}. "
        + ("Lower -j (`jobs`)" if device == "cpu" else "Lower -j (`jobs`) or --per-gpu")
    )


def _there(device: str, there: int | None) -> str:
    name = "the GPU" if device == "cuda" else "this machine"
    return f"{name} has {'an unknown amount' if there is None else f'{there / 1e9:.1f} GB'}"
