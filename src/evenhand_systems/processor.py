"""What this machine's processor can multiply."""

from __future__ import annotations

import torch


def multiplies_bf16() -> bool:
    """Whether this CPU has instructions that multiply bfloat16 and add in float32 (AVX-512 BF16 or AMX).

    torch multiplies bfloat16 on other processors too, by converting to float32 first, which is slower than float32.
    """
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
