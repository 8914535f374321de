"""Vectors of eight float32 for numba functions: the few operations that the RWKV-7 CPU kernels are written in.

numba's automatic vectorisation gives up on loops that keep several running sums; with a vector type of its own a loop
says what stays in registers. LLVM lowers the type to what the processor has (one AVX2 register, two NEON registers).
All functions take flat C-contiguous float32 arrays and offsets counted in elements; nothing is bounds-checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

LANES = 8


class Float32x8(types.Type):
    """numba type of a vector of eight float32."""

    def __init__(self) -> None:
        super().__init__(name="Float32x8")


vector = Float32x8()
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INTS = ir.VectorType(ir.IntType(32), LANES)


@register_model(Float32x8)
class _Float32x8Model(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _FLOATS)  # type: ignore[no-untyped-call]


def _address(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, of: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), of.as_pointer())


def _splat(builder: Any, scalar: Any) -> Any:
    single = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(_INTS, [0] * LANES)
    return builder.shuffle_vector(single, ir.Constant(_FLOATS, ir.Undefined), zeros)


def _indices(*lanes: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))


@intrinsic
def load(typing_context: Any, array: Any, offset: Any) -> Any:
    """Eight consecutive elements of `array` from `offset` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], _FLOATS)
        return builder.load(address, align=4)

    return vector(array, types.intp), generate


@intrinsic
def store(typing_context: Any, array: Any, offset: Any, value: Any) -> Any:
    """Write eight consecutive elements of `array` from `offset` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], _FLOATS)
        builder.store(arguments[2], address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def spread(typing_context: Any, array: Any, offset: Any) -> Any:
    """The element of `array` at `offset`, in all eight lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], ir.FloatType())
        return _splat(builder, builder.load(address, align=4))

    return vector(array, types.intp), generate


@intrinsic
def constant(typing_context: Any, value: Any) -> Any:
    """A scalar in all eight lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _splat(builder, arguments[0])

    return vector(types.float32), generate


@intrinsic
def fma(typing_context: Any, left: Any, right: Any, addend: Any) -> Any:
    """left * right + addend in one rounding, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, f"llvm.fma.v{LANES}f32"
        )
        return builder.call(function, arguments)

    return vector(vector, vector, vector), generate


def _binary(operation: str) -> Any:
    @intrinsic
    def function(typing_context: Any, left: Any, right: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, operation)(*arguments)

        return vector(vector, vector), generate

    return function


add = _binary("fadd")
sub = _binary("fsub")
mul = _binary("fmul")
div = _binary("fdiv")


def _unary(name: str) -> Any:
    @intrinsic
    def function(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(_FLOATS, [_FLOATS])
            callee = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
                builder.module, kind, f"llvm.{name}.v{LANES}f32"
            )
            return builder.call(callee, arguments)

        return vector(vector), generate

    return function


nearest = _unary("rint")


@intrinsic
def clamp(typing_context: Any, value: Any, low: Any, high: Any) -> Any:
    """Lane by lane min(max(value, low), high); not-a-number stays as it is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, low, high = arguments
        value = builder.select(builder.fcmp_ordered("<", value, low), low, value)
        return builder.select(builder.fcmp_ordered(">", value, high), high, value)

    return vector(vector, vector, vector), generate


@intrinsic
def power_of_two(typing_context: Any, exponent: Any) -> Any:
    """2^exponent for whole exponents from -126 to 127, by writing the float's exponent bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = builder.fptosi(arguments[0], _INTS)
        bits = builder.shl(builder.add(whole, ir.Constant(_INTS, [127] * LANES)), ir.Constant(_INTS, [23] * LANES))
        return builder.bitcast(bits, _FLOATS)

    return vector(vector), generate


def _lane_sum(builder: Any, value: Any) -> Any:
    """Pairwise sum of the lanes (half on half): three additions."""
    width = LANES
    while width > 1:
        width //= 2
        low = builder.shuffle_vector(value, value, _indices(*range(width)))
        high = builder.shuffle_vector(value, value, _indices(*range(width, 2 * width)))
        value = builder.fadd(low, high)
    return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))


@intrinsic
def total(typing_context: Any, value: Any) -> Any:
    """The sum of the eight lanes, a float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _lane_sum(builder, arguments[0])

    return types.float32(vector), generate


def _four_lane_sums(builder: Any, vectors: Any) -> Any:
    """The lane sums of four vectors, as one vector of four: in each half first, then half on half."""
    even, odd = _indices(0, 2, 8, 10, 4, 6, 12, 14), _indices(1, 3, 9, 11, 5, 7, 13, 15)

    def pairs(left: Any, right: Any) -> Any:
        first = builder.shuffle_vector(left, right, even)
        return builder.fadd(first, builder.shuffle_vector(left, right, odd))

    quarters = pairs(pairs(vectors[0], vectors[1]), pairs(vectors[2], vectors[3]))
    low = builder.shuffle_vector(quarters, quarters, _indices(0, 1, 2, 3))
    return builder.fadd(low, builder.shuffle_vector(quarters, quarters, _indices(4, 5, 6, 7)))


@intrinsic
def store_totals(typing_context: Any, array: Any, offset: Any, v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    """Write the lane sums of four vectors to four consecutive elements of `array`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums = _four_lane_sums(builder, arguments[2:])
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], sums.type)
        builder.store(sums, address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector, vector, vector, vector), generate


@intrinsic
def add_totals(typing_context: Any, array: Any, offset: Any, v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    """Add the lane sums of four vectors to four consecutive elements of `array`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums = _four_lane_sums(builder, arguments[2:])
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1], sums.type)
        builder.store(builder.fadd(builder.load(address, align=4), sums), address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector, vector, vector, vector), generate
