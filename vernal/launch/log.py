"""What a process prints."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_TAIL_LINES = 20
_TAIL_BYTES = 1 << 14


class Log:
    """A file for the standard output and error of one process, after those of earlier ones.

    Args:
        path: the file; None for one without a name, which is gone when nobody has it open.

    Examples:
        >>> log = Log(None)
        >>> _ = os.write(log.fileno(), b"one line\\n")
        >>> log.tail()
        'one line'
        >>> log.close()
    """

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a+b", buffering=0) if path else tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._begins = os.fstat(self._file.fileno()).st_size

    def fileno(self) -> int:
        """For the process."""
        return self._file.fileno()

    def tail(self) -> str:
        """The last 20 lines of this process."""
        end = os.fstat(self.fileno()).st_size
        begin = max(self._begins, end - _TAIL_BYTES)
        # The process shares the place in the file, which reading must not move.
        text = os.pread(self.fileno(), end - begin, begin).decode(errors="replace")
        return "\n".join(text.splitlines()[-_TAIL_LINES:])

    def close(self) -> None:
        """The process may go on writing."""
        self._file.close()
