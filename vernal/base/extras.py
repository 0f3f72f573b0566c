"""Optional libraries."""

from __future__ import annotations

import importlib
from types import ModuleType

from vernal.base.errors import MissingExtra


def require(module: str, extra: str) -> ModuleType:
    """Import an optional library, or say how to install it.

    Args:
        module: the module to import, e.g. ``"pyarrow.parquet"``.
        extra: the extra of vernal that brings it, e.g. ``"tables"``.

    Raises:
        MissingExtra: the library is not installed.

    Examples:
        >>> require("no_such_library", "tables")
        Traceback (most recent call last):
        ...
        vernal.base.errors.MissingExtra: This needs `no_such_library`, which is not installed. \
Run: pip install 'vernal[tables]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module + ".").startswith(error.name + "."):
            raise  # The library is there, and something that *it* needs is not.
        library = module.partition(".")[0]
        raise MissingExtra(
            f"This needs `{library}`, which is not installed. Run: pip install 'vernal[{extra}]'"
        ) from error
