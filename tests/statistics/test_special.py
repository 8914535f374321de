"""The functions of scipy.special that are used: the same ones, without the rest of that package."""

import inspect
import subprocess
import sys

import pytest
import scipy.special

from evenhand.statistics import special

NAMES = [
    name for name, value in inspect.getmembers(special, inspect.isfunction) if value.__module__ == special.__name__
]
NAMES = [name for name in NAMES if not name.startswith("_")]
ARGUMENTS = {"bdtr": (2, 5, 0.3), "betaincinv": (2, 3, 0.4), "fdtrc": (2, 5, 1.3), "polygamma": (1, 0.7)}
ONE = ("digamma", "ndtr", "ndtri")

FRESH = """
import sys
from evenhand.statistics import special
before = special.{name}(*{arguments})
assert "scipy.special" not in sys.modules
import scipy.special, scipy.stats, scipy.optimize
assert scipy.special.{name}(*{arguments}) == before == special.{name}(*{arguments})
assert scipy.stats.t(3).cdf(1) == scipy.special.stdtr(3, 1)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_scipys(name):
    arguments = ARGUMENTS.get(name, (0.6,) if name in ONE else (4.0, 0.7))
    assert getattr(special, name)(*arguments) == getattr(scipy.special, name)(*arguments)


@pytest.mark.slow
def test_a_function_taken_alone_leaves_the_package_to_be_imported_whole():
    code = FRESH.format(name="ndtri", arguments=(0.975,))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_polygamma_is_there_though_it_is_no_function_of_the_module_beneath():
    code = FRESH.format(name="polygamma", arguments=(1, 0.7)).replace('assert "scipy.special" not in sys.modules', "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
