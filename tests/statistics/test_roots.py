"""The root of a function: that of scipy, digit for digit, whichever way it is reached."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from scipy.optimize import brentq

from evenhand.statistics.roots import root_between

FUNCTIONS = {
    "a cube": (lambda x: x**3 - 2, 0.0, 4.0),
    "a cosine": (lambda x: math.cos(x) - x, 0.0, 1.0),
    "a tail": (lambda x: math.erfc(x) - 0.05, 0.0, 8.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_root_is_that_of_scipy_digit_for_digit(name: str) -> None:
    function, low, high = FUNCTIONS[name]
    assert root_between(function, low, high, absolute=1e-10) == brentq(function, low, high, xtol=1e-10)


def test_a_function_of_one_sign_is_refused() -> None:
    with pytest.raises(ValueError, match="different signs"):
        root_between(lambda x: x * x + 1, 0.0, 1.0)


@pytest.mark.slow
def test_a_root_is_found_without_the_rest_of_the_package_and_leaves_it_importable() -> None:
    code = (
        "import sys\n"
        "from evenhand.statistics.roots import root_between\n"
        "root = root_between(lambda x: x**3 - 2, 0.0, 4.0, absolute=1e-10)\n"
        "assert not any('linprog' in name for name in sys.modules)\n"
        "from scipy.optimize import brentq, minimize\n"
        "assert root == brentq(lambda x: x**3 - 2, 0.0, 4.0, xtol=1e-10)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
