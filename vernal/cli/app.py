"""The command line: finds the command, and is the boundary at which errors become messages and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import vernal
from vernal.base import VernalError, did_you_mean
from vernal.cli.docs import first_line
from vernal.cli.parser import UsageError

# Each is a module of this room: its docstring is the command's help, `run` does it.
COMMANDS = (
    "init", "check", "update", "tune", "run-once", "watch", "decisions", "backtest", "log", "show", "report", "promote",
    "rollback", "export", "which", "erase", "verify", "gc", "methods",
)  # fmt: skip

HELP = """\
usage: vernal COMMAND ...

Keeps PyTorch models fresh: an update learns from new data without forgetting the old, and the store remembers
everything that made it.

Commands:
{commands}

First steps:
  vernal init                                Look at your data, ask a few questions, write a config file.
  vernal check config.py                     Is the config file all right? What can be set?
  vernal update config.py --store runs/one   Train on a first chunk of data; this makes the store.
  vernal log --store runs/one                What has happened so far.
  export VERNAL_STORE=runs/one               Now --store can be left out.

Every command explains itself: vernal COMMAND --help.

Options:
  --help      this text
  --version   the version
  --debug     with any command: show the traceback of an error

Exit codes: 0 done; 1 it failed, or found problems; 2 the command line is wrong; 130 stopped by Ctrl-C.
"""
STOPPED = "Stopped. Run the same command again; an update goes on from its last checkpoint."
SIGNALLED, WRONG_USAGE, FAILED = 130, 2, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the words after ``vernal``; those of this process if None.

    Returns:
        The exit code: 0 done; 1 it failed, or found problems; 2 the command line is wrong; 130 stopped by Ctrl-C.
    """
    given = sys.argv[1:] if argv is None else argv
    words = [word for word in given if word != "--debug"]
    debug = len(words) < len(given)
    try:
        return _run(words)
    except KeyboardInterrupt:
        return _failed(STOPPED, SIGNALLED)
    except BrokenPipeError:
        return _unheard()
    except VernalError as error:
        if debug:
            raise
        return _failed(_told(error), WRONG_USAGE if isinstance(error, UsageError) else FAILED)
    except Exception as error:
        if debug:
            raise
        what = "".join(traceback.format_exception_only(error)).strip()  # with its notes
        return _failed(f"{what}\nThis was not foreseen. It happened in {_place(error)}; --debug shows all.", FAILED)


def _run(words: Sequence[str]) -> int:
    name = words[0] if words else "--help"
    if name in ("--help", "-h", "help"):
        return _say(HELP.format(commands="\n".join(f"  {name:<9} {_summary(name)}" for name in COMMANDS)))
    if name == "--version":
        return _say(f"vernal {vernal.__version__}\n")
    if name not in COMMANDS:
        raise UsageError(f"No command is called {name!r}. {did_you_mean(name, COMMANDS)}")
    code: int = _module(name).run(words[1:])
    return code


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"vernal.cli.{command.replace('-', '_')}")


def _summary(command: str) -> str:
    return first_line(_module(command).__doc__)


def _say(text: str) -> int:
    sys.stdout.write(text)
    return 0


def _told(error: Exception) -> str:
    """The message, with whatever was noted on the error's way up."""
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


def _place(error: Exception) -> str:
    """Where it happened: in a file of the user, if it went through one."""
    frames = traceback.extract_tb(error.__traceback__)
    installed = (str(Path(vernal.__file__).parent), sys.prefix, sys.base_prefix, "<")
    place = next((frame for frame in reversed(frames) if not frame.filename.startswith(installed)), frames[-1])
    return f"{place.filename}, line {place.lineno}, in {place.name}"


def _failed(message: str, code: int) -> int:
    sys.stderr.write(f"vernal: {message}\n")
    return code


def _unheard() -> int:
    """Whoever was reading, `head` for example, has seen enough; Python must not try to write the rest."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
