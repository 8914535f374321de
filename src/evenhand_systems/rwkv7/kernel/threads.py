"""Sharing a kernel's heads out over as many threads as torch was given, safely across fork.

The threads belong to a pool made on first use and never on import, one pool per process: a child of fork makes its own.
Compiled functions release the interpreter lock, so ordinary threads do.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch

SHARES_PER_THREAD = 4  # a thread that loses its core to another process leaves its last shares to the others


@lru_cache(maxsize=1)
def _pool(process: int, workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="evenhand-kernel")


def share_out(function: Callable[..., Any], count: int, minimum: int, *arguments: Any) -> None:
    """Call `function(first, stop, *arguments)` over ranges that cover 0..count, on `torch.get_num_threads()` threads.

    With one thread, or fewer than two shares of `minimum` units, it is one plain call on the caller's thread.
    """
    threads = min(torch.get_num_threads(), count // max(minimum, 1))
    if threads <= 1:
        function(0, count, *arguments)
        return
    shares = min(count // max(minimum, 1), threads * SHARES_PER_THREAD)
    bounds = [count * share // shares for share in range(shares + 1)]
    ranges = deque(pairwise(bounds))

    def work() -> None:
        while True:
            try:
                first, stop = ranges.popleft()
            except IndexError:
                return
            function(first, stop, *arguments)

    pool = _pool(os.getpid(), threads - 1)
    pending = [pool.submit(work) for _ in range(threads - 1)]
    work()
    for future in pending:
        future.result()


def together(function: Callable[..., Any], threads: int, *arguments: Any) -> None:
    """Call `function(thread, *arguments)` for each thread number at the same time: the calls can wait for each other.

    With one thread it is one plain call.
    """
    if threads == 1:
        function(0, *arguments)
        return
    pool = _pool(os.getpid(), threads - 1)
    pending = [pool.submit(function, thread, *arguments) for thread in range(1, threads)]
    function(0, *arguments)
    for future in pending:
        future.result()
