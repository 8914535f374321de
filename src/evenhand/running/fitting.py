"""What a claim's trials ask for, and whether they fit the memory of their device, as their recipe estimates it."""

from __future__ import annotations

from evenhand.claims.load import LoadedClaim
from evenhand.claims.schema import Claim
from evenhand.execution.machine import device_memory, device_of_programs
from evenhand.execution.resources import Resources
from evenhand.recipes.contract import Memory


def estimates(loaded: LoadedClaim) -> tuple[list[Memory], str]:
    """What the trials of a claim take, as far as their recipe says something, the largest first; and the device.

    Those whose estimate waits for something stand last.
    """
    estimate = loaded.recipe.info.memory
    if estimate is None:
        return [], ""
    device, _ = device_of_programs()
    found = {estimate(settings, loaded.folder, device) for settings in loaded.resolved.settings.values()}
    told = [memory for memory in found if memory is not None]
    return sorted(told, key=lambda memory: (-(memory.bytes or 0.0), memory.words)), device


def memory_words(loaded: LoadedClaim) -> str:
    """The memory that a trial takes and what there is, as a sentence; empty where there is nothing to say."""
    found, device = estimates(loaded)
    known = [memory for memory in found if memory.bytes is not None]
    waiting = [memory.words for memory in found if memory.bytes is None]
    if known:
        some = f"; not estimated for all trials: {waiting[0]}" if waiting else ""
        return f"memory of the largest trial, estimated: {known[0].words}; {_there(device)}{some}"
    return f"memory of a trial: not estimated, {waiting[0]}; {_there(device)}" if waiting else ""


def shortage(loaded: LoadedClaim) -> str:
    """Why a claim's trials do not fit the device, with a cure; empty where they do, or where nobody knows."""
    found, device = estimates(loaded)
    if not found or found[0].bytes is None:
        return ""
    there = device_memory(device)
    if there is None or found[0].bytes <= there:
        return ""
    return (
        f"a trial takes more memory than there is: {found[0].words}; {_there(device)}. Run the claim on a device with "
        "more memory, or lower what a step holds (batches, texts, sizes of the models)"
    )


def _there(device: str) -> str:
    there = device_memory(device)
    name = "the GPU" if device == "cuda" else "this machine"
    return f"{name} has {'an unknown amount' if there is None else f'{there / 1e9:.1f} GB'}"


def resources_of(claim: Claim, arm: str) -> Resources:
    """What the trials of an arm ask for: its own ``[resources]`` before the claim's."""
    own = next(one.resources for one in claim.arms if one.name == arm)
    return Resources(**own.model_dump()).over(Resources(**claim.resources.model_dump()))
