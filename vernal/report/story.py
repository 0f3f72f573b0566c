"""The report on one model: what each update did to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vernal.report.lineage import Lineage, Record
from vernal.report.loop import Told
from vernal.report.operation import Operation
from vernal.report.page import render
from vernal.report.plots import FORGOTTEN, Axis, Plot, Series, line_plot
from vernal.report.reading import read_lineage
from vernal.report.tuning import names_chosen, sections_of


def lineage_report(
    records: Sequence[Record],
    title: str = "The lineage of a model",
    tunings: Mapping[str, Record] | None = None,
    operation: Operation | None = None,
) -> str:
    """Write the report on a lineage.

    Args:
        records: of updates that follow each other, oldest first: ``store.lineage("champion")``.
        title: the heading.
        tunings: for ids of updates that were tuned the artefact ``tuning``, read from JSON; their trials are shown.
        operation: what the loop did that made them; None if there was none.

    Returns:
        One HTML page that needs nothing beside itself.

    Raises:
        DataError: there are no records, or they are not one lineage.
        MissingExtra: matplotlib is not installed.
    """
    lineage = Lineage.of(records)
    searches = sections_of(lineage, tunings or {})
    values = {
        "title": title,
        "lineage": lineage,
        "reading": read_lineage(lineage),
        "plots": _plots(lineage),
        "searches": searches,
        "chosen_names": names_chosen(searches),
        "told": Told.of(operation) if operation and operation.decisions else None,
    }
    return render("lineage.html", values)


def _plots(lineage: Lineage) -> list[Plot]:
    if not lineage.chunks:
        return []
    updates, scale = lineage.updates, lineage.scale
    places = [update.number for update in updates]
    factor = 100 if scale.in_percent else 1
    quality = [
        Series("all chunks so far, on average", [update.average for update in updates]),
        Series("the new chunk, after the update", [update.own for update in updates]),
        Series("the new chunk, before the update", [update.start for update in updates]),
    ]
    forgotten = [Series("earlier chunks, on average", [update.forgetting for update in updates])]
    return [
        line_plot(f"How good: {lineage.metric}", places, "update", Axis(scale.heading, factor), quality),
        line_plot(
            FORGOTTEN,
            places,
            "update",
            Axis("points" if scale.in_percent else lineage.metric, factor, from_zero=True),
            forgotten,
        ),
    ]
