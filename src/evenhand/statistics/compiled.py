"""A module of C of scipy, imported without the package that it stands in.

``scipy.special`` and ``scipy.optimize`` import documentation, wrappers for arrays of other libraries, linear programs
and sparse matrices with them, which takes longer than most commands take for all else. What is used here stands in
modules of C that need none of it, and is the very same.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from threading import active_count
from types import ModuleType


def compiled(package: str, name: str) -> ModuleType | None:
    """A module of a package alone; None where the package is imported already, or has no such module.

    Args:
        package: whose own code is not executed.
        name: of the module in it.
    """
    if package in sys.modules or active_count() > 1:  # no thread may meet the package while it is empty
        return None
    spec = find_spec(package)
    if spec is None:
        return None
    sys.modules[package] = module_from_spec(spec)  # not executed: it only says where its modules are
    try:
        return import_module(f"{package}.{name}")
    except ImportError:  # another scipy, in which it stands elsewhere
        return None
    finally:
        del sys.modules[package]
