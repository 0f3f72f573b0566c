"""The config file that comes out of the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vernal.cli.wizard.columns import TEXT, Columns
from vernal.cli.wizard.label import Label
from vernal.sources import read_source

WIDTH = 110
SOURCE, LABELS = "VERNAL_SOURCE", "VERNAL_LABELS"  # hold addresses that nobody should read in a file


@dataclass(frozen=True)
class LateLabels:
    """Labels that come in tables of their own.

    Args:
        source: where they come from, in one line of text.
        known: the column that says when a label became known.
        delay: how old a row must be before it counts.
    """

    source: str
    known: str
    delay: str


@dataclass(frozen=True)
class Answers:
    """What is to be written.

    Args:
        source: where rows come from, in one line of text.
        columns: what their columns are for.
        label: what is to be predicted.
        preset: the policy.
        late: where labels come from, if they are not columns of the rows.
        gaps: whether a feature has missing values.
        example: a column of texts and one of them, if there is one.
    """

    source: str
    columns: Columns
    label: Label
    preset: str
    late: LateLabels | None = None
    gaps: bool = False
    example: tuple[str, str] | None = None

    @property
    def secrets(self) -> dict[str, str]:
        """Addresses with users or passwords, by the environment variables that the file reads them from."""
        addresses = {SOURCE: self.source} | ({LABELS: self.late.source} if self.late else {})
        return {variable: text for variable, text in addresses.items() if _is_secret(text)}


def config_text(answers: Answers) -> str:
    """A config file with everything that an update and a loop need."""
    environment = Environment(
        loader=PackageLoader("vernal.cli.wizard"),
        autoescape=False,  # noqa: S701  Python, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["quoted"] = _quoted
    return environment.get_template("config.py.jinja").render(_shown(answers))


def _shown(answers: Answers) -> Mapping[str, Any]:
    columns, label, late = answers.columns, answers.label, answers.late
    reasons = columns.left_out
    prepared = bool(label.codes or label.gaps or label.whole or answers.example)
    number = label.classes is None
    return {
        "imports": _imports(answers, prepared),
        "features": _listed(columns.features),
        "count": len(columns.features),
        "texts": [name for name, why in reasons.items() if why == TEXT],
        "others": [f"{name} ({why})" for name, why in reasons.items() if why != TEXT],
        "example": answers.example,
        "example_column": "_".join(answers.example or ()),
        "label": label,
        "classes": json.dumps(label.classes, ensure_ascii=False),
        "gaps": answers.gaps,
        "gives": "(rows, 1), a number" if number else f"(rows, {len(label.classes or ())}), a score for each class",
        "outputs": 1 if number else "len(CLASSES)" if label.codes else len(label.classes or ()),
        "prepared": prepared,
        "target": f"{label.name} as a number" if label.codes or label.whole and number else label.name,
        "id": columns.id,
        "time": columns.time,
        "late": None if late is None else _late_shown(late),
        "preset": answers.preset,
        "source": _source(answers.source, SOURCE),
    }


def _late_shown(late: LateLabels) -> dict[str, str]:
    return {"source": _source(late.source, LABELS), "known": late.known, "delay": late.delay}


def _imports(answers: Answers, prepared: bool) -> list[str]:
    """The imports, sorted."""
    standard = ["import os"] if answers.secrets else []
    standard += ["from dataclasses import replace"] if answers.late else []
    other = ["import pyarrow as pa"] if answers.label.codes or answers.label.whole else []
    other += ["import pyarrow.compute as pc"] if answers.label.codes or answers.label.gaps else []
    other += ["import torch"] if answers.gaps or answers.label.classes is None else []
    data = "from vernal.data import Window" + (", chunk_from_table" if prepared else "")
    policy = f"from vernal.loop import {'Labels, ' if answers.late else ''}Policy, preset"
    own = ["from vernal import DataModule", data, policy, "from vernal.sources import read_source"]
    return [*standard, *([""] if standard else []), *other, "from torch import nn", *own]


def _source(text: str, variable: str) -> str:
    return f'os.environ["{variable}"]' if _is_secret(text) else _quoted(text)


def _is_secret(text: str) -> bool:
    """Whether an address has a part that its `repr` hides."""
    return "***" in repr(read_source(text))


def _listed(names: Sequence[str]) -> str:
    """A list in Python, on as many lines as it needs."""
    words = [_quoted(name) for name in names]
    if sum(map(len, words)) + 2 * len(words) < WIDTH:
        return f"[{', '.join(words)}]"
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append("")
        lines[-1] += f" {word},"
    return "\n".join(["[", *(f"   {line}" for line in lines), "]"])


def _quoted(text: str) -> str:
    """A text as linters want it: in double quotes."""
    return json.dumps(text, ensure_ascii=False)
