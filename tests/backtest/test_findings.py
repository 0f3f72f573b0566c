"""All that came out, as plain values that a page, a program and a person can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.backtest.histories import backtest, policies, stream
from vernal.backtest import Backtest, Hindsight, Lives, findings, look_back
from vernal.base import ConfigError
from vernal.report import backtest_report

FIELDS = {
    "schema_version", "metric", "update_cost", "delay", "chunks", "policies", "best", "present", "trained", "reused",
    "freshness", "recommendation", "oracle", "caveats", "said",
}  # fmt: skip
OF_A_POLICY = {
    "name", "chunks", "score", "updates", "promoted", "seconds", "mistakes", "cost", "trigger", "learn", "gate",
    "stateless",
}  # fmt: skip
OF_A_CHUNK = {"number", "champion", "score", "error", "rows", "outcome", "why", "updates", "seconds"}

Known = tuple[Backtest, Lives, Hindsight]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    chosen = {name: policies()[name] for name in ("never", "always", "scratch", "gated")}
    replayed = backtest(tmp_path_factory.mktemp("findings"), stream(), chosen)
    lives = replayed.run()
    return replayed, lives, look_back(replayed, lives)


def test_they_are_plain_values_with_every_field_that_the_page_on_backtests_lists(known: Known) -> None:
    found = findings(*known, update_cost=2.0)
    assert json.loads(json.dumps(found)) == found
    assert found.keys() == FIELDS
    assert found["policies"][0].keys() == OF_A_POLICY
    assert found["policies"][0]["chunks"][0].keys() == OF_A_CHUNK
    written = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text()
    for name in FIELDS | OF_A_POLICY | OF_A_CHUNK:
        assert f"`{name}`" in written, name


def test_the_report_shows_them(known: Known) -> None:
    for price in (None, 2.0):
        page = backtest_report(json.loads(json.dumps(findings(*known, update_cost=price))))
        assert all(name in page for name in ("never", "always", "scratch", "gated"))


def test_without_a_price_the_best_score_comes_first_and_it_is_said_that_there_is_none(known: Known) -> None:
    found = findings(*known)
    scores = [one["score"] for one in found["policies"]]
    assert scores == sorted(scores, reverse=True)
    assert found["recommendation"] is found["oracle"] is None
    assert {one["cost"] for one in found["policies"]} == {None}
    assert "What an update may cost is not said" in found["said"][0]


@pytest.mark.parametrize("price", [0.5, 5.0, 500.0])
def test_with_a_price_the_cheapest_comes_first(known: Known, price: float) -> None:
    found = findings(*known, update_cost=price)
    costs = [one["cost"] for one in found["policies"]]
    assert costs == sorted(costs)
    assert found["best"] == found["policies"][0]["name"]
    assert found["oracle"]["cost"] <= min(one["cost"] for one in found["policies"] if one["stateless"])


def test_what_the_best_would_have_saved_is_the_difference(known: Known) -> None:
    found = findings(*known, update_cost=500.0, present="always")
    of: dict[str, Any] = {one["name"]: one for one in found["policies"]}
    assert found["best"] == "never"
    saved = of["always"]["cost"] - of["never"]["cost"]
    said = found["said"][1]
    assert said.startswith(f"Instead of 'always', 'never' would have saved {saved:,.4g} of {of['always']['cost']:,.4g}")
    assert "and 5 fewer updates." in said


def test_a_present_policy_that_is_the_best_is_told_so(known: Known) -> None:
    assert (
        "'never', as it is now, is the best of these." in findings(*known, update_cost=500.0, present="never")["said"]
    )


def test_without_a_price_what_differs_is_told(known: Known) -> None:
    found = findings(*known, present="never")
    if found["best"] != "never":
        assert f"Instead of 'never', {found['best']!r} would have had" in found["said"][1]
        assert "more updates." in found["said"][1]


def test_a_present_policy_that_is_none_is_an_error(known: Known) -> None:
    with pytest.raises(ConfigError, match="No policy is called 'evr'"):
        findings(*known, present="evr")


def test_the_caveats_are_always_there(known: Known) -> None:
    caveats = " ".join(findings(*known)["caveats"])
    assert "valid for those only" in caveats
    assert "One history is one sample" in caveats


def test_a_few_models_give_a_curve_and_no_oracle(known: Known) -> None:
    replayed, lives, _ = known
    found = findings(replayed, lives, look_back(replayed, lives, models=3), update_cost=2.0)
    assert found["oracle"] is None
    assert len(found["freshness"]["measured"]) == 9
