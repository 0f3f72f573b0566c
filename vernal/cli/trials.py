"""What a search looks like to people: its best trials, what was chosen, what that gained."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vernal.cli.flags import flag
from vernal.cli.terminal import change, duration, number, pairs, table

if TYPE_CHECKING:
    from rich.table import Table

    from vernal.cli.views import Record
    from vernal.space import Value
    from vernal.store import Store
    from vernal.tuning import Past, Trial

Facts = Mapping[str, Any]
MOST = 10
FATES = {"complete": "complete", "paused": "stopped", "failed": "failed", "running": "interrupted"}
INFEASIBLE = "No trial met the constraints: the champion stays."


def past_json(store: Store, record: Record) -> dict[str, Any]:
    """The trials of an update that was tuned, as plain values."""
    past: dict[str, Any] = json.loads(store.blobs.get(store.resolve(record["artefacts"]["tuning"]["blob"])))
    return past


def search_shown(store: Store, record: Record) -> Iterator[str | Table]:
    """All that is worth saying about the search of an update that was tuned."""
    from vernal.tuning import Past

    return search_told(record["tuning"], Past.from_json(past_json(store, record)))


def search_facts(facts: Facts) -> dict[str, str]:
    """What was searched and chosen, and what it took; from what a record says under ``tuning``, without the trials."""
    told = {"tuning": f"{_search(facts)}; {_spent(facts)}; why it ended: {facts['stopped']}"}
    if facts["past"] and facts["transfer"] != "none":  # All that fits is listed, whether or not the search looks at it.
        told["learned from"] = f"update{'' if len(facts['past']) == 1 else 's'} {', '.join(facts['past'])}"
    if facts["constraints"]:
        told["constraints"] = f"{', '.join(facts['constraints'])}: {'met' if facts['feasible'] else 'met by no trial'}"
    if facts["importance"]:
        most_first = sorted(facts["importance"].items(), key=lambda one: -one[1])
        told["importance"] = ", ".join(f"{name} {share:.2f}" for name, share in most_first)
    told["chosen"] = f"trial {facts['chosen']}: {values_told(_in_order(facts['config'], facts))}"
    return told


def search_told(facts: Facts, past: Past) -> Iterator[str | Table]:
    """All that is worth saying about a search.

    Args:
        facts: what a record says about it, under ``tuning``.
        past: its trials.
    """
    trials, more = past.trials, len(past.trials) - MOST
    yield trials_table(facts, best_first(facts, trials)[:MOST])
    if more > 0:
        yield f"... and {counted(more, 'other trial')}."
    if reasons := failures(trials):
        yield from ("", f"{counted(facts['failed'], 'trial')} failed:", pairs(reasons))
    if len(facts["pareto"]) > 1:
        names = " and ".join([facts["metric"], *facts["also"]])
        best = [trial for trial in trials if trial.number in facts["pareto"]]
        yield from ("", f"In {names} together, no trial beats any of these:", trials_table(facts, best))
    yield from ("", pairs(search_facts(facts) | _outcome(facts, trials)))
    if not facts["feasible"]:
        yield from ("", INFEASIBLE)


def best_first(facts: Facts, trials: Sequence[Trial]) -> list[Trial]:
    """The trials as the search ranks them; those that failed come last."""
    from vernal.tuning import Constraint, Goal, Objective

    constraints = tuple(map(Constraint.parse, facts["constraints"]))
    goal = Goal((Objective(facts["metric"], facts["higher_is_better"]),), constraints)
    return sorted(trials, key=lambda trial: (trial.status == "failed", *goal.rank(trial)))


def trials_table(facts: Facts, trials: Sequence[Trial]) -> Table:
    """Trials with their values, how far they were trained, and what was measured there."""
    constrained = [one.split()[0] for one in facts["constraints"]]
    measured = [*dict.fromkeys([facts["metric"], *facts["also"], *constrained])]
    columns = ["trial", "from", "values", "level", *measured, ""]
    return table(columns, [_cells(facts, trial, measured) for trial in trials], numbers=["trial", "level", *measured])


def _cells(facts: Facts, trial: Trial, measured: Sequence[str]) -> list[str]:
    last = trial.last or {}
    return [
        str(trial.number),
        trial.origin,
        values_told(_in_order(trial.config, facts)),
        f"{trial.level} of {facts['levels']}",
        *(number(last.get(name)) for name in measured),
        "chosen" if trial.number == facts["chosen"] else FATES[trial.status],
    ]


def failures(trials: Sequence[Trial]) -> dict[str, str]:
    """Why trials failed: for the numbers of those that failed alike, the reason."""
    numbers: dict[str, list[str]] = {}
    for trial in trials:
        if trial.status == "failed":
            numbers.setdefault(trial.error.strip(), []).append(str(trial.number))
    return {f"  {', '.join(found)}": reason for reason, found in numbers.items()}


def gain(facts: Facts, chosen: Trial, default: Trial) -> str:
    """What the chosen trial has against the default, at the end, or where the default was stopped."""
    if chosen.number == default.number:
        return "nothing: the default itself is the best"
    name, stopped = facts["metric"], default.status != "complete"
    mine, other = (chosen.at(default.level) if stopped and default.level else chosen.last), default.last
    before, after = (measures.get(name) if measures else None for measures in (other, mine))
    whose = f"the default (trial {default.number}: {values_told(_in_order(default.config, facts))})"
    if before is None or after is None:
        return f"not known: {whose} has no {name} to compare with"
    when = f" at level {default.level}, where that was stopped" if stopped else ""
    return f"{change(before, after)} {name}, {number(after)} against {number(before)} of {whose}{when}"


def options_of_config(config: Mapping[str, Value]) -> str:
    """A configuration as options of the command line, exactly.

    Examples:
        >>> options_of_config({"method": "er", "er.memory_batch": 32, "lr": 0.0123, "distil.weight": 0.5})
        '--method er --memory-batch 32 --lr 0.0123 --term distil:weight=0.5'
    """
    from vernal.methods import method_names

    words: list[str] = []
    terms: dict[str, list[str]] = {}
    for name, value in config.items():
        owner, _, option = name.rpartition(".")
        if owner and owner not in method_names():
            terms.setdefault(owner, []).append(f"{option}={value}")
        else:
            words += [flag(option), str(value)]
    for owner, options in terms.items():
        words += ["--term", f"{owner}:{','.join(options)}"]
    return shlex.join(words)


def values_told(config: Mapping[str, Value]) -> str:
    """A configuration in one line, as far as people want to know.

    Examples:
        >>> values_told({"lr": 0.0123456, "hidden": 4, "method": "er"})
        'lr=0.01235, hidden=4, method=er'
    """
    return ", ".join(f"{name}={f'{one:.4g}' if isinstance(one, float) else one}" for name, one in config.items())


def counted(count: int, what: str) -> str:
    """A number of things.

    Examples:
        >>> counted(1, "trial"), counted(2, "trial")
        ('1 trial', '2 trials')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def _in_order(config: Mapping[str, Value], facts: Facts) -> dict[str, Value]:
    """A configuration in the order of the ranges, which records do not keep."""
    names = [one["name"] for one in facts["space"] if one["name"] in config]
    return {name: config[name] for name in [*names, *config]}


def _search(facts: Facts) -> str:
    failed = f", {facts['failed']} failed" if facts["failed"] else ""
    fates = f"{facts['complete']} complete{failed}"
    return f"{facts['scheduler']} with {facts['searcher']}, {counted(facts['trials'], 'trial')} ({fates})"


def _spent(facts: Facts) -> str:
    cost = "" if facts["cost"] is None else f", at a cost of {facts['cost']:.2f}"
    return f"{counted(facts['epochs'], 'level')} in {duration(facts['seconds'])}{cost}"


def _outcome(facts: Facts, trials: Sequence[Trial]) -> dict[str, str]:
    chosen = next(trial for trial in trials if trial.number == facts["chosen"])
    return {
        "as options": options_of_config(_in_order(facts["config"], facts)),
        "gained": gain(facts, chosen, trials[0]),
    }
