"""What the numbers say, in sentences. Plain text: the page escapes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vernal.report.lineage import Lineage, MeasuredChunk
from vernal.report.scale import Scale


def read_lineage(lineage: Lineage) -> list[str]:
    """Say what became of a model."""
    if not lineage.chunks:
        return [
            "No chunk came with validation rows, so it is not known how good the model is. Give the data module a "
            "`validation` part.",
            _costs(lineage),
        ]
    return [*_quality(lineage), *_forgetting(lineage), *_newest(lineage), *_small(lineage), _costs(lineage)]


def read_comparison(strategies: Mapping[str, Lineage], scale: Scale) -> list[str]:
    """Say what each strategy reached, against the best, and at what cost; best first."""
    sign = 1 if scale.higher_is_better else -1
    reached = {name: one.last.average for name, one in strategies.items() if one.last.average is not None}
    if not reached:
        return ["No chunk came with validation rows, so the strategies cannot be compared."]
    order = sorted(reached, key=lambda name: sign * reached[name], reverse=True)
    best = order[0]
    samples = strategies[best].samples
    sentences = [
        f"Best in the end, {best}: {scale.text(reached[best])} on average over {_chunks(strategies[best])}, after "
        f"{samples:,} samples."
    ]
    for name in order[1:]:
        distance = scale.distance(reached[best] - reached[name])
        share = f" ({100 * strategies[name].samples / samples:.0f} % of that)" if samples else ""
        sentences.append(
            f"Then {name}: {scale.text(reached[name])}, {distance} behind, after "
            f"{strategies[name].samples:,} samples{share}."
        )
    return [*sentences, *_small(strategies[best])]


def _quality(lineage: Lineage) -> Iterator[str]:
    if lineage.last.average is not None:
        yield (
            f"After {_updates(lineage)}, {lineage.metric} is {lineage.scale.text(lineage.last.average)}, averaged over "
            f"{_chunks(lineage)}."
        )


def _forgetting(lineage: Lineage) -> Iterator[str]:
    last, scale = lineage.last, lineage.scale
    if last.forgetting is None:
        return
    if len(last.scores) < 2:
        yield "How much is forgotten shows from the second update on."
    elif last.forgetting <= 0:
        yield "On average, nothing was forgotten: on earlier chunks the model is as good as it ever was, or better."
    else:
        yield (
            f"On earlier chunks the model lies {scale.distance(last.forgetting)} below its best, on average: that is "
            f"what it has forgotten.{_worst_loss(lineage)}"
        )


def _worst_loss(lineage: Lineage) -> str:
    """Name the chunk that lost most against its best."""
    sign = 1 if lineage.higher_is_better else -1
    losses = []
    for chunk in lineage.chunks:
        history = [update.scores[chunk.number] for update in lineage.updates if chunk.number in update.scores]
        best = sign * max(sign * score for score in history)
        losses.append((sign * (best - history[-1]), chunk.name, best, history[-1]))
    loss, name, best, now = max(losses)
    if loss <= 0:
        return ""
    return f" Most was lost on {name}: from {lineage.scale.text(best)} to {lineage.scale.text(now)}."


def _newest(lineage: Lineage) -> Iterator[str]:
    text, last = lineage.scale.text, lineage.last
    if last.start is not None:
        yield f"The newest chunk, {last.chunk}: {text(last.start)} before the update, {text(last.own)} after it."
    known = [(update.start, update.own) for update in lineage.updates]
    gains = [(start, own) for start, own in known if start is not None and own is not None]
    if len(gains) > 1:
        before, after = (sum(scores) / len(gains) for scores in zip(*gains, strict=True))
        yield f"When a new chunk came, the model began at {text(before)} on average; the update made it {text(after)}."


def _small(lineage: Lineage) -> Iterator[str]:
    """Say how coarse the numbers are."""
    chunk: MeasuredChunk = min(lineage.chunks, key=lambda chunk: chunk.rows)
    if lineage.scale.in_percent:
        yield (
            f"The smallest chunk, {chunk.name}, has {chunk.rows:,} validation rows: one row more or less is "
            f"{lineage.scale.distance(1 / chunk.rows)} there."
        )


def _costs(lineage: Lineage) -> str:
    new = lineage.samples - lineage.replayed
    return (
        f"{_updates(lineage).capitalize()} processed {lineage.samples:,} samples ({new:,} of the training data, "
        f"{lineage.replayed:,} from memory) in {lineage.seconds:.1f} s; training took {lineage.training_seconds:.1f}."
    )


def _updates(lineage: Lineage) -> str:
    return "one update" if len(lineage.updates) == 1 else f"{len(lineage.updates)} updates"


def _chunks(lineage: Lineage) -> str:
    n = len(lineage.last.scores)
    return "its only chunk" if n == 1 else f"{n} chunks"
