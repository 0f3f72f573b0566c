"""The report on strategies that learned the same chunks: what each reached, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter

from vernal.base import DataError
from vernal.report.lineage import Lineage, MeasuredChunk, Record, Update
from vernal.report.page import render
from vernal.report.plots import FORGOTTEN, Axis, Plot, Series, cost_plot, line_plot
from vernal.report.reading import read_comparison
from vernal.report.scale import Scale


def comparison_report(
    strategies: Mapping[str, Sequence[Record]],
    title: str = "Strategies side by side",
    introduction: Sequence[str] = (),
) -> str:
    """Write the report on several lineages over the same chunks.

    Args:
        strategies: for each name the records of its lineage, oldest first.
        title: the heading.
        introduction: paragraphs that say what was done.

    Returns:
        One HTML page that needs nothing beside itself.

    Raises:
        DataError: there is no strategy, or they cannot be compared.
        MissingExtra: matplotlib is not installed.
    """
    if not strategies:
        raise DataError("There is no strategy to report on. Pass the records of at least one.")
    lineages = {name: Lineage.of(records) for name, records in strategies.items()}
    chunks = _same_chunks(lineages)
    scale = _shared_scale(lineages)
    values = {
        "title": title,
        "introduction": introduction,
        "lineages": lineages,
        "chunks": chunks,
        "scale": scale,
        "reading": read_comparison(lineages, scale),
        "plots": _plots(lineages, chunks, scale),
    }
    return render("comparison.html", values)


def _same_chunks(lineages: Mapping[str, Lineage]) -> list[MeasuredChunk]:
    """The chunks that were measured; a strategy may have come less far than another."""
    longest = max((lineage.chunks for lineage in lineages.values()), key=len)
    for name, lineage in lineages.items():
        if lineage.chunks != longest[: len(lineage.chunks)]:
            raise DataError(
                f"{name!r} was measured on other validation rows than the other strategies: not comparable."
            )
    return longest


def _shared_scale(lineages: Mapping[str, Lineage]) -> Scale:
    scales = [lineage.scale for lineage in lineages.values()]
    metrics = sorted({scale.metric for scale in scales})
    if len(metrics) > 1:
        raise DataError(f"The strategies are judged by different metrics: {', '.join(metrics)}. Compare those of one.")
    ends = [end for scale in scales for end in (scale.good, scale.bad)]
    return Scale.over(metrics[0], scales[0].higher_is_better, ends)


def _plots(lineages: Mapping[str, Lineage], chunks: Sequence[MeasuredChunk], scale: Scale) -> list[Plot]:
    if not chunks:
        return []
    factor = 100 if scale.in_percent else 1
    y = Axis(scale.heading, factor)
    forgotten = Axis("points" if scale.in_percent else scale.metric, factor, from_zero=True)
    updates = range(1, 1 + max(len(lineage.updates) for lineage in lineages.values()))

    def followed(read: Callable[[Update], float | None]) -> list[Series]:
        return [Series(name, _padded(map(read, lineage.updates), len(updates))) for name, lineage in lineages.items()]

    final = [
        Series(name, [lineage.last.scores.get(chunk.number) for chunk in chunks]) for name, lineage in lineages.items()
    ]
    costs = [(name, lineage.samples, lineage.last.average) for name, lineage in lineages.items()]
    return [
        line_plot("All chunks so far, on average", updates, "update", y, followed(attrgetter("average"))),
        line_plot(FORGOTTEN, updates, "update", forgotten, followed(attrgetter("forgetting"))),
        line_plot("Each chunk, after the last update", [chunk.number for chunk in chunks], "chunk", y, final),
        cost_plot("What it reached against what it cost", "samples processed in all updates", y, costs),
    ]


def _padded(values: Iterable[float | None], length: int) -> list[float | None]:
    known = [*values]
    return known + [None] * (length - len(known))
