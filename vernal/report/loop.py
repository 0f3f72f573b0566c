"""The report on a loop: what was decided when, why, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vernal.report.drawings import Drawing
from vernal.report.loop_drawings import drawings_of
from vernal.report.operation import Operation, Values, notes_of
from vernal.report.page import duration, render
from vernal.report.verdicts import Verdict

NEWEST = 60  # decisions in the table
VERDICTS = 12  # of the gate, with all findings


@dataclass(frozen=True)
class Told:
    """All that a page tells of a loop.

    Args:
        operation: what it did.
        reading: the same in sentences.
        drawings: what it looked like.
        newest: the newest decisions with what must stand beside their numbers, newest first.
        verdicts: what gates found, newest first.
    """

    operation: Operation
    reading: Sequence[str]
    drawings: Sequence[Drawing]
    newest: Sequence[tuple[Values, Sequence[str]]]
    verdicts: Sequence[Verdict]

    @classmethod
    def of(cls, operation: Operation) -> Told:
        """Make everything that the page shows."""
        newest = [(one, notes_of(one)) for one in reversed(operation.decisions[-NEWEST:])]
        verdicts = [Verdict.of(one) for one in reversed(operation.of_kind("gate")[-VERDICTS:])]
        return cls(operation, read_operation(operation), drawings_of(operation), newest, verdicts)


def loop_report(
    decisions: Sequence[Mapping[str, Any]], moves: Sequence[Mapping[str, Any]] = (), title: str = "What the loop did"
) -> str:
    """Write the report on a loop.

    Args:
        decisions: oldest first, as `vernal decisions --json` prints each.
        moves: of the champion, oldest first: ``time``, ``kind``, ``id``, ``replaced`` and ``why`` of each.
        title: the heading.

    Returns:
        One HTML page that needs nothing beside itself.
    """
    return render("loop.html", {"title": title, "told": Told.of(Operation(decisions, moves))})


def read_operation(operation: Operation) -> list[str]:
    """What happened, in sentences."""
    if not operation.decisions:
        return ["Nothing was decided yet. A loop decides: vernal run-once."]
    count = operation.counts
    made, failed = count["update", "made"], count["update", "failed"]
    said = [
        f"Triggers wanted an update {_times(count['trigger', 'update'])}, waited {_times(count['trigger', 'wait'])} "
        f"and kept the model {_times(count['trigger', 'keep'])}.",
        f"{made} {'challenger was' if made == 1 else 'challengers were'} trained, in {duration(operation.seconds)}"
        + (f"; training failed {_times(failed)}." if failed else "."),
        f"The gate let {count['gate', 'promote']} pass, rejected {count['gate', 'reject']}, and said "
        f"{_times(count['gate', 'inconclusive'])} that it cannot tell yet.",
    ]
    back = [one for one in operation.moves if one["kind"] == "rollback"]
    if back:
        said.append(f"The champion was rolled back {_times(len(back))}, the last time to {back[-1]['id']}.")
    return said


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
