"""The compiled recurrence against the step-by-step loop in float64."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from evenhand_systems.rwkv7.kernel import KernelError, choose_backend, compiling, cuda, wkv7
from evenhand_systems.rwkv7.kernel.pulling import scan_pulled
from evenhand_systems.rwkv7.kernel.reference import wkv7_reference

NAMES = ("receptance", "log_decay", "key", "value", "removal", "rewrite", "initial_state", "pull")
SHAPES = [(2, 37, 3, 16), (1, 1, 2, 8), (2, 16, 1, 64), (1, 50, 2, 32), (3, 33, 1, 24)]


def random_inputs(batch: int, steps: int, heads: int, size: int, *, pull: bool = False) -> list[Tensor | None]:
    """Inputs as an RWKV-7 layer makes them, float64."""
    generator = torch.Generator().manual_seed(batch * 1000 + steps)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    sequence, matrix = (batch, steps, heads, size), (batch, heads, size, size)
    removal = F.normalize(draw(*sequence), dim=-1)
    rewrite = removal * torch.sigmoid(draw(*sequence))
    log_decay = -0.6065 * torch.sigmoid(draw(*sequence))
    tensors = [draw(*sequence), log_decay, draw(*sequence), draw(*sequence), -removal, rewrite, draw(*matrix)]
    return [*tensors, draw(*matrix) if pull else None]


def results(inputs: list[Tensor | None], dtype: torch.dtype, backend: str, device: str = "cpu") -> dict[str, Tensor]:
    """Output, terminal state and the gradients of a fixed function of both."""
    leaves = [None if t is None else t.detach().to(device, dtype).requires_grad_() for t in inputs]
    out, terminal = wkv7(*leaves, backend=backend)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(7)
    weights = [torch.randn(t.shape, generator=generator, dtype=torch.float64).to(t) for t in (out, terminal)]
    ((out * weights[0]).sum() + (terminal * weights[1]).sum()).backward()
    gradients = {f"gradient of {n}": t.grad for n, t in zip(NAMES, leaves, strict=True) if t is not None}
    return {"output": out, "terminal state": terminal, **gradients}


def relative_errors(found: dict[str, Tensor], expected: dict[str, Tensor]) -> dict[str, float]:
    assert found.keys() == expected.keys()
    differences = {n: (found[n].detach().double().cpu() - e.detach()).norm() for n, e in expected.items()}
    return {n: float(differences[n] / e.detach().norm()) for n, e in expected.items()}


@pytest.mark.parametrize("pull", [False, True], ids=["plain", "per_step"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_compiled_kernel_equals_the_float64_loop_in_outputs_and_all_gradients(
    shape: tuple[int, int, int, int], pull: bool
) -> None:
    inputs = random_inputs(*shape, pull=pull)
    expected = results(inputs, torch.float64, "reference")
    found = results(inputs, torch.float32, "numba")
    assert max(relative_errors(found, expected).values()) < 2e-6


def test_a_pull_is_two_plain_steps_for_each() -> None:
    """What runs on CUDA, whose library knows no pull, with the loop in the library's place."""
    leaves = [t.detach().requires_grad_() for t in random_inputs(2, 11, 2, 8, pull=True) if t is not None]
    expected, found = wkv7_reference(*leaves), scan_pulled(wkv7_reference, *leaves)
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)

    def gradients(results: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        return torch.autograd.grad(sum(t.sin().sum() for t in results), leaves)

    for one, other in zip(gradients(expected), gradients(found), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_in_bf16_a_pull_by_plain_steps_is_as_near_as_bf16_allows() -> None:
    inputs = [t for t in random_inputs(2, 40, 2, 16, pull=True) if t is not None]
    halved = [t.bfloat16() for t in inputs[:6]] + [t.float() for t in inputs[6:]]
    found = scan_pulled(wkv7_reference, *halved)
    expected = wkv7_reference(*(t.double() for t in halved))
    assert found[0].dtype == torch.bfloat16
    names = ("output", "terminal state")
    errors = relative_errors(dict(zip(names, found, strict=True)), dict(zip(names, expected, strict=True)))
    assert max(errors.values()) < 1e-2


# One length that no chunk divides, one head size: each further kind costs the library's tuning a minute.
@pytest.mark.cuda
@pytest.mark.skipif(not (torch.cuda.is_available() and cuda.available()), reason="needs CUDA and the extra `cuda`")
@pytest.mark.parametrize(
    ("dtype", "pull", "bound"),
    [
        (torch.bfloat16, False, 3e-2),
        (torch.bfloat16, True, 3e-2),
        (torch.float32, False, 1e-2),  # the library multiplies in tf32
    ],
    ids=["bf16", "bf16 per_step", "fp32"],
)
def test_cuda_kernel_equals_the_float64_loop_in_outputs_and_all_gradients(
    dtype: torch.dtype, pull: bool, bound: float
) -> None:
    inputs = random_inputs(2, 100, 2, 64, pull=pull)
    rounded = [None if t is None else t.to(dtype).double() for t in inputs]
    expected = results(rounded, torch.float64, "reference")
    found = results(rounded, dtype, "fla", device="cuda")
    assert max(relative_errors(found, expected).values()) < bound


@pytest.mark.parametrize("pull", [False, True], ids=["plain", "per_step"])
def test_reference_gradients_agree_with_finite_differences(pull: bool) -> None:
    inputs = [t if t is None else t.requires_grad_() for t in random_inputs(1, 3, 1, 4, pull=pull)]
    assert torch.autograd.gradcheck(lambda *t: wkv7(*t, backend="reference"), inputs)


def test_a_scan_in_two_parts_equals_one_scan() -> None:
    inputs = [t if t is None else t.float() for t in random_inputs(2, 41, 2, 16)]
    sequences, start = inputs[:6], inputs[6]
    whole, terminal = wkv7(*sequences, start)
    first, middle = wkv7(*(t[:, :19] for t in sequences), start)
    second, end = wkv7(*(t[:, 19:] for t in sequences), middle)
    torch.testing.assert_close(torch.cat((first, second), dim=1), whole)
    torch.testing.assert_close(end, terminal)


def test_strided_inputs_give_what_contiguous_ones_give() -> None:
    inputs = [t if t is None else t.float() for t in random_inputs(2, 20, 2, 16)]
    strided = [None if t is None else t.transpose(0, 1).contiguous().transpose(0, 1) for t in inputs]
    torch.testing.assert_close(wkv7(*strided), wkv7(*inputs))


def test_two_threads_give_bitwise_what_one_gives() -> None:
    inputs = random_inputs(4, 64, 4, 32)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = results(inputs, torch.float32, "numba")
        torch.set_num_threads(2)
        two = results(inputs, torch.float32, "numba")
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_only_the_used_output_needs_a_gradient() -> None:
    inputs = [t if t is None else t.float().requires_grad_() for t in random_inputs(1, 5, 1, 8)]
    wkv7(*inputs)[1].sum().backward()
    assert all(t is None or t.grad is not None for t in inputs)
    assert inputs[0].grad.count_nonzero() == 0  # the receptance has no part in the terminal state


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_inputs_are_scanned_in_float32_and_come_back_in_their_dtype(dtype: torch.dtype) -> None:
    inputs = [t if t is None else t.to(dtype) for t in random_inputs(1, 20, 2, 16)]
    out, terminal = wkv7(*inputs)
    assert (out.dtype, terminal.dtype) == (dtype, torch.float32)
    expected, _ = wkv7(*(t if t is None else t.float() for t in inputs))
    torch.testing.assert_close(out, expected.to(dtype))


@pytest.mark.parametrize(
    ("device", "dtype", "size", "name", "degraded"),
    [
        ("cpu", torch.float32, 64, "numba", False),
        ("cpu", torch.bfloat16, 16, "numba", False),
        ("cpu", torch.float64, 64, "reference", False),
        ("cpu", torch.float32, 20, "reference", True),
        ("meta", torch.float32, 64, "reference", True),
    ],
)
def test_the_choice_of_backend_carries_its_reason(
    device: str, dtype: torch.dtype, size: int, name: str, degraded: bool
) -> None:
    choice = choose_backend(device, dtype, size)
    assert (choice.name, choice.degraded) == (name, degraded)
    assert choice.reason


def test_a_slow_substitute_is_announced() -> None:
    inputs = [t if t is None else t.float() for t in random_inputs(1, 2, 1, 4)]
    with pytest.warns(RuntimeWarning, match="head size 4 is no multiple of 8"):
        wkv7(*inputs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": (1, 4, 2, 8)}, "key must be shaped"),
        ({"initial_state": (1, 2, 8, 4)}, "initial_state must be shaped"),
        ({"receptance": (1, 0, 2, 8)}, "steps >= 1"),
    ],
)
def test_shapes_that_do_not_fit_are_named(change: dict[str, tuple[int, ...]], message: str) -> None:
    shapes = dict.fromkeys(NAMES[:6], (1, 5, 2, 8)) | {"initial_state": (1, 2, 8, 8)} | change
    with pytest.raises(KernelError, match=message):
        wkv7(*(torch.zeros(shapes[name]) for name in NAMES[:7]))


@pytest.mark.parametrize("backend", ["fla", "fast"])
def test_a_backend_that_cannot_serve_is_refused(backend: str) -> None:
    inputs = [t if t is None else t.float() for t in random_inputs(1, 2, 1, 8)]
    with pytest.raises(KernelError, match="backend"):
        wkv7(*inputs, backend=backend)  # type: ignore[arg-type]


def test_importing_starts_no_thread_and_compiles_nothing() -> None:
    code = (
        "import threading, evenhand_systems.rwkv7, evenhand_systems.rwkv7.kernel.scan as scan;"
        "assert threading.active_count() == 1, threading.enumerate();"
        "assert not scan.scan_forward.signatures and not scan.scan_backward.signatures"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_making_the_kernels_ready_before_a_fork_starts_no_thread_either() -> None:
    code = (
        "import os, torch, evenhand_systems.rwkv7\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "import evenhand_systems.rwkv7.warm, evenhand_systems.rwkv7.kernel.scan as scan\n"
        "assert len(os.listdir('/proc/self/task')) == before\n"
        "assert len(scan.scan_forward.signatures) >= 2 and len(scan.scan_backward.signatures) == 2"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})


def test_where_no_machine_code_can_be_kept_functions_are_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = compiling.njit

    def njit(**options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")  # what numba says in a read-only home
        return genuine(**options)

    monkeypatch.setattr(compiling, "njit", njit)
    assert compiling.compiled(lambda x: x + 1)(1) == 2


def test_numbers_that_are_none_stay_visible() -> None:
    """A model that diverges must show it: nothing in the kernel may turn not-a-number into a number."""
    for index in range(7):
        inputs = [t if t is None else t.float() for t in random_inputs(1, 20, 1, 8)]
        inputs[index].view(-1)[0] = float("nan")
        out, terminal = wkv7(*inputs)
        assert out.isnan().any(), NAMES[index]
        assert index == 0 or terminal.isnan().any(), NAMES[index]


FORKED = """
import multiprocessing, threading, torch
from evenhand_systems.rwkv7.kernel.threads import share_out

torch.set_num_threads(2)  # share_out goes by this; torch itself computes nothing here, its own threads survive no fork
both = threading.Barrier(2)

def work(first, stop, done):
    if first < 2:
        both.wait(timeout=20)  # passes only if two threads are at work
    done.extend(range(first, stop))

def run(results):
    done = []
    share_out(work, 8, 1, done)
    results.put(sorted(done))

context = multiprocessing.get_context("fork")
results = context.Queue()
run(results)
child = context.Process(target=run, args=(results,))
child.start()
assert results.get(timeout=30) == list(range(8))
assert results.get(timeout=30) == list(range(8))
child.join()
"""


def test_a_forked_child_of_a_process_that_used_the_kernels_threads_has_threads_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=120)
