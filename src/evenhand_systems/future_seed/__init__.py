"""Future-Seed: does seeding a layer of RWKV-7 with the terminal state of the layer below help it use what stands right?

Tasks (generated and on real data), recipes that train and score them, and the checks that go with them; the mechanism
itself lives in ``evenhand_systems.rwkv7``. The parts are usable as a library, each imported on first use::

    from evenhand_systems.future_seed import GeneratedTask, InPlaceTask, Reader, SeedingOptions, Trainer
"""

from __future__ import annotations

from evenhand_systems.lazy import front_door

__getattr__, __dir__, __all__ = front_door(
    __name__,
    {
        "GeneratedTask": "tasks.problems",
        "InPlaceTask": "tasks.problems",
        "ModelSettings": "settings",
        "Problems": "tasks.problems",
        "Reader": "training",
        "SeedingOptions": "settings",
        "Trainer": "training",
        "in_place_task": "tasks.build",
    },
)
