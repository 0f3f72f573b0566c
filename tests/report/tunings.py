"""Records of updates that were tuned, and what they stored of their trials, made up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.report.records import without_validation
from vernal.report import lineage_report
from vernal.report.lineage import Update
from vernal.report.tuned import Tuned
from vernal.space import Space, choice, loguniform, uniform

SPACE = Space(
    {
        "optimizer": choice("SGD", "Adam"),
        "learning_rate": loguniform(0.001, 0.1),
        "momentum": uniform(0, 1).only_if(optimizer="SGD"),
    }
)


def trial(
    number: int,
    config: Mapping[str, Any],
    scores: Sequence[float | None],
    status: str = "complete",
    origin: str = "random",
    metric: str = "accuracy",
    error: str = "",
    also: Mapping[str, float | None] | None = None,
) -> dict[str, Any]:
    """A trial that measured some scores, as its update stores it."""
    curve = [{metric: score, **(also or {})} for score in scores]
    return {
        "number": number,
        "config": dict(config),
        "origin": origin,
        "until": len(scores),
        "status": status,
        "curve": curve,
        "seconds": 1.5 * len(scores),
        "final": curve[-1] if status == "complete" else None,
        "error": error,
        "deaths": 0,
    }


FOUR = [
    trial(0, {"optimizer": "SGD", "learning_rate": 0.01, "momentum": 0.5}, [0.5, 0.6, 0.7, 0.75], origin="default"),
    trial(1, {"optimizer": "Adam", "learning_rate": 0.1}, [0.4], "paused"),
    trial(2, {"optimizer": "SGD", "learning_rate": 0.03, "momentum": 1.0}, [0.6, 0.7, 0.8, 0.9]),
    trial(3, {"optimizer": "Adam", "learning_rate": 0.001}, [], "failed", error="RuntimeError: out of memory"),
]


def past_of(
    trials: Sequence[Mapping[str, Any]] = FOUR,
    space: Space = SPACE,
    levels: int = 4,
    metric: str = "accuracy",
    higher_is_better: bool = True,
) -> dict[str, Any]:
    """What an update stores of its tuning."""
    past = {
        "update": "id1",
        "space": space.to_json(),
        "fixed": {},
        "metric": metric,
        "higher_is_better": higher_is_better,
        "levels": levels,
        "trials": [*trials],
        "schema_version": 1,
    }
    return json.loads(json.dumps(past))


def tuning_of(past: Mapping[str, Any], chosen: int | None, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a record says of a search."""
    trials = past["trials"]
    return {
        "scheduler": "ASHA",
        "searcher": "RandomSearch",
        "transfer": "none",
        "metric": past["metric"],
        "higher_is_better": past["higher_is_better"],
        "also": [],
        "constraints": [],
        "levels": past["levels"],
        "chosen": chosen,
        "config": {} if chosen is None else trials[chosen]["config"],
        "frozen": {},
        "space": past["space"],
        "trials": len(trials),
        "complete": sum(one["status"] == "complete" for one in trials),
        "failed": sum(one["status"] == "failed" for one in trials),
        "epochs": sum(len(one["curve"]) for one in trials),
        "seconds": 65.0,
        "cost": None,
        "feasible": True,
        "importance": {"learning_rate": 0.7, "momentum": 0.05, "optimizer": 0.25},
        "pareto": [],
        "past": [],
        "also_higher_is_better": [False] * len((facts or {}).get("also", [])),
        "stopped": "4 trials have begun, the most that may",
        **(facts or {}),
    }


def tuned_records(
    stored: Mapping[str, Any], chosen: int | None, n: int = 1, budget: str | None = None, **facts: Any
) -> list[dict[str, Any]]:
    """A lineage in which every update was tuned alike. It has no validation rows, so that tuning is all there is."""
    records = without_validation(n)
    for record in records:
        record["tuning"] = tuning_of(stored, chosen, facts)
        record["plan"]["training"]["budget"] = budget or f"{stored['levels']}ep"
    return records


def tuned_page(stored: Mapping[str, Any] | None = None, chosen: int | None = 2, n: int = 1, **facts: Any) -> str:
    """The page on such a lineage."""
    stored = past_of() if stored is None else stored
    records = tuned_records(stored, chosen, n, **facts)
    return lineage_report(records, tunings={record["id"]: stored for record in records})


def tuned(stored: Mapping[str, Any] | None = None, chosen: int | None = 2, **facts: Any) -> Tuned:
    """A search, as a report looks at it."""
    stored = past_of() if stored is None else stored
    (record,) = tuned_records(stored, chosen, **facts)
    return Tuned.of(Update.of(record), stored)
