"""The command that compares policies on the past."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.backtest.histories import CONFIG, stream, written
from tests.cli.conftest import Ran, Vernal
from vernal.cli.backtest import _Told
from vernal.cli.terminal import console
from vernal.store import Store

TWO = ("--policy", "never=manual()", "--policy", "each=always(); scratch; none")


@pytest.fixture
def past(tmp_path: Path) -> str:
    return written(tmp_path, stream(120))


@pytest.fixture
def backtest(vernal: Vernal, past: str, tmp_path: Path) -> Vernal:
    def run(*words: object) -> Ran:
        fixed = ("--history", past, "--chunk", "20", "--id", "id", "--budget", "2ep", "--folder", tmp_path / "folder")
        return vernal("backtest", CONFIG, *fixed, *words)

    return run


def trained(tmp_path: Path) -> int:
    store = tmp_path / "folder" / "store"
    return len(Store(store, create=False).records()) if store.exists() else 0


def test_policies_are_compared_and_a_page_is_written(backtest: Vernal, tmp_path: Path) -> None:
    ran = backtest(*TWO, "--update-cost", "2", "--present", "never")
    assert ran.code == 0, ran.err
    assert "2 policies over 6 chunks: at most 5 updates, about" in ran.out
    assert "Instead of 'never', 'each' would have saved" in ran.out or "'never', as it is now, is the best" in ran.out
    assert "Freshness:" in ran.out
    assert "report.html. Open it in a browser." in ran.out
    page = (tmp_path / "folder" / "report.html").read_text()
    found = json.loads((tmp_path / "folder" / "findings.json").read_text())
    assert found["best"] in page
    assert {one["name"] for one in found["policies"]} == {"never", "each"}


def test_the_best_stands_first_and_is_marked(backtest: Vernal) -> None:
    ran = backtest(*TWO, "--json", "--update-cost", "1000")
    found = json.loads(ran.out)
    assert found["best"] == found["policies"][0]["name"] == "never"  # Updates are far too dear.
    costs = [one["cost"] for one in found["policies"]]
    assert costs == sorted(costs)


def test_json_is_all_that_is_printed_and_the_same_as_in_the_file(backtest: Vernal, tmp_path: Path) -> None:
    ran = backtest(*TWO, "--json")
    assert json.loads(ran.out) == json.loads((tmp_path / "folder" / "findings.json").read_text())
    assert "at most 5 updates" in ran.err
    assert "never: 6 of 6 chunks, about" in ran.err
    assert ran.err.strip().endswith("each: 6 of 6 chunks")


def test_the_same_again_trains_nothing(backtest: Vernal, tmp_path: Path) -> None:
    first = json.loads(backtest(*TWO, "--json").out)
    count = trained(tmp_path)
    again = json.loads(backtest(*TWO, "--json").out)
    assert again["trained"] == 0
    assert trained(tmp_path) == count == 6
    assert again["policies"] == first["policies"]


def test_a_run_that_was_stopped_goes_on(backtest: Vernal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vernal.backtest import Models

    measure, measured = Models.measure, []

    def stopped(self: Models, files: list[str], version: str) -> object:
        measured.append(version)
        if len(measured) == 9:
            raise KeyboardInterrupt
        return measure(self, files, version)

    with monkeypatch.context() as patched:
        patched.setattr(Models, "measure", stopped)
        ran = backtest(*TWO)
    assert ran.code == 130
    assert "Run the same command again" in ran.err
    before = trained(tmp_path)
    assert 1 < before < 6
    assert json.loads(backtest(*TWO, "--json").out)["trained"] == 6 - before


def test_a_dry_run_only_says_what_it_may_cost(backtest: Vernal, tmp_path: Path) -> None:
    ran = backtest("--dry-run")
    assert ran.code == 0
    assert "4 policies over 6 chunks: at most 15 updates, about" in ran.out
    assert trained(tmp_path) == 1
    assert not (tmp_path / "folder" / "report.html").exists()


def test_the_oracle_is_told_with_a_price(backtest: Vernal) -> None:
    ran = backtest(*TWO, "--update-cost", "2", "--oracle")
    assert "The cheapest updates from scratch, known afterwards:" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--time", "when"), "The history has no column 'when'."),
        (("--id", "idd"), "The history has no column 'idd'. Did you mean 'id'"),
        (("--label", "sid", "--delay", "1d"), "no column 'sid'. Did you mean 'side'"),
        (("--chunk", "50"), "into 2. A backtest needs 4 or more: make them smaller"),
        (("--chunk", "0"), "`chunk` must be"),
        (("--chunk", "often"), "'often' is no span of time"),
        (("--delay", "1d"), "name the columns `id` and `label`"),
        (("--label", "side", "--delay", "soon"), "'soon' is no span of time"),
        (("--policy", "nonsense"), "'nonsense' is no preset (manual, scheduled, stateful, continual). Write NAME="),
        (("--policy", "a=sometimes()"), "'sometimes()' is no trigger"),
        (("--policy", "a=always(); often"), "`learn` of a policy must be 'stateful' or 'scratch', got 'often'"),
        (("--policy", "a=always(); scratch; superb"), "No gate is called 'superb'"),
        (("--policy", "a=always(); scratch; none; more"), "has too many parts. Write NAME=TRIGGER; HOW; GATE."),
        (("--policy", "a=always()", "--policy", "a=manual()"), "Two policies are called 'a'"),
        ((*TWO, "--present", "nobody"), "--present names 'nobody', and the policies are never, each"),
        (("--oracle",), "give --update-cost beside --oracle"),
        (("--oracle", "--update-cost", "1", "--label", "side", "--delay", "1d"), "Leave out --oracle or --delay"),
        (("--update-cost", "0"), "--update-cost must be above 0, got 0"),
        (("--present-days", "-1"), "--present-days must be above 0, got -1"),
        (("--history", "missing.parquet"), "There is no table 'missing.parquet'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(
    words: tuple[str, ...], said: str, backtest: Vernal, tmp_path: Path
) -> None:
    ran = backtest(*words)
    assert ran.code == 1
    assert said in ran.err
    assert trained(tmp_path) == 0


def test_a_history_must_be_named(vernal: Vernal) -> None:
    ran = vernal("backtest", CONFIG)
    assert ran.code == 2
    assert "Name the past: --history FILE" in ran.err


def test_late_labels_are_joined_by_id(backtest: Vernal, tmp_path: Path) -> None:
    ran = backtest(*TWO, "--label", "side", "--delay", "30h", "--json")
    found = json.loads(ran.out)
    assert found["delay"] == "30h"
    assert len(found["policies"][0]["chunks"]) == 3  # Labels of the first chunk are known at the end of the third.
    assert "Labels were known 30h after their rows." in (tmp_path / "folder" / "report.html").read_text()


def test_a_report_that_cannot_be_written_is_an_error_and_models_are_kept(backtest: Vernal, tmp_path: Path) -> None:
    (tmp_path / "folder" / "report.html").mkdir(parents=True)
    ran = backtest(*TWO)
    assert ran.code == 1
    assert "all models are kept" in ran.err
    assert trained(tmp_path) == 6


class HeldSeconds:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def seconds(self) -> float:
        self._seconds += 1
        return self._seconds


def test_time_left_follows_from_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    told = _Told(2, console(stderr=True), HeldSeconds())  # type: ignore[arg-type]
    for name in ("a", "b"):
        for done in range(1, 5):
            told(name, done, 4)
    assert capsys.readouterr().err.splitlines() == [
        "  a: 4 of 4 chunks, about 1.00 s left",
        "  b: 4 of 4 chunks",
    ]


def test_times_of_the_page_are_those_of_the_history(backtest: Vernal, tmp_path: Path) -> None:
    backtest(*TWO)
    found = json.loads((tmp_path / "folder" / "findings.json").read_text())
    assert [chunk["rows"] for chunk in found["chunks"]] == [20] * 6
    assert found["chunks"][0]["end"] == "1970-01-01T19:00:00+00:00"
    assert np.isclose(
        sum(one["error"] for one in found["policies"][0]["chunks"]) * 20, found["policies"][0]["mistakes"]
    )
