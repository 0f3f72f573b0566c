"""The loop as a Dagster asset, the model in production: a turn every ten minutes.

    dagster asset materialize -f dagster_assets.py --select champion     # one turn, now
    dagster dev -f dagster_assets.py                                     # with the schedule

The environment says what to run: VERNAL_CONFIG, VERNAL_STORE, and VERNAL_COMMAND if vernal lives elsewhere.

A model that was promoted is a materialisation, with its id. Nothing to do, or another process at it: none. A challenger
that the gate refused: the run fails, and is not tried again. Training failed, or a source is away: it is tried again.
"""

import os
from collections.abc import Iterator

import dagster
from turn import PROMOTED, REJECTED, run_once

RETRIES = dagster.RetryPolicy(max_retries=3, delay=60, backoff=dagster.Backoff.EXPONENTIAL)


@dagster.asset(output_required=False, retry_policy=RETRIES)
def champion(context: dagster.AssetExecutionContext) -> Iterator[dagster.MaterializeResult]:
    """The model in production, after a look at new data, and an update if it was worth it."""
    done = run_once(os.environ["VERNAL_CONFIG"])  # the store is VERNAL_STORE
    context.log.info(f"{done.outcome}: {done.why}")
    if done.outcome == REJECTED:
        raise dagster.Failure(done.why, allow_retries=False)
    if done.outcome == PROMOTED:
        yield dagster.MaterializeResult(metadata={"version": str(done.champion), "why": done.why})


turns = dagster.ScheduleDefinition(
    name="turns", target=dagster.AssetSelection.assets(champion), cron_schedule="*/10 * * * *"
)

definitions = dagster.Definitions(assets=[champion], schedules=[turns])
