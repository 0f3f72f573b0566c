"""The code behind a class of the user's, so that a change of it is seen."""

from __future__ import annotations

import hashlib
import inspect
import sys


def code_digest(kind: type) -> str | None:
    """A digest of the files in which a class and those that it inherits from are written; vernal's own do not count.

    None if there are no others. A class that was typed in at a prompt has no source that could be read, and is told
    from others by its name alone.

    Examples:
        >>> from vernal.methods import ER
        >>> code_digest(ER) is None
        True
    """
    own = [parent for parent in kind.__mro__ if not _is_known(parent.__module__)]
    if not own:
        return None
    return hashlib.sha256("\0".join(map(_source, own)).encode()).hexdigest()


def _is_known(module: str) -> bool:
    top = module.partition(".")[0]
    return top == __package__.partition(".")[0] or top in sys.stdlib_module_names


def _source(kind: type) -> str:
    for part in (sys.modules.get(kind.__module__), kind):  # A notebook's module has no file, but its classes do.
        try:
            return inspect.getsource(part)  # type: ignore[arg-type]
        except (OSError, TypeError):
            continue
    return kind.__qualname__
