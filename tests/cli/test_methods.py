from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import Vernal
from vernal.cli import methods
from vernal.cli.cards import FAMILIES, entries
from vernal.methods import method_names, term_names
from vernal.tasks import task_names

ALL = [*method_names(), *term_names()]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a terminal of 80 columns."""
    monkeypatch.setattr("vernal.cli.terminal.PIPE_WIDTH", 80)


def test_every_method_and_term_is_listed_with_what_it_does_and_its_options(vernal: Vernal) -> None:
    ran = vernal("methods")
    assert ran.code == 0
    assert [name for name in ALL if not re.search(rf"^(\w[\w ]*)? +{name}  ", ran.out, re.MULTILINE)] == []
    assert "memory_size=500, memory_batch=64, alpha=0.1, beta=0.5" in ran.out
    assert "3/3" in ran.out
    assert "[1]_" not in ran.out
    assert "The default is er." in ran.out


def test_families_come_one_after_the_other_and_each_is_named_once(vernal: Vernal) -> None:
    out = vernal("methods").out
    places = [out.index(f"\n{family}  ") for family in FAMILIES]
    assert places == sorted(places)
    assert [out.count(f"\n{family}  ") for family in FAMILIES] == [1] * len(FAMILIES)


def test_every_method_and_term_belongs_to_a_family() -> None:
    assert {entry.name: entry.card.group for entry in entries() if entry.card.group not in FAMILIES} == {}
    assert {entry.name for entry in entries() if entry.is_term} == {*term_names()}


@pytest.mark.usefixtures("narrow")
def test_a_narrow_terminal_gets_a_list_that_fits(vernal: Vernal) -> None:
    out = vernal("methods").out
    assert [line for line in out.splitlines() if len(line) > 80] == []
    assert [name for name in ALL if f"\n  {name} " not in out] == []
    assert "REPLAY: rows of earlier chunks are kept" in out
    assert "tasks: classification; keeps rows; passes 2/2" in out


@pytest.mark.parametrize("task", task_names())
def test_only_those_are_listed_that_serve_a_task(vernal: Vernal, task: str) -> None:
    listed = [entry["name"] for entry in json.loads(vernal("methods", "--task", task, "--json").out)]
    assert "er" in listed
    assert ("er_ace" in listed) == (task == "classification")
    assert ("ranpac" in listed) == (task in ("classification", "regression"))
    assert [*listed] == [entry.name for entry in entries(task)]


def test_an_unknown_task_is_refused_with_a_suggestion(vernal: Vernal) -> None:
    ran = vernal("methods", "--task", "rankign")
    assert ran.code == 1
    assert "No task is called 'rankign'. Did you mean 'ranking'?" in ran.err


@pytest.mark.parametrize("name", ALL)
def test_the_card_of_each_says_everything_in_plain_text(vernal: Vernal, name: str) -> None:
    ran = vernal("methods", name)
    (entry,) = [entry for entry in entries() if entry.name == name]
    assert ran.code == 0
    assert "\nwhen            " in ran.out
    assert [option.name for option in entry.options if f"  {option.name}=" not in ran.out] == []
    assert max(len(line) for line in ran.out.splitlines()) <= methods.TEXT_WIDTH
    assert not re.search(r"[\\`]|:math|]_", ran.out), "markup is left"
    assert f"vernal update CONFIG --{'term' if entry.is_term else 'method'} {name}" in ran.out


def test_a_card_shows_the_formula_the_options_and_the_paper(vernal: Vernal) -> None:
    out = vernal("methods", "derpp").out
    assert "    ℓ(f(x), y) + α ‖f(x') - z'‖₂² + β ℓ(f(x''), y'')." in out
    assert "  beta=0.5\n      weight of the labels, at least 0.\n" in out
    assert "passes          3/3" in out
    assert "  [1] P. Buzzega et al. Dark experience" in out


def test_a_card_calls_other_methods_by_their_short_names(vernal: Vernal) -> None:
    said = " ".join(vernal("methods", "super_er").out.split())
    assert "As in derpp, cls_er and pod_er" in said


def test_a_card_says_what_fresh_weights_make_useless(vernal: Vernal) -> None:
    assert "fresh weights   what it keeps, but for rows, begins anew" in vernal("methods", "cls_er").out
    assert "fresh weights" not in vernal("methods", "er").out


def test_a_card_says_what_is_worth_tuning(vernal: Vernal) -> None:
    line = "worth tuning    alpha loguniform(0.1, 10), memory_batch lograndint(16, 128)"
    assert f"\n{line}\n" in vernal("methods", "er").out
    assert "worth tuning" not in vernal("methods", "fine_tune").out
    assert "worth tuning    weight loguniform" in vernal("methods", "distil").out
    assert json.loads(vernal("methods", "er", "--json").out)["space"]["alpha"] == "loguniform(0.1, 10)"


def test_what_a_term_costs_comes_on_top(vernal: Vernal) -> None:
    assert "passes          +1/+0" in vernal("methods", "distil").out


def test_facts_for_programs_are_complete(vernal: Vernal) -> None:
    facts = json.loads(vernal("methods", "er_ace", "--json").out)
    assert (facts["family"], facts["kind"], facts["tasks"]) == ("replay", "method", ["classification"])
    assert (facts["forward"], facts["backward"]) == (2, 2)
    assert facts["options"]["memory_size"] == {
        "default": 500,
        "meaning": "rows kept, at least 1; None for all rows ever seen.",
    }
    assert facts["references"][0].startswith("[1] L. Caccia et al.")
    assert [entry["name"] for entry in json.loads(vernal("methods", "--json").out)] == [e.name for e in entries()]


def test_an_unknown_name_is_refused_with_a_suggestion(vernal: Vernal) -> None:
    ran = vernal("methods", "derp")
    assert ran.code == 1
    assert "No method or term is called 'derp'. Did you mean 'der" in ran.err


def test_a_name_and_a_task_are_one_too_many(vernal: Vernal) -> None:
    ran = vernal("methods", "er", "--task", "ranking")
    assert ran.code == 2
    assert "a name or --task, not both" in ran.err
