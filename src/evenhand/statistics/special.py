"""The functions of scipy.special that are used here, imported at the first call of one: from its module of C alone
where that can be done."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from evenhand.statistics.compiled import compiled

_PACKAGE = "scipy.special"


def _called(name: str, arguments: tuple[Any, ...]) -> Any:
    functions = _functions()
    # polygamma is written in Python, above the module of C.
    return getattr(functions if hasattr(functions, name) else import_module(_PACKAGE), name)(*arguments)


@cache
def _functions() -> Any:
    """What holds the functions: the module of C, or the whole package where it is there already or has to be."""
    return compiled(_PACKAGE, "_ufuncs") or import_module(_PACKAGE)


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
