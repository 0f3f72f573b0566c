"""A file's content in Arrow's memory."""

from __future__ import annotations

import shutil
from typing import Any

from vernal.base.extras import require


def in_arrow(file: Any) -> Any:
    """The rest of an open binary file, as an Arrow reader that holds nothing of Python.

    Arrow reads CSV ahead in threads of its own. One that still lets go of a Python file when the interpreter ends takes
    the process down with it ("terminate called without an active exception", exit code 134).

    Raises:
        MissingExtra: pyarrow is not installed.

    Examples:
        >>> import io
        >>> in_arrow(io.BytesIO(b"a,b")).read()
        b'a,b'
    """
    arrow = require("pyarrow", "tables")
    memory = arrow.BufferOutputStream()
    shutil.copyfileobj(file, memory)
    return arrow.BufferReader(memory.getvalue())
