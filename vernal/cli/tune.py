"""Choose values for an update from ranges, by trials; commit nothing.

The line is that of `vernal update`: values that are ranges are chosen, and if there is none, what the config file's
`space_fn` or the method proposes. All trials start from the champion, on the data of the update; they stay in the
local folder of the store. `vernal update` with the same options finds them there, and makes the model of the best one
its own, without training again. Interrupted, the same command goes on where it was.

Examples:
  vernal tune config.py --store runs/gas --batch 2 --lr 'loguniform(1e-4, 1e-1)' --max-trials 10
  vernal tune config.py --store runs/gas --batch 2 --tune --max-minutes 60 --trial-workers 2
  vernal update config.py --store runs/gas --batch 2 --lr 'loguniform(1e-4, 1e-1)' --max-trials 10
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from vernal.cli.address import open_store, store_address
from vernal.cli.line import read_line
from vernal.cli.progress import reporting
from vernal.cli.terminal import pairs, say, say_json
from vernal.cli.trials import search_told

if TYPE_CHECKING:
    from vernal.transaction import Searched


def run(words: Sequence[str]) -> int:
    """Run the search of one update."""
    # What the user's own functions print must not come between JSON and its reader.
    with redirect_stdout(sys.stderr if "--json" in words else sys.stdout):
        searched, update, log = _tune(words)
    if "--json" in words:
        say_json({"tuning": searched.summary, "trials": searched.past.to_json()["trials"]})
        return 0
    say("", *search_told(searched.summary, searched.past), "", pairs({"log": str(log)}), "")
    say("Next, the update with the model of this trial, without training it again:", f"  {update}")
    return 0


def _tune(words: Sequence[str]) -> tuple[Searched, str, Path]:
    line = read_line("tune", __doc__, words)
    store_address(line.values)  # Better now than after the libraries have been loaded.
    from vernal.transaction import tune

    store = open_store(line.values, create=True)
    with reporting(store, shlex.join(["vernal", "tune", *words])) as (reporter, log):
        searched = tune(line.plan, store, parent=line.values.parent, scratch=line.values.scratch, reporter=reporter)
        reporter.note(f"chosen: trial {searched.summary['chosen']}")
    is_tuned = bool(line.plan.space) or "--tune" in words
    return searched, shlex.join(["vernal", "update", *words, *([] if is_tuned else ["--tune"])]), log
