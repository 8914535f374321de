"""The functions of scipy.special that are used here, imported at the first call of one.

That import takes longer than all else that a command needs which only looks at what is there.
"""

from __future__ import annotations

from typing import Any


def _called(name: str, arguments: tuple[Any, ...]) -> Any:
    from scipy import special

    return getattr(special, name)(*arguments)


def bdtr(*arguments: Any) -> Any:
    """Binomial distribution function."""
    return _called("bdtr", arguments)


def betaincinv(*arguments: Any) -> Any:
    """Inverse of the regularised incomplete beta function."""
    return _called("betaincinv", arguments)


def digamma(*arguments: Any) -> Any:
    """Logarithmic derivative of the gamma function."""
    return _called("digamma", arguments)


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
