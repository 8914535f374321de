"""What a claim's trials ask for, and whether they fit the memory of their device, as their recipe estimates it."""

from __future__ import annotations

from evenhand.claims.load import LoadedClaim
from evenhand.claims.schema import Claim
from evenhand.execution.machine import device_memory, device_of_programs
from evenhand.execution.resources import Resources
from evenhand.recipes.contract import Memory


def largest(loaded: LoadedClaim) -> tuple[Memory, str] | None:
    """What the largest trial of a claim takes, and the device; None where its recipe cannot say."""
    estimate = loaded.recipe.info.memory
    if estimate is None:
        return None
    device, _ = device_of_programs()
    found = [estimate(settings, loaded.folder, device) for settings in loaded.resolved.settings.values()]
    known = [memory for memory in found if memory is not None]
    return (max(known, key=lambda memory: memory.bytes), device) if known else None


def memory_words(loaded: LoadedClaim) -> str:
    """The memory that a trial takes and what there is, as a sentence; empty where nobody knows."""
    found = largest(loaded)
    if found is None:
        return ""
    memory, device = found
    return f"memory of the largest trial, estimated: {memory.words}; {_there(device)}"


def shortage(loaded: LoadedClaim) -> str:
    """Why a claim's trials do not fit the device, with a cure; empty where they do, or where nobody knows."""
    found = largest(loaded)
    if found is None:
        return ""
    memory, device = found
    there = device_memory(device)
    if there is None or memory.bytes <= there:
        return ""
    return (
        f"a trial takes more memory than there is: {memory.words}; {_there(device)}. Run the claim on a device with "
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
