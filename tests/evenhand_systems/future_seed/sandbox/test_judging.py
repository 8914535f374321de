"""How programs are judged: right ones pass, whatever they are like; values are compared where the program is not."""

from __future__ import annotations

import importlib.util
import math

import pytest

from evenhand_systems.future_seed import sandbox
from evenhand_systems.future_seed.sandbox import codec
from evenhand_systems.future_seed.text import mbpp
from tests.evenhand_systems.future_seed.sandbox.attempts import LIMITS
from tests.evenhand_systems.future_seed.sandbox.right import RIGHT, Right

REASON = sandbox.why_unavailable()
needs_sandbox = pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON}")


@needs_sandbox
@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.name)
def test_a_right_program_passes_all_its_tests(right: Right) -> None:
    verdict = sandbox.run_tests(right.code, right.tests, setup=right.setup, names=right.names, limits=LIMITS)
    assert verdict.all_passed, verdict


@needs_sandbox
def test_a_program_that_takes_long_to_begin_is_judged_in_time() -> None:
    code = "import time\ntime.sleep(1)\ndef f(x): return x"
    tests = [f"assert f({n}) == {n}" for n in range(6)]
    limits = sandbox.Limits(seconds=5.0)  # executed for each test anew it would take seven
    assert sandbox.run_tests(code, tests, limits=limits).all_passed


@needs_sandbox
@pytest.mark.skipif(importlib.util.find_spec("numpy") is None, reason="numpy is not installed")
def test_numpy_is_there_where_it_is_installed() -> None:
    code = """
import numpy as np
def total(x): return np.array(x).sum()
def mean(x): return np.mean(x)
def outer(x): return np.outer(x, x)
def yes(x): return np.all(np.array(x) > 0)
"""
    tests = [
        "assert total([1, 2]) == 3 and type(total([1, 2])) is int", "assert mean([1, 2]) == 1.5",
        "assert yes([1]) is True",
        "assert outer([1, 2]).tolist() == [[1, 2], [2, 4]]", "import numpy as np\nassert np.pi < total([4])",
    ]  # fmt: skip
    assert sandbox.run_tests(code, tests, limits=sandbox.Limits(seconds=20.0)).passed == (True,) * 5


@needs_sandbox
@pytest.mark.parametrize(
    ("code", "test", "said"),
    [
        ("def f(): return object()", "assert f() == 3", "an object of class 'object'; only values of built-in types"),
        ("def f(): return f()", "assert f() == 3", "RecursionError: maximum recursion depth"),
        ("def f(): return 1 / 0", "assert f() == 3", "ZeroDivisionError: division by zero"),
        ("def g(): return 3", "assert f() == 3", "NameError: name 'f' is not defined"),
        ("def f(): return 4", "assert f() == 3, f'not {f()}'", "AssertionError: not 4"),
        ("import os, signal\ndef f(): os.kill(os.getpid(), signal.SIGSEGV)", "f()", "killed by SIGSEGV"),
        ("def f(x): return x", "assert f(lambda: 3)() == 3", "class function, which cannot be sent"),
        ("def f(x): return x", "assert f(1 == 1", "SyntaxError"),
        ("class Odd(Exception): pass\ndef f(): raise Odd('no')", "f()", "ProgramError: Odd: no"),
    ],
)
def test_what_stopped_a_test_is_said(code: str, test: str, said: str) -> None:
    verdict = sandbox.run_tests(code, [test], limits=LIMITS)
    assert verdict.passed == (False,)
    assert said in verdict.detail


@needs_sandbox
def test_too_much_memory_is_said_whoever_holds_it() -> None:
    code = """
import os, time
def f():
    for n in range(4):
        if os.fork() == 0:
            keep = bytearray(b"x") * (100 * 2**20)
            time.sleep(60)
    time.sleep(60)
"""
    verdict = sandbox.run_tests(code, ["f()"], limits=LIMITS)
    assert verdict.passed == (False,)
    assert "all its processes together held more than 256 MiB" in verdict.detail


@needs_sandbox
def test_memory_that_processes_share_is_counted_once() -> None:
    code = """
import os
keep = bytearray(b"x") * (100 * 2**20)
def f():
    read, write = os.pipe()
    for n in range(4):
        if os.fork() == 0:
            keep.count(b"x")
            os.write(write, b"x")
            os._exit(0)
    return len(b"".join(os.read(read, 1) for n in range(4)))
"""
    assert sandbox.run_tests(code, ["assert f() == 4"], limits=LIMITS).all_passed


def test_values_come_back_as_they_went_and_of_exact_types() -> None:
    class Doctored(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    def there_and_back(value: object) -> object:
        return codec.unpack(
            codec.pack(value, lambda kept: ["object", 7, type(kept).__name__]), lambda number, kind: kind
        )

    for value in (
        None,
        True,
        2**70,
        -(2**53),
        1.5,
        1j,
        "ü\ud800",
        b"\xff",
        bytearray(b"x"),
        [(1,), {2: {3}}],
        range(2),
    ):
        back = there_and_back(value)
        assert back == value
        assert type(back) is type(value)
    assert math.isnan(there_and_back(math.nan))  # type: ignore[arg-type]
    assert type(there_and_back(Doctored(4))) is int
    assert there_and_back([object()]) == ["object"]


@pytest.mark.parametrize(
    "data",
    [{}, {"a": 1}, [], ["int"], ["int", "x"], ["int", 3], ["set", ["list"]], ["dict", ["list"]], ["dict", 3],
     ["object", "a", "b"], ["object"], ["eval", "1"], [["list"]], ["complex", "x"], ["bytes", "0g"], ["range", "a"]],
)  # fmt: skip
def test_what_is_no_value_is_refused(data: object) -> None:
    with pytest.raises(codec.Broken):
        codec.unpack(data, lambda number, kind: kind)


def test_mbpp_says_which_names_a_program_is_to_define() -> None:
    code = "import sys\nfrom math import pi\nlimit: int = 3\na, b = 1, 2\nclass Node: pass\ndef sum(x):\n    c = 1"
    assert mbpp.defined_names(code) == ("Node", "a", "b", "limit", "sum")
    assert mbpp.defined_names("def f(:") == ()
