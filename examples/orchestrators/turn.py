"""One turn of the loop in a process of its own, and what it came to. The schedulers beside this file share it.

A scheduler needs no vernal in its own environment: it is called as a command, ``vernal``, or what the environment
variable VERNAL_COMMAND says (``/opt/models/bin/vernal``, ``docker run --rm ... vernal``). Standard library only.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("vernal")

PROMOTED, IDLE, REJECTED, WAITING, BUSY = "promoted", "nothing to do", "rejected", "waiting for labels", "busy"
OUTCOMES = {0: PROMOTED, 10: IDLE, 11: REJECTED, 12: WAITING, 75: BUSY}
SKIPPED = (IDLE, BUSY)


class TurnFailed(RuntimeError):
    """The turn failed; the next one goes on where it stood, so trying again is always safe."""


@dataclass(frozen=True)
class Turn:
    """What a turn came to.

    Args:
        outcome: one of `OUTCOMES`.
        why: the last decision, in a sentence.
        champion: the id of the model in production, None if there is none.
    """

    outcome: str
    why: str
    champion: str | None

    @property
    def is_skipped(self) -> bool:
        """Whether nothing was done, because there was nothing to do or another process was at it."""
        return self.outcome in SKIPPED


def run_once(*words: str) -> Turn:
    """Run ``vernal run-once`` with these words, and pass on what it logs.

    Raises:
        TurnFailed: it could not do its turn, or training failed.
    """
    command = [*shlex.split(os.environ.get("VERNAL_COMMAND", "vernal")), "run-once", *words]
    code, out = _logged([*command, "--detailed-exit-code", "--json"])
    if code not in OUTCOMES:
        raise TurnFailed(f"{shlex.join(command)} ended with exit code {code}; what it said is in the log.")
    facts = json.loads(out)
    turn = Turn(OUTCOMES[code], _why(facts), facts.get("champion"))
    log.info("%s: %s", turn.outcome, turn.why)
    return turn


def _logged(command: Sequence[str]) -> tuple[int, str]:
    """The exit code and what was printed; what goes to standard error is logged line by line, while it comes."""
    with tempfile.TemporaryFile("w+") as out:
        with subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            for line in process.stderr:
                log.info(line.rstrip())
        out.seek(0)
        return process.returncode, out.read()


def _why(facts: dict[str, Any]) -> str:
    decisions = facts.get("decisions") or []
    return decisions[-1]["why"] if decisions else "Nothing has come."
