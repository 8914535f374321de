"""Profiles: where trials run and what is asked of that place, as ``evenhand.toml`` names them.

[profiles.cluster]
executor = "slurm"
partition = "gpu"
minutes = 240
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evenhand.data.reading import read_text
from evenhand.errors import DataError, Fault, SettingsError
from evenhand.execution.resources import Resources

FILE = "evenhand.toml"

Count = Annotated[int, Field(strict=True, ge=0)]
Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Profile(BaseModel):
    """What a place is asked for. What a claim's ``[resources]`` say goes before what stands here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    executor: str = Field(default="local", description="local, slurm, ray, or one that a package has registered")
    jobs: Annotated[int, Field(strict=True, ge=1)] | None = Field(default=None, description="trials at a time")
    cpus: Count | None = None
    gpus: Count | None = None
    memory_gib: Amount | None = None
    minutes: Amount | None = Field(default=None, description="that the scheduler is asked for, per job")
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    setup: tuple[str, ...] = Field(default=(), description="shell lines before each job: modules, environments")
    devices: tuple[str, ...] = Field(default=(), description="local: GPUs by number or UUID, a slot each")
    per_gpu: Annotated[int, Field(strict=True, ge=1)] = Field(default=1, description="local: trials on each GPU")
    address: str | None = Field(default=None, description="ray: of the cluster; default RAY_ADDRESS, else a local one")
    polls_per_minute: Annotated[int, Field(strict=True, ge=1, le=60)] = Field(
        default=8, description="slurm: how often the controller is asked, at most"
    )
    signal_seconds: Annotated[int, Field(strict=True, ge=1)] = Field(
        default=90, description="slurm: before the end of its time a trial is told to give way"
    )
    patience_seconds: Amount = Field(
        default=60.0, description="a file on a shared file system is looked for so long before it counts as lost"
    )

    @property
    def resources(self) -> Resources:
        """What every trial asks for that says nothing else."""
        return Resources(self.cpus, self.gpus, self.memory_gib, self.minutes)


def read_profiles(folders: Sequence[Path]) -> Mapping[str, Mapping[str, Any]]:
    """The profiles of the first ``evenhand.toml`` in some folders; none where there is no such file.

    Raises:
        SettingsError: it is no TOML, or ``profiles`` is no table of tables.
    """
    path = next((folder / FILE for folder in folders if (folder / FILE).exists()), None)
    if path is None:
        return {}
    try:
        document = tomllib.loads(read_text(path))
    except (ValueError, RecursionError, DataError) as error:
        raise SettingsError(f"{path} cannot be used", [Fault(str(path), str(error))]) from error
    found = document.get("profiles", {})
    wrong = [name for name in document if name not in ("profiles", "runs", "track")]  # of other parts of the lab
    if wrong or not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        what = f"unknown table '{wrong[0]}'" if wrong else "`profiles` is not made of tables"
        raise SettingsError(f"{path} cannot be used", [Fault(str(path), f"{what}; expected [profiles.NAME]")])
    return found


def profile_of(name: str | None, executor: str | None, folders: Sequence[Path]) -> Profile:
    """The profile of a name, or what an executor has by default.

    Args:
        name: of the profile; None for the one that is called like the executor, if there is one.
        executor: where to run; it must agree with the profile. None for the profile's.
        folders: where ``evenhand.toml`` is looked for, in order.

    Raises:
        SettingsError: no such profile, unknown keys or values that cannot be; with the names that there are.
    """
    known = read_profiles(folders)
    if name is not None and name not in known:
        there = f"there are: {', '.join(sorted(known))}" if known else f"there is no {FILE} with profiles here"
        raise SettingsError("The profile cannot be used", [Fault(f"--profile {name}", f"no such profile; {there}")])
    chosen = name if name is not None else executor if executor in known else None
    document = {} if chosen is None else dict(known[chosen])
    if chosen is None or "executor" not in document:
        document["executor"] = executor or "local"
    try:
        found = Profile.model_validate(document)
    except ValidationError as error:
        raise SettingsError("The profile cannot be used", [_fault(chosen, e) for e in error.errors()]) from error
    if executor is not None and found.executor != executor:
        message = f"it is for --on {found.executor}, not for --on {executor}"
        raise SettingsError("The profile cannot be used", [Fault(f"[profiles.{chosen}]", message)])
    return found


def _fault(profile: str | None, error: Mapping[str, Any]) -> Fault:
    place = f"[profiles.{profile}] {'.'.join(str(part) for part in error['loc'])}"
    if error["type"] == "extra_forbidden":
        return Fault(place, f"unknown key; it may have: {', '.join(sorted(Profile.model_fields))}")
    return Fault(place, str(error["msg"]))
