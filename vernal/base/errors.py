"""Every error that vernal raises on purpose.

```
VernalError
  ConfigError          a list of Problem(where, what, allowed, fix), all at once
  StateError           what is stored, or is to be stored
    StateNotFound      nothing there, and vernal does not guess
    ConflictError      somebody else was first
    CorruptState       bytes that are not what was written
    SchemaTooNew       written by a later version
  DataError            what came in as data
    SchemaMismatch     rows of another shape, type or structure
    EmptyChunk         no rows
    Unreachable        a server or a disk did not answer; later it may
  TrainingError        the training itself (a loss that is not finite, ...)
  MissingExtra         an optional library is not installed; names the pip line
```

A message says what is wrong, with the value; what is allowed; and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class VernalError(Exception):
    """The root of the tree: catch this to catch everything that vernal raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration.

    Args:
        where: the place: a file and line, a function, a field.
        what: what is wrong, with the value.
        fix: what is allowed, or what to do.
    """

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" {self.fix}" if self.fix else "")


class ConfigError(VernalError):
    """A configuration with one or more problems, all reported at once.

    Examples:
        >>> raise ConfigError([Problem("config.py", "`model_fn` is missing.", "Define it.")])
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: config.py: `model_fn` is missing. Define it.
    """

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = [Problem("config", problems)] if isinstance(problems, str) else [*problems]
        if isinstance(problems, str):
            text = problems
        elif len(self.problems) == 1:
            text = str(self.problems[0])
        else:
            text = f"{len(self.problems)} problems:\n" + "\n".join(f"- {p}" for p in self.problems)
        super().__init__(text)


class StateError(VernalError):
    """Something that is stored, or was to be stored, is not as it must be."""


class StateNotFound(StateError):
    """Nothing is stored where something was asked for."""


class ConflictError(StateError):
    """Another process was first; nothing of this one became visible."""


class CorruptState(StateError):
    """Stored bytes are not what was written: damaged, truncated or tampered with."""


class SchemaTooNew(StateError):
    """The state was written by a later version of vernal."""


class DataError(VernalError):
    """The data that came in cannot be used as it is."""


class SchemaMismatch(DataError):
    """Rows whose structure, shape or type differs from those seen before."""


class EmptyChunk(DataError):
    """A chunk, or a part of one, without rows."""


class Unreachable(DataError):
    """A server or a disk did not answer. Nothing was read; reading again later is safe, and may succeed."""


class TrainingError(VernalError):
    """The training cannot go on: a loss that is not finite, labels outside the head, ..."""


class MissingExtra(VernalError):
    """An optional library is needed and not installed."""
