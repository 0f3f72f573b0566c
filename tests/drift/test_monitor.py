"""The default in production: a stated rate of false alarms, a floor, culprits, and no drift by accident."""

import json

import numpy as np
import pytest

from tests.drift.laws import autoregressive, normal
from vernal.base import ConfigError, DataError
from vernal.drift import KS, MMD, Monitor

WEEKLY = Monitor(false_alarms_per_month=0.2, looks_per_month=4)  # alpha = .05


def samples(rng: np.random.Generator, rows: int, features=0.0, embeddings=0.0):  # type: ignore[no-untyped-def]
    return {
        "features": (normal(rng, rows, 8), normal(rng, rows, 8) + features),
        "embeddings": (normal(rng, rows, 32), normal(rng, rows, 32) + embeddings),
    }


@pytest.mark.law
def test_false_alarms_keep_to_their_budget() -> None:
    """One in 30 looks is allowed: over 20 months without a change, at most 1 + 3 standard errors of .22 on average.

    The floor is 0 here; it only makes alarms rarer.
    """
    monitor = Monitor(false_alarms_per_month=1, looks_per_month=30, floor=0)
    rng = np.random.default_rng(0)
    alarms = sum(monitor.decide(samples(rng, 100), seed=look).outcome == "drift" for look in range(20 * 30))
    assert 0 < alarms / 20 <= 1 + 3 * np.sqrt(1 / 20)


@pytest.mark.law
def test_of_many_rows_a_difference_below_the_floor_is_no_drift() -> None:
    """10,000 rows, a floor of .1 sd: .05 sd in all columns is significant and no drift; .2 sd is drift."""
    rng = np.random.default_rng(0)
    small = WEEKLY.decide(samples(rng, 10_000, 0.05, 0.05))
    assert small.outcome == "none"
    assert all(one["adjusted_p"] < WEEKLY.alpha for one in small.evidence["comparisons"].values())
    large = WEEKLY.decide(samples(rng, 10_000, 0.2, 0.2))
    assert large.outcome == "drift"
    assert large.evidence["culprits"].keys() == {"features", "embeddings"}


def test_a_change_of_one_feature_names_it() -> None:
    rng = np.random.default_rng(1)
    decision = WEEKLY.decide(samples(rng, 500, features=0.7 * (np.arange(8) == 3)))
    assert decision.outcome == "drift"
    assert decision.evidence["culprits"] == {"features": ["3"]}
    assert "The data has changed. features: 0." in decision.why
    assert "in column 3; embeddings: " in decision.why


def test_a_change_of_embeddings_alone_is_found_though_no_column_shows_it() -> None:
    rng = np.random.default_rng(1)
    decision = WEEKLY.decide(samples(rng, 500, embeddings=0.2))
    assert decision.evidence["culprits"] == {"embeddings": []}


def test_many_culprits_are_named_in_short_and_kept_in_full() -> None:
    decision = WEEKLY.decide(samples(np.random.default_rng(1), 500, features=1.0))
    assert len(decision.evidence["culprits"]["features"]) == 8
    assert "and 5 more" in decision.why


@pytest.mark.parametrize(("reference", "current"), [(99, 500), (500, 99), (0, 500), (500, 0)])
def test_with_too_few_rows_the_answer_is_to_wait(reference: int, current: int) -> None:
    rng = np.random.default_rng(0)
    far = {"features": (normal(rng, reference, 3), normal(rng, current, 3) + 9)}
    decision = WEEKLY.decide(far)
    assert decision.outcome == "undecided"
    kind = "reference" if reference < 100 else "current"
    assert decision.why == f"features: {min(reference, current)} {kind} rows, and 100 are needed."
    assert Monitor(min_rows=10).decide({"features": (far["features"][0], normal(rng, 10, 3))}).outcome in (
        "none",
        "undecided",
    )


def test_without_samples_nothing_is_decided() -> None:
    assert WEEKLY.decide({}).why == "There are no samples."
    assert WEEKLY.decide({}).outcome == "undecided"


