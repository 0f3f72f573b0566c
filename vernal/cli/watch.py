"""Run the loop: look at new data again and again, update when it is worth it, for months.

Stop it with Ctrl-C or SIGTERM at any time; the next one goes on where it stood. Several may watch one store, from
several machines: one works, the others stand by. What fails for reasons that pass (a source that is away, a full disk)
is tried again, after longer and longer pauses. The config file is read once, at the beginning.

The options that say how to train are those of `vernal update`; those of the policy those of `vernal run-once`.

Examples:
  vernal watch config.py --store runs/fraud
  vernal watch config.py --store runs/fraud --source kafka://localhost:9092/events --every 10s --preset continual
"""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from vernal.cli.address import open_store
from vernal.cli.line import read_line
from vernal.cli.looping import add_policy, policy_of_line, turn_json, turn_told
from vernal.cli.parser import Parser
from vernal.cli.progress import reporting
from vernal.cli.terminal import say, say_json

if TYPE_CHECKING:
    from vernal.base import VernalError
    from vernal.loop import Turn


def run(words: Sequence[str]) -> int:
    """Turn after turn."""
    from vernal.loop import Watch, leases_of, open_loop

    line = read_line("watch", __doc__, words, _add)
    values = line.values
    policy = policy_of_line(line)
    store = open_store(values, create=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with reporting(store, shlex.join(["vernal", "watch", *words])) as (reporter, _):
        loop = open_loop(line.plan, policy, store, values.loop, reporter)
        say(f"Watching {', '.join(map(str, policy.streams.values()))} for {store.url}, every {values.every}.")
        told = _tell_json if values.json else _tell
        Watch(loop, leases_of(store), values.every, told, _failed).run(stop)
    return 0


def _tell(turn: Turn) -> None:
    if turn.decisions:
        say(*turn_told(turn))


def _tell_json(turn: Turn) -> None:
    say_json(turn_json(turn))


def _failed(error: VernalError, pause: timedelta) -> None:
    sys.stderr.write(f"vernal: {error}\nTrying again in {pause}.\n")


def _add(parser: Parser) -> None:
    add_policy(parser)
    text = "how long to nap between two looks [default: 30s]"
    parser.add_argument("--every", metavar="SPAN", default="30s", help=text)
