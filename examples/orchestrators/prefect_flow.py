"""The loop as a Prefect flow: a turn every ten minutes, one at a time.

    python prefect_flow.py            # one turn, now
    python prefect_flow.py serve      # a turn every ten minutes

The environment says what to run: VERNAL_CONFIG, VERNAL_STORE, and VERNAL_COMMAND if vernal lives elsewhere.

Nothing to do, or another process at it: the run is called "Skipped". A challenger that the gate refused: the run fails
under the name "Rejected", and is not tried again. Training failed, or a source is away: the task is tried again.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from prefect import flow, task
from prefect.states import Completed, Failed, State
from turn import REJECTED, Turn, run_once


@task(retries=3, retry_delay_seconds=[60, 120, 240])
def turn() -> Turn:
    """Look at new data, and update the model if it is worth it."""
    return run_once(os.environ["VERNAL_CONFIG"])  # the store is VERNAL_STORE


@flow(name="vernal")
def vernal() -> State:
    """One turn, and what it is called."""
    done = turn()
    if done.is_skipped:
        return Completed(name="Skipped", message=done.why)
    if done.outcome == REJECTED:
        return Failed(name="Rejected", message=done.why)
    return Completed(name=done.outcome.capitalize(), message=done.why)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        vernal.serve(name="vernal", interval=timedelta(minutes=10), limit=1)
    else:
        state = vernal(return_state=True)
        print(f"{state.name}: {state.message}")
        sys.exit(state.is_failed())
