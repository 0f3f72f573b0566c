"""Do one turn of the loop: look at new data, and update if it is worth it.

For schedulers: cron, Kubernetes, Airflow, Prefect, Dagster. Every row counts exactly once, however often this runs, is
killed, or runs twice at once. What it did is in the store: `vernal decisions`.

The options that say how to train are those of `vernal update`.

Exit codes: 0 whatever was decided, 1 it failed, 2 the command line is wrong, 130 stopped by Ctrl-C. With
--detailed-exit-code: 0 a model was promoted, 10 nothing to do, 11 the challenger was rejected, 12 more labels are
needed (it waits beside the champion), 13 training failed and will be tried again, 75 another process is at it.

Examples:
  vernal run-once config.py --store runs/fraud --source 'in/*.parquet' --trigger 'rows(1000)'
  vernal run-once config.py --store runs/fraud                          # policy_fn of the config file says it all
  vernal run-once config.py --store runs/fraud --now 'new labels for March'
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from vernal.cli.address import add_name, open_store
from vernal.cli.line import Line, read_line
from vernal.cli.looping import add_policy, policy_of_line, turn_json, turn_told
from vernal.cli.parser import Parser
from vernal.cli.progress import reporting
from vernal.cli.terminal import say, say_json

CODES = {"promoted": 0, "kept": 10, "rejected": 11, "inconclusive": 12, "failed": 13}
BUSY = 75  # EX_TEMPFAIL of sysexits.h: try again later.
AT_IT = "Another process is at it, or was killed in the last two minutes. Nothing was done."


def run(words: Sequence[str]) -> int:
    """Do one turn."""
    with redirect_stdout(sys.stderr if "--json" in words else sys.stdout):
        line = read_line("run-once", __doc__, words, _add)
        told = _turned(line, words)
    detailed = line.values.detailed_exit_code
    if told is None:
        say_json({"outcome": "busy"}) if line.values.json else say(AT_IT)
        return BUSY if detailed else 0
    outcome, facts, lines = told
    if line.values.json:
        say_json(facts)
    else:
        say(*lines)
    return CODES[outcome] if detailed else int(outcome == "failed")


def _turned(line: Line, words: Sequence[str]) -> tuple[str, dict[str, object], list[str]] | None:
    """The turn; None if another process does it."""
    from vernal.base import ConflictError
    from vernal.loop import held, leases_of, open_loop

    values = line.values
    policy = policy_of_line(line)
    store = open_store(values, create=True)
    with reporting(store, shlex.join(["vernal", "run-once", *words])) as (reporter, _):
        loop = open_loop(line.plan, policy, store, values.loop, reporter)
        try:
            with held(leases_of(store), loop.name) as is_ours:
                if not is_ours:
                    return None
                if values.relearn:
                    reporter.note(f"{loop.relearn()} rows that were set aside are to be learned")
                turn = loop.turn(by_hand=values.now or "")
        except ConflictError:
            return None
    return turn.outcome, turn_json(turn), turn_told(turn)


def _add(parser: Parser) -> None:
    add_name(parser)
    add_policy(parser)
    text = "update now, whatever the trigger says; WHY is kept"
    parser.add_argument("--now", metavar="WHY", nargs="?", const="Asked for by hand.", help=text)
    text = "let rows that were set aside (refused by the gate, taken back by a rollback) be learned after all"
    parser.add_argument("--relearn", action="store_true", help=text)
    text = "tell by the exit code what was decided, see above"
    parser.add_argument("--detailed-exit-code", action="store_true", help=text)
