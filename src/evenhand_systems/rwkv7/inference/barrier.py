"""Where the threads of one decoding step meet: a spinning barrier, and weights stored in half the bytes.

A step passes some seventy barriers; waking a sleeping thread at each would take longer than the work between them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

from evenhand_systems.rwkv7.kernel.compiling import compiled
from evenhand_systems.rwkv7.kernel.simd import LANES, vector

SPINS = 20000


@intrinsic
def _arrive(typing_context: Any, counter: Any) -> Any:
    """Add one to counter[0], as one indivisible step."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "seq_cst")
        return context.get_dummy_value()

    return types.void(counter), generate


@intrinsic
def _arrived(typing_context: Any, counter: Any) -> Any:
    """counter[0], read anew from memory."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(data, "seq_cst", 8)

    return types.int64(counter), generate


@intrinsic
def _give_way(typing_context: Any) -> Any:
    """Let another thread run on this core (POSIX sched_yield)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "sched_yield"
        )
        return builder.call(function, [])

    return types.int32(), generate


@compiled
def wait_for_all(counter: Any, threads: Any, phase: Any) -> Any:
    """Wait until all threads have come to phase number `phase` (from 1); returns the next number."""
    _arrive(counter)  # type: ignore[call-arg]  # numba's intrinsics hide their first parameter
    spins = 0
    while _arrived(counter) < threads * phase:
        spins += 1
        if spins > SPINS:
            _give_way()
    return phase + 1


@intrinsic
def load_weights(typing_context: Any, array: Any, offset: Any) -> Any:
    """Eight float32 from `array`: float32 as they are, or bfloat16 stored as uint16."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        floats, words = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.IntType(32), LANES)
        halves = ir.VectorType(ir.IntType(16), LANES)
        stored = halves if signature.args[0].dtype == types.uint16 else floats
        address = builder.bitcast(builder.gep(data, [arguments[1]]), stored.as_pointer())
        content = builder.load(address, align=2 if stored is halves else 4)
        if stored is floats:
            return content
        shift = ir.Constant(words, [16] * LANES)
        return builder.bitcast(builder.shl(builder.zext(content, words), shift), floats)

    return vector(array, types.intp), generate
