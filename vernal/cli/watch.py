"""Run the loop: look at new data again and again, update when it is worth it, for months.

Stop it with Ctrl-C or SIGTERM at any time; the next one goes on where it stood. Several may watch one store, from
several machines: one works, the others stand by. What fails for reasons that pass (a source that is away, a full disk)
is tried again, after longer and longer pauses. The config file is read once, at the beginning.

The options that say how to train are those of `vernal update`; those of the policy those of `vernal run-once`. With
--json each turn is one line of JSON.

Exit codes: 0 stopped by SIGTERM, 1 it failed for a reason that does not pass (the config file), 2 the command line is
wrong, 130 stopped by Ctrl-C. Either way of stopping is at once: a training goes on from its last checkpoint.

Examples:
  vernal watch config.py --store runs/fraud
  vernal watch config.py --store runs/fraud --source kafka://localhost:9092/events --every 10s --preset continual
"""

from __future__ import annotations

import json
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from vernal.cli.address import add_name, open_store
from vernal.cli.line import read_line
from vernal.cli.looping import add_policy, policy_of_line, turn_json, turn_told
from vernal.cli.parser import Parser
from vernal.cli.progress import reporting
from vernal.cli.terminal import say

if TYPE_CHECKING:
    from vernal.base import VernalError
    from vernal.loop import Turn, Watch


def run(words: Sequence[str]) -> int:
    """Turn after turn."""
    from vernal.loop import Watch, leases_of, open_loop

    line = read_line("watch", __doc__, words, _add)
    values = line.values
    policy = policy_of_line(line)
    store = open_store(values, create=True)
    with reporting(store, shlex.join(["vernal", "watch", *words])) as (reporter, _):
        loop = open_loop(line.plan, policy, store, values.loop, reporter)
        voice = _Voice(values.json)
        watch = Watch(loop, leases_of(store), values.every, voice.tell, _failed, voice.stand_by)
        if not values.json:
            _say_now(f"Watching {', '.join(map(str, policy.streams.values()))} for {store.url}, every {values.every}.")
        return _run_until_told(watch)


def _run_until_told(watch: Watch) -> int:
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        watch.run(stop)
    except KeyboardInterrupt:
        if not stop.is_set():  # It was Ctrl-C.
            raise
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


@dataclass
class _Voice:
    """Tells what turns came to, and that another process works: once, and not at each look."""

    json: bool
    stands_by: bool = False

    def tell(self, turn: Turn) -> None:
        self.stands_by = False
        if self.json:
            _say_now(json.dumps(turn_json(turn)))
        elif turn.decisions:
            _say_now(*turn_told(turn))

    def stand_by(self) -> None:
        if not self.stands_by:
            sys.stderr.write(
                "Another process watches this loop. This one stands by, and takes over when that is gone.\n"
            )
        self.stands_by = True


def _say_now(*lines: str) -> None:
    """Whoever reads a log wants to read it now, not when the buffer is full."""
    say(*lines)
    sys.stdout.flush()


def _failed(error: VernalError, pause: timedelta) -> None:
    sys.stderr.write(f"vernal: {error}\nTrying again in {pause}.\n")


def _add(parser: Parser) -> None:
    add_name(parser)
    add_policy(parser)
    text = "how long to nap between two looks [default: 30s]"
    parser.add_argument("--every", metavar="SPAN", default="30s", help=text)
