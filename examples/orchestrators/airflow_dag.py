"""The loop as an Airflow DAG: a turn every ten minutes, one at a time.

Put this file and turn.py into the DAGs folder. The environment says what to run: VERNAL_CONFIG, VERNAL_STORE, and
VERNAL_COMMAND if vernal lives elsewhere.

Nothing to do, or another process at it: the task is skipped. A challenger that the gate refused: the task fails and is
not tried again, so that whoever is told of failures is told of this. Training failed, or a source is away: the task is
tried again.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from turn import REJECTED, run_once


@dag(
    dag_id="vernal",
    schedule=timedelta(minutes=10),
    start_date=datetime(2026, 1, 1),
    catchup=False,  # one turn looks at everything that has come, however many were missed
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": True},
)
def vernal() -> None:
    """Look at new data, and update the model if it is worth it."""

    @task
    def turn() -> str | None:
        done = run_once(os.environ["VERNAL_CONFIG"])  # the store is VERNAL_STORE
        if done.is_skipped:
            raise AirflowSkipException(done.why)
        if done.outcome == REJECTED:
            raise AirflowFailException(done.why)
        return done.champion

    turn()


vernal()