def test_what_cannot_be_compared_is_never_drift_and_never_passed_over() -> None:
    rng = np.random.default_rng(0)
    good = samples(rng, 500)
    broken = good["embeddings"][1].copy()
    broken[0, 0] = np.nan
    decision = WEEKLY.decide({**good, "embeddings": (good["embeddings"][0], broken)})
    assert decision.outcome == "undecided"
    assert "embeddings: no decision (Of the 500 rows of the current sample 1 hold NaN" in decision.why
    changed = {"features": (good["features"][0], good["features"][1] + 1), "embeddings": (broken, broken)}
    assert WEEKLY.decide(changed).outcome == "drift"
    assert WEEKLY.decide({"features": (np.ones((200, 2)), np.ones((200, 2)))}).outcome == "undecided"


@pytest.mark.law
def test_by_blocks_a_series_is_no_drift() -> None:
    """Two columns of AR(1) with phi = .9, 30 pairs of windows of 500 rows: at most .12 + 3 standard errors of .04."""
    alarms = {1: 0, 50: 0}
    for seed in range(30):
        rng = np.random.default_rng([3, seed])
        series = np.hstack([autoregressive(rng, 1000, 0.9) for _ in range(2)])
        for block in alarms:
            monitor = Monitor(false_alarms_per_month=0.2, looks_per_month=4, block=block)
            alarms[block] += monitor.decide({"features": (series[:500], series[500:])}).outcome == "drift"
    assert alarms[1] >= 18
    assert alarms[50] <= 7


def test_the_evidence_is_plain_values_with_the_ten_most_suspicious_columns() -> None:
    rng = np.random.default_rng(0)
    decision = WEEKLY.decide({"features": (normal(rng, 200, 40), normal(rng, 200, 40))})
    assert json.loads(json.dumps(decision.to_json(), allow_nan=False)) == decision.to_json()
    columns = decision.evidence["comparisons"]["features"]["columns"]
    p = [column["p"] for column in columns.values()]
    assert len(p) == 10
    assert p == sorted(p)
    assert decision.evidence["alpha"] == WEEKLY.alpha == 0.05


def test_it_decides_the_same_each_time() -> None:
    given = samples(np.random.default_rng(0), 200)
    assert WEEKLY.decide(given, seed=4) == WEEKLY.decide(given, seed=4)


def test_rare_false_alarms_are_given_as_many_permutations_as_they_need() -> None:
    """720 looks a month and one false alarm: p must be at most .0014 for two samples or three, and 200 give .005."""
    rng = np.random.default_rng(0)
    hourly = Monitor(false_alarms_per_month=1, looks_per_month=720)
    assert hourly.decide(samples(rng, 150, embeddings=1.0)).outcome == "drift"
    with pytest.raises(ConfigError, match="'embeddings' can never find a change: its smallest p-value, for 2 samples"):
        Monitor(1, 720, tests={"features": KS(), "embeddings": MMD()})
    Monitor(1, 720, tests={"features": KS(), "embeddings": MMD(1440)})


def test_a_sample_without_a_test_is_an_error() -> None:
    rows = np.zeros((200, 1))
    with pytest.raises(DataError, match="no test for a sample called 'feature'. Did you mean 'features'"):
        WEEKLY.decide({"feature": (rows, rows)})


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"false_alarms_per_month": 30}, "must be above 0 and below `looks_per_month`, got 30 and 30.0"),
        ({"false_alarms_per_month": 0}, "must be above 0 and below `looks_per_month`, got 0"),
        ({"looks_per_month": -1}, "`looks_per_month` must be at least 0, got -1"),
        ({"floor": -0.1}, "`floor` must be at least 0, got -0.1"),
        ({"min_rows": 1}, "`min_rows` must be at least 2, got 1"),
        ({"block": 0}, "`block` must be at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_errors(settings: dict[str, float], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        Monitor(**settings)  # type: ignore[arg-type]
