"""Where compiled kernels are kept: in the ledger's assets, so that trials of other processes and days find them."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

FOLDERS = {
    "TRITON_CACHE_DIR": "triton",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
    "CUDA_CACHE_PATH": "cuda",
}
"""Variable to the folder that it names: kernels of Triton (and what its autotuner found), of torch.compile, and what
the driver makes of PTX. numba keeps its code beside the source, where every ledger finds it; see :func:`use`."""

SWITCHES = {"TRITON_CACHE_AUTOTUNING": "1", "FLA_CACHE_RESULTS": "1", "TORCHINDUCTOR_FX_GRAPH_CACHE": "1"}
"""Variables without which the results of tuning are kept by no file."""

_NUMBA = "NUMBA_CACHE_DIR"


def use(assets: Path, environment: MutableMapping[str, str] | None = None) -> None:
    """Have this process, and those that it starts, keep compiled kernels in the assets of a ledger.

    What the user has set stays. numba's code goes there only where it could not be kept beside its source: moved, it
    would be compiled anew for every ledger.

    Args:
        assets: folder of what trials share.
        environment: to set the variables in; that of this process if None.
    """
    variables = os.environ if environment is None else environment
    folder = assets / "compiled"
    for name, part in FOLDERS.items():
        variables.setdefault(name, str(folder / part))
    for name, value in SWITCHES.items():
        variables.setdefault(name, value)
    if not os.access(Path(__file__).parents[2], os.W_OK):
        variables.setdefault(_NUMBA, str(folder / "numba"))
