"""What a search did and brought, in sentences. Plain text: the page escapes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vernal.report.page import duration
from vernal.report.rulers import shortened, spelled
from vernal.report.tuned import Tried, Tuned

FEW = 20  # complete trials; of fewer, the best quarter is less than five
LONGEST = 160


def read_tuning(tuned: Tuned) -> list[str]:
    """Say what was searched, what was chosen, what it gained and what it cost."""
    return [
        _search(tuned),
        *_frozen(tuned),
        *_end(tuned),
        *_choice(tuned),
        *_constraints(tuned),
        *_transfer(tuned),
        _costs(tuned),
    ]


def read_importance(tuned: Tuned) -> str:
    """Say how far importance is to be trusted."""
    measured = sum(trial.score is not None for trial in tuned.trials)
    complete = sum(trial.status == "complete" for trial in tuned.trials)
    basis = (
        "The share of each in what sets the best quarter of the trials apart from all, estimated from "
        f"{_trials(measured)}, {complete} of which {'is' if complete == 1 else 'are'} complete"
    )
    if complete < FEW:
        return f"{basis}: so few tell little. Take it as a hint where to look, not as a result."
    return f"{basis}. It holds within these ranges only."


def _search(tuned: Tuned) -> str:
    facts, n = tuned.facts, len(tuned.space)
    also = f", and for {_listed(tuned.objectives[1:])} beside it" if tuned.objectives[1:] else ""
    return (
        f"{_counted(n, 'hyperparameter').capitalize()} {'was' if n == 1 else 'were'} tuned for {tuned.metric} "
        f"({tuned.direction}){also}, with the scheduler {facts['scheduler']} and the searcher {facts['searcher']}."
    )


def _frozen(tuned: Tuned) -> Iterator[str]:
    if frozen := tuned.facts["frozen"]:
        values = _listed([f"{name} ({spelled(value)})" for name, value in frozen.items()])
        yield f"As in the champion, whose architecture depends on it: {values}."


def _end(tuned: Tuned) -> Iterator[str]:
    fates = Counter(trial.fate for trial in tuned.trials)
    said = {"complete": "trained to the end", "stopped": "stopped before it", "failed": "failed"}
    yield (
        f"{_trials(len(tuned.trials)).capitalize()} began: "
        f"{', '.join(f'{fates[fate]} {words}' for fate, words in said.items() if fates[fate])}. "
        f"Why the search ended: {tuned.facts['stopped']}."
    )
    errors = Counter(trial.error for trial in tuned.trials if trial.status == "failed" and trial.error)
    if errors:
        ((error, times),) = errors.most_common(1)
        yield f"The most frequent failure, {_times(times)}: {shortened(' '.join(error.split()), LONGEST)}"


def _choice(tuned: Tuned) -> Iterator[str]:
    chosen, default, text = tuned.chosen, tuned.default, tuned.scale.text
    if chosen is None:
        yield "Nothing was chosen: no trial has a model."
        return
    yield f"Chosen: trial {chosen.number}. It reached {tuned.metric} {text(chosen.score)}."
    if default is None or chosen is default:
        yield "That is the default, which the plan would have used without a search: nothing better was found."
    elif default.scores and chosen.scores:
        yield _gain(tuned, chosen, default)
    else:
        yield "The default, trial 0, was not measured, so it is not known what was gained."


def _gain(tuned: Tuned, chosen: Tried, default: Tried) -> str:
    """The chosen trial against the default, at the last level that both have reached."""
    scale, mine, other, when = tuned.scale, chosen.score, default.score, "At the end"
    if default.status != "complete":
        level = min(chosen.level, default.level)
        mine, other, when = (
            chosen.scores[level - 1],
            default.scores[level - 1],
            f"At {tuned.unit} {level}, where that stopped",
        )
    if mine is None or other is None:
        return f"{when}, the default, trial 0, has no {tuned.metric} to compare with."
    gain = mine - other if scale.higher_is_better else other - mine
    return (
        f"{when}, the default, trial 0, had {scale.text(other)} and the chosen one {scale.text(mine)}: "
        f"a {'gain' if gain >= 0 else 'loss'} of {scale.distance(gain)}."
    )


def _constraints(tuned: Tuned) -> Iterator[str]:
    constraints = tuned.facts["constraints"]
    if not constraints:
        return
    wanted = f"It must hold that {_listed(constraints)}."
    if tuned.facts["feasible"]:
        yield f"{wanted} The chosen trial keeps to that."
    else:
        yield f"{wanted} No feasible trial: the champion stays."


def _transfer(tuned: Tuned) -> Iterator[str]:
    facts = tuned.facts
    if not facts["past"]:
        return
    count = sum(trial.is_from_history for trial in tuned.trials)
    updates = f"{'update' if len(facts['past']) == 1 else 'updates'} {_listed(facts['past'])}"
    began = f"; {_trials(count)} began with what that brought" if count else ""
    yield f"The search used what was learned in {updates} (transfer: {facts['transfer']}){began}."


def _costs(tuned: Tuned) -> str:
    facts, whole = tuned.facts, tuned.whole_epochs
    share = f"{100 * facts['epochs'] / max(1, whole):.0f} % of the {whole:,}"
    money = "" if facts["cost"] is None else f" At the given price per hour, that cost {facts['cost']:,.2f}."
    levels = "" if tuned.unit == "epoch" else f" A level is one of {tuned.levels} equal shares of the budget."
    return (
        f"The search trained {_counted(facts['epochs'], tuned.unit)}, {share} that training every trial to its end "
        f"would have taken, in {duration(facts['seconds'])}.{levels}{money}"
    )


def _counted(n: int, what: str) -> str:
    return f"one {what}" if n == 1 else f"{n:,} {what}s"


def _trials(n: int) -> str:
    return _counted(n, "trial")


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
