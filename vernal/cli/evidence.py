"""What a decision rests on, as people read it: plain values as indented lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

INDENT = "  "
# What a decision within another one is called by: a part of a trigger, a challenger, a check.
_NAMES = ("trigger", "version", "check")


def evidence_lines(evidence: Mapping[str, Any], why: str = "") -> list[str]:
    """Evidence line by line: what is plain first, then what has parts, indented. What is not known is left out.

    Args:
        evidence: plain values.
        why: the sentence that they belong to, which need not be said again.

    Examples:
        >>> print(*evidence_lines({"rows": 1200, "of": {"outcome": "keep", "why": "Too few.", "evidence": {"n": 5}}}),
        ...       sep=chr(10))
        rows: 1,200
        of: keep: Too few.
          n: 5
    """
    return [*_mapping(evidence, why)]


def _mapping(values: Mapping[str, Any], why: str) -> Iterator[str]:
    told = {name.replace("_", " "): value for name, value in values.items() if not _is_nothing(value)}
    for name, value in told.items():
        if _is_plain(value):
            yield f"{name}: {_plain(value)}"
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from _part(f"{name}:", value, why)
        elif not _is_plain(value):
            yield f"{name}:"
            for one in value:
                yield from _indented(_part("-", one, why) if isinstance(one, Mapping) else iter([f"- {_plain(one)}"]))


def _part(name: str, value: Mapping[str, Any], why: str) -> Iterator[str]:
    """A part of the evidence, which may be a decision itself."""
    if {"outcome", "why"} <= value.keys():
        yield from _decision(name, value, why)
    elif all(map(_is_plain, value.values())):
        yield f"{name} {', '.join(_mapping(value, why))}"
    else:
        yield name
        yield from _indented(_mapping(value, why))


def _decision(name: str, value: Mapping[str, Any], why: str) -> Iterator[str]:
    """What was said, and below it on what evidence; a sentence that stands above already is not said again."""
    called = next((f"{value[one]}:" for one in _NAMES if one in value), "")
    words = [] if name == "-" and called else [name]
    said = [] if value["why"] == why else [value["why"]]
    yield " ".join([*words, *([called] if called else []), ": ".join([value["outcome"], *said])])
    rest = {one: part for one, part in value.items() if one not in {"outcome", "why", "evidence", *_NAMES}}
    yield from _indented(_mapping({**rest, **value.get("evidence", {})}, value["why"]))


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"{INDENT}{line}" for line in lines)


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, Sequence | Mapping) and not value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return False
    return isinstance(value, str) or not isinstance(value, Sequence) or not any(_has_parts(one) for one in value)


def _has_parts(value: Any) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value))
    return str(value)
