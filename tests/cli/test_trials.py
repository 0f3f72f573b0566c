from __future__ import annotations

from typing import Any

from vernal.cli.terminal import say
from vernal.cli.trials import best_first, failures, gain, options_of_config, search_facts, search_told
from vernal.space import Space, loguniform
from vernal.tuning import Past, Trial

SPACE = Space({"lr": loguniform(0.001, 0.1)})


def trial(number: int, *scores: float, status: str = "complete", **facts: Any) -> Trial:
    curve = tuple({"accuracy": score, "forgetting": 0.1 * number} for score in scores)
    final = curve[-1] if status == "complete" else None
    config, origin = {"lr": 0.01 * (number + 1)}, "random" if number else "default"
    return Trial(number, config, origin, 3, status, curve, float(len(scores)), final, **facts)  # type: ignore[arg-type]


TRIALS = (
    trial(0, 0.5, 0.6, 0.7),
    trial(1, 0.4, status="paused"),
    trial(2, 0.6, 0.7, 0.8),
    trial(3, status="failed", error="RuntimeError: out of memory"),
    trial(4, 0.5, 0.55, status="paused"),
)


def facts_of(chosen: int = 2, **others: Any) -> dict[str, Any]:
    return {
        "scheduler": "ASHA", "searcher": "RandomSearch", "transfer": "enqueue", "metric": "accuracy",
        "higher_is_better": True, "also": [], "constraints": [], "levels": 3, "chosen": chosen,
        "config": TRIALS[chosen].config, "space": SPACE.to_json(), "trials": 5, "complete": 2, "failed": 1, "epochs": 9,
        "seconds": 65.0, "cost": None, "feasible": True, "importance": {}, "pareto": [], "past": [],
        "stopped": "5 trials have begun",
    } | others  # fmt: skip


def past_of(*trials: Trial) -> Past:
    return Past("1a2b", SPACE, {}, "accuracy", True, 3, trials or TRIALS)


def told(capsys: Any, past: Past | None = None, **facts: Any) -> str:
    say(*search_told(facts_of(**facts), past or past_of()))
    return str(capsys.readouterr().out)


def test_the_best_trials_come_first_and_the_failed_ones_last() -> None:
    assert [one.number for one in best_first(facts_of(), TRIALS)] == [2, 0, 4, 1, 3]
    lower = facts_of(higher_is_better=False)
    assert [one.number for one in best_first(lower, TRIALS)][:2] == [0, 2]


def test_trials_that_keep_the_constraints_come_first() -> None:
    assert [one.number for one in best_first(facts_of(constraints=["forgetting <= 0.1"]), TRIALS)] == [0, 1, 2, 4, 3]


def test_a_search_is_told(capsys: Any) -> None:
    out = told(capsys)
    rows = [line.split() for line in out.splitlines()]
    assert ["trial", "from", "values", "level", "accuracy"] in rows
    assert ["2", "random", "lr=0.03", "3", "of", "3", "0.8000", "chosen"] in rows
    assert ["4", "random", "lr=0.05", "2", "of", "3", "0.5500", "stopped"] in rows
    assert ["3", "random", "lr=0.04", "0", "of", "3", "failed"] in rows
    assert "1 trial failed:\n  3  RuntimeError: out of memory\n" in out
    assert "ASHA with RandomSearch, 5 trials (2 complete, 1 failed); 9 levels in 1 min 5 s" in out
    assert "why it ended: 5 trials have begun" in out
    assert "as options  --lr 0.03\n" in out
    assert "+0.1000 accuracy, 0.8000 against 0.7000 of the default (trial 0: lr=0.01)\n" in out
    assert "Pareto" not in out
    assert "constraints" not in out


def test_only_the_best_ten_trials_are_listed(capsys: Any) -> None:
    many = past_of(*(trial(number, 0.5 + number / 100) for number in range(12)))
    assert "... and 2 other trials." in told(capsys, many)
    assert "other trial" not in told(capsys)


def test_failures_of_one_kind_are_told_once() -> None:
    failed = [trial(n, status="failed", error=error) for n, error in enumerate(["a", "b", "a"])]
    assert failures(failed) == {"  0, 2": "a", "  1": "b"}


def test_constraints_are_shown_and_whether_they_are_met(capsys: Any) -> None:
    out = told(capsys, constraints=["forgetting <= 0.3"])
    assert "forgetting <= 0.3: met\n" in out
    assert "forgetting" in out.splitlines()[0]
    out = told(capsys, constraints=["forgetting <= -1"], feasible=False)
    assert "forgetting <= -1: met by no trial\n" in out
    assert out.endswith("No trial met the constraints: the champion stays.\n")


def test_a_trade_off_is_a_table_of_its_own(capsys: Any) -> None:
    out = told(capsys, also=["forgetting"], pareto=[0, 2])
    _, _, trade_off = out.partition("In accuracy and forgetting together, no trial beats any of these:\n")
    assert [line.split()[0] for line in trade_off.splitlines()[2:4]] == ["0", "2"]


def test_cost_importance_and_what_was_learned_before_are_told() -> None:
    facts = search_facts(facts_of(cost=2.5, importance={"alpha": 0.25, "lr": 0.75}, past=["1a2b", "3c4d"]))
    assert facts["tuning"].endswith("9 levels in 1 min 5 s, at a cost of 2.50; why it ended: 5 trials have begun")
    assert facts["importance"] == "lr 0.75, alpha 0.25"
    assert facts["learned from"] == "updates 1a2b, 3c4d"


def test_a_search_without_transfer_has_learned_from_no_update() -> None:
    assert "learned from" not in search_facts(facts_of(past=["1a2b"], transfer="none"))


def test_the_gain_is_measured_where_the_default_was_stopped() -> None:
    default = trial(0, 0.5, 0.65, status="paused")
    expected = "+0.0500 accuracy, 0.7000 against 0.6500 of the default (trial 0: lr=0.01) at level 2, where that was "
    assert gain(facts_of(), TRIALS[2], default) == f"{expected}stopped"


def test_a_default_that_is_the_best_gains_nothing() -> None:
    assert gain(facts_of(0), TRIALS[0], TRIALS[0]) == "nothing: the default itself is the best"


def test_a_default_that_failed_is_not_compared_with() -> None:
    failed = trial(0, status="failed")
    expected = "not known: the default (trial 0: lr=0.01) has no accuracy to compare with"
    assert gain(facts_of(), TRIALS[2], failed) == expected


def test_a_configuration_can_be_copied_into_a_command() -> None:
    config = {"lr": 0.012345678901234, "gated": True, "names": ("a", "b"), "kind": "a b", "clip_norm": None}
    expected = "--lr 0.012345678901234 --gated True --names '('\"'\"'a'\"'\"', '\"'\"'b'\"'\"')' --kind 'a b' "
    assert options_of_config(config) == f"{expected}--clip-norm None"
