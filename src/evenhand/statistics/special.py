"""The functions of scipy.special that are used here, imported at the first call of one.

Nearly all of the time that scipy.special takes to import, longer than most commands take for all else, goes into
wrappers for arrays of other libraries and into their documentation. The functions stand in a module of C beneath; it is
taken alone where that can be done, and they are the very same objects.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from threading import active_count
from typing import Any

_PACKAGE = "scipy.special"


def _called(name: str, arguments: tuple[Any, ...]) -> Any:
    functions = _functions()
    # polygamma is written in Python, above the module of C.
    return getattr(functions if hasattr(functions, name) else import_module(_PACKAGE), name)(*arguments)


@cache
def _functions() -> Any:
    """What holds the functions: the module of C, or the whole package where it is there already or has to be."""
    if _PACKAGE not in sys.modules and active_count() == 1:  # no thread can meet the package while it is empty
        spec = find_spec(_PACKAGE)
        if spec is not None:
            sys.modules[_PACKAGE] = module_from_spec(spec)  # not executed: it only says where its modules are
            try:
                return import_module(f"{_PACKAGE}._ufuncs")
            except ImportError:  # another scipy, in which they stand elsewhere
                pass
            finally:
                del sys.modules[_PACKAGE]
    return import_module(_PACKAGE)


def bdtr(*arguments: Any) -> Any:
    """Binomial distribution function."""
    return _called("bdtr", arguments)


def betaincinv(*arguments: Any) -> Any:
    """Inverse of the regularised incomplete beta function."""
    return _called("betaincinv", arguments)


def digamma(*arguments: Any) -> Any:
    """Logarithmic derivative of the gamma function."""
    return _called("digamma", arguments)


def fdtrc(*arguments: Any) -> Any:
    """Upper tail of the F distribution."""
    return _called("fdtrc", arguments)


def gammainccinv(*arguments: Any) -> Any:
    """Inverse of the regularised upper incomplete gamma function."""
    return _called("gammainccinv", arguments)


def gammaincinv(*arguments: Any) -> Any:
    """Inverse of the regularised lower incomplete gamma function."""
    return _called("gammaincinv", arguments)


def ndtr(*arguments: Any) -> Any:
    """Normal distribution function."""
    return _called("ndtr", arguments)


def ndtri(*arguments: Any) -> Any:
    """Normal quantile."""
    return _called("ndtri", arguments)


def polygamma(*arguments: Any) -> Any:
    """Derivatives of the digamma function."""
    return _called("polygamma", arguments)


def stdtr(*arguments: Any) -> Any:
    """Student's distribution function."""
    return _called("stdtr", arguments)


def stdtrit(*arguments: Any) -> Any:
    """Student's quantile."""
    return _called("stdtrit", arguments)
