"""`vernal tune`, and the update after it, through the real command line."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Ran, Vernal
from vernal import Store
from vernal.cli import main

SEARCH = ["--chunk=2", "--budget=2ep", "--alpha", "uniform(0, 1)", "--lr=loguniform(1e-3, 1e-1)", "--max-trials=3"]


@dataclass(frozen=True)
class Journey:
    """A store after a first update, a search, and the update that it was for; and what these said."""

    before: Path
    store: Path
    said: Mapping[str, Ran]


def run(*words: object) -> Ran:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Two cheap updates, the second one tuned."""
    folder = tmp_path_factory.mktemp("tuned")
    store, before = folder / "store", folder / "before"
    said = {"first": run("update", CONFIG, "--store", store, "--chunk=1", "--budget=1ep")}
    shutil.copytree(store, before)
    said["tune"] = run("tune", CONFIG, "--store", store, *SEARCH)
    said["log"] = run("log", "--store", store)
    said["again"] = run("tune", CONFIG, "--store", store, *SEARCH, "--json")
    said["update"] = run("update", CONFIG, "--store", store, *SEARCH)
    return Journey(before, store, said)


def test_a_search_shows_its_trials_and_what_was_chosen(journey: Journey) -> None:
    ran = journey.said["tune"]
    assert ran.code == 0, ran.err
    for part in ("default", "random", "2 of 2", "chosen", "why it ended: ", "as options  --lr ", " --alpha ", "gained"):
        assert part in ran.out
    assert "Next, the update with the model of this trial, without training it again:" in ran.out
    assert shlex.split(ran.out.splitlines()[-1]) == ["vernal", "update", CONFIG, "--store", str(journey.store), *SEARCH]


def test_a_search_tells_how_far_it_is(journey: Journey) -> None:
    said = journey.said["tune"].err
    for part in ("tune\n", "trial 0 ", "trial 1 ", "trial 2 ", "chosen: trial "):
        assert part in said


def test_a_search_commits_nothing(journey: Journey) -> None:
    assert ["chunk 1" in journey.said["log"].out, "chunk 2" in journey.said["log"].out] == [True, False]


def test_the_same_search_again_costs_nothing_and_json_is_all_that_it_says(journey: Journey) -> None:
    ran = journey.said["again"]
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert {*found} == {"tuning", "trials"}
    assert (found["tuning"]["trials"], [trial["number"] for trial in found["trials"]]) == (3, [0, 1, 2])
    assert "complete: " not in ran.err


def test_the_update_takes_the_model_of_the_search_without_training(journey: Journey) -> None:
    searched, record = json.loads(journey.said["again"].out)["tuning"], Store(journey.store).record("champion")
    ran = journey.said["update"]
    assert ran.code == 0, ran.err
    assert "trial 0 complete" not in ran.err
    assert record["tuning"]["chosen"] == searched["chosen"]
    assert record["plan"]["arguments"]["lr"] == searched["config"]["lr"]
    assert f"trial {searched['chosen']}: " in ran.out
    assert "learned chunk 2 (64 rows); the champion now." in ran.out
    assert "accuracy before" in ran.out


def test_the_search_of_an_update_that_was_made_is_in_it(journey: Journey) -> None:
    ran = run("tune", CONFIG, "--store", journey.store, *SEARCH, "--parent", Store(journey.store).records()[0]["id"])
    assert ran.code == 1
    assert "was made before, of the same data, plan and code, and its trials are in it" in ran.err


def test_a_repeated_update_shows_its_search(journey: Journey) -> None:
    ran = run(
        "update", CONFIG, "--store", journey.store, *SEARCH, "--parent", Store(journey.store).records()[0]["id"]
    )  # fmt: skip
    assert "Nothing was done." in ran.out
    assert "gained" in ran.out


def test_show_and_log_tell_of_the_search(journey: Journey) -> None:
    shown = run("show", "--store", journey.store).out
    assert "ASHA with RandomSearch, 3 trials" in shown
    assert "\ngained " in shown
    assert "\nchosen " in shown
    assert "er, tuned" in run("log", "--store", journey.store).out


def test_the_options_that_a_search_prints_are_a_command(journey: Journey, tmp_path: Path) -> None:
    (line,) = [line for line in journey.said["tune"].out.splitlines() if line.startswith("as options")]
    store = shutil.copytree(journey.before, tmp_path / "store")
    ran = run("update", CONFIG, "--store", store, "--chunk=2", "--budget=2ep", *shlex.split(line)[2:])
    assert ran.code == 0, ran.err
    plan, chosen = Store(store).record("champion")["plan"], Store(journey.store).record("champion")["tuning"]["config"]
    assert (plan["arguments"]["lr"], plan["method"]["options"]["alpha"]) == (chosen["lr"], chosen["alpha"])


def test_without_ranges_the_next_command_asks_for_tuning(journey: Journey, tmp_path: Path) -> None:
    store = shutil.copytree(journey.before, tmp_path / "store")
    ran = run("tune", CONFIG, "--store", store, "--chunk=2", "--budget=1ep", "--max-trials=1")
    assert ran.code == 0, ran.err
    assert ran.out.endswith(" --max-trials=1 --tune\n")
    assert "nothing: the default itself is the best" in ran.out


def test_where_no_trial_meets_the_constraints_the_champion_stays(journey: Journey, tmp_path: Path) -> None:
    store = shutil.copytree(journey.before, tmp_path / "store")
    champion = Store(store).champion
    words = ["--chunk=2", "--budget=1ep", "--max-trials=1", "--constraint=accuracy>=2"]
    ran = run("update", CONFIG, "--store", store, *words)
    assert ran.code == 0, ran.err
    assert "No trial met the constraints: the champion stays." in ran.out
    assert "kept beside the champion" in ran.out
    assert Store(store).champion == champion


# What it refuses


def test_nothing_is_trained_if_a_range_is_wrong(vernal: Vernal, config: str, tmp_path: Path) -> None:
    ran = vernal("tune", config, "--store", tmp_path / "store", "--chunk=1", "--budget=choice(1ep, 2ep)")
    assert ran.code == 1
    assert "budget: must be the same for all trials" in ran.err
    assert not (tmp_path / "store").exists()


def test_a_missing_file_is_asked_for(vernal: Vernal) -> None:
    ran = vernal("tune", "--lr=loguniform(1e-4, 1e-1)")
    assert ran.code == 2
    assert "Name the config file: vernal tune CONFIG. See: vernal tune --help" in ran.err
