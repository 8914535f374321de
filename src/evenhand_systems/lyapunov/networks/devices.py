"""Where a network is trained: what the user named has to be there before anything begins."""

from __future__ import annotations

import torch

from evenhand.errors import DataError


def check_device(name: str) -> None:
    """Refuse a device that torch does not know or does not find on this machine.

    Raises:
        DataError: with what was found.
    """
    try:
        torch.zeros((), device=torch.device(name)).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        # Builds without a device raise an assertion, drivers and names that are none a runtime error.
        why = str(error).strip().splitlines()[0].rstrip(".")
        cure = "Take cpu, or cuda where a GPU is."
        raise DataError(f"--device {name}: torch cannot compute there ({why}). {cure}") from None
