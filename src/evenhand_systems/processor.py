"""What this machine's processor can multiply, and how many threads torch takes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many threads for torch in this block, then as many as before: their number belongs to the whole process."""
    given = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(given)


def multiplies_bf16() -> bool:
    """Whether this CPU has instructions that multiply bfloat16 and add in float32 (AVX-512 BF16 or AMX).

    torch multiplies bfloat16 on other processors too, by converting to float32 first, which is slower than float32.
    """
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
