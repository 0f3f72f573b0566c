"""The questions of the wizard, in their order."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vernal.base import ConfigError, DataError, period, require
from vernal.cli.docs import first_line
from vernal.cli.terminal import say, table
from vernal.cli.wizard.asking import NONE, Asker
from vernal.cli.wizard.columns import Columns, columns_of, example_of, has_gaps
from vernal.cli.wizard.label import Label, label_of
from vernal.cli.wizard.looking import look, tables_of
from vernal.cli.wizard.place import is_database, proposed_place, source_text, with_columns, with_option
from vernal.cli.wizard.writing import Answers, LateLabels
from vernal.loop import PRESETS
from vernal.sources import read_source

PRESET, DELAY = "continual", "1d"


@dataclass(frozen=True)
class _Labelled:
    """What is to be predicted, and rows with it.

    Args:
        label: the column.
        rows: an Arrow table with features and labels.
        late: where labels come from, if they are not columns of the rows.
    """

    label: Label
    rows: Any
    late: LateLabels | None = None


class Conversation:
    """Asks what the options do not say.

    Args:
        values: the options.
        asker: asks, or takes what is proposed.
    """

    def __init__(self, values: Namespace, asker: Asker) -> None:
        self._values, self._asker = values, asker

    def hold(self) -> tuple[Answers, Any]:
        """All answers, and rows to try them with, an Arrow table.

        Raises:
            VernalError: an option is wrong, the data cannot be used, or an answer is missing.
        """
        self._asker.explain(
            "Where do new rows come from? A folder or pattern (in/*.parquet), a SQL table (sqlite:///shop.db),",
            "kafka://host:9092/topic or nats://host:4222/stream.",
        )
        proposal = None if self._values.data else proposed_place()
        source, rows = self._looked_at("Rows come from:", "--data", self._values.data, proposal)
        columns = self._columns(rows)
        labelled = self._here(columns, rows) if columns.label else self._later(columns, rows)
        columns = columns.without(labelled.label.name)
        if not columns.features:
            raise ConfigError("No column of numbers is left to predict from. Name some: --features COLUMN...")
        say("", _uses(columns, labelled))
        answers = Answers(
            source=with_columns(source, columns.id, columns.time, rows),
            columns=columns,
            label=labelled.label,
            preset=self._preset(),
            late=labelled.late,
            gaps=has_gaps(rows, columns.features),
            example=example_of(rows, columns),
        )
        return answers, labelled.rows

    # Rows

    def _looked_at(self, question: str, option: str, given: str | None, proposal: str | None) -> tuple[str, Any]:
        def read(place: str) -> tuple[str, Any]:
            text = self._with_table(source_text(place))
            return text, look(read_source(text))

        text, seen = self._asker.ask_for(question, option, given, proposal, read)
        say(f"{seen.said}.", "Columns: " + ", ".join(f"{one.name} ({one.type})" for one in seen.table.schema), "")
        return text, seen.table

    def _with_table(self, text: str) -> str:
        """The address of a database with one of its tables."""
        if not is_database(text) or "table=" in text or "query=" in text:
            return text
        tables = tables_of(text)
        say(f"Its tables: {', '.join(tables) or 'none'}.")
        only = tables[0] if len(tables) == 1 else None
        name = self._asker.choose("Which table?", with_option(text, "table", "..."), None, only, tables)
        return with_option(text, "table", name)

    def _columns(self, rows: Any) -> Columns:
        """What the columns of the rows are for; the label is not among them yet if it comes later."""
        values, names = self._values, rows.column_names
        guess = columns_of(rows, values.id, values.time, values.label if values.label in names else None)
        label = None if values.labels else self._label_column(guess.label, names)
        ids = "Which column tells rows apart, so that a row can be found, erased and joined later? (- for none)"
        id = self._asker.choose_or_none(ids, "--id", values.id, guess.id, names)
        times = "Which column says when a row came about? (- for none)"
        time = self._asker.choose_or_none(times, "--time", values.time, guess.time, names)
        columns = columns_of(rows, id or NONE, time or NONE, label or NONE, self._features(names))
        if wrong := {id, time, label} & {*columns.features}:
            raise ConfigError(f"Column {wrong.pop()!r} cannot be a feature and the label, id or time as well.")
        return columns

    def _label_column(self, guess: str | None, names: Sequence[str]) -> str | None:
        text = "Which column is to be predicted? (- if labels come later, in tables of their own)"
        return self._asker.choose_or_none(text, "--label", self._values.label, guess, names)

    def _features(self, names: Sequence[str]) -> list[str] | None:
        if self._values.features is None:
            return None
        return [self._asker.choose("", "--features", name, None, names) for name in self._values.features]

    # Labels

    def _here(self, columns: Columns, rows: Any) -> _Labelled:
        """A label that is a column of the rows."""
        assert columns.label is not None
        return _Labelled(label_of(rows, columns.label), rows)

    def _later(self, columns: Columns, rows: Any) -> _Labelled:
        """A label that comes in tables of its own."""
        values, id = self._values, columns.id
        if id is None:
            raise ConfigError("Labels that come later are joined with rows by id, and there is none. Name it: --id.")
        source, labels = self._looked_at("Labels come from:", "--labels", values.labels, None)
        names = labels.column_names
        if id not in names:
            raise ConfigError(f"The labels have no column {id!r}, by which rows are known. Name them alike.")
        guess = columns_of(labels, id, values.known, values.label)
        name = self._asker.choose("Which column is to be predicted?", "--label", values.label, guess.label, names)
        times = "Which column says when a label became known?"
        known = self._asker.choose(times, "--known", values.known, guess.time, names)
        ages = "How old must a row be before it counts, with the label that is known by then?"
        delay = self._asker.ask_for(ages, "--label-delay", values.label_delay, DELAY, _span)
        late = LateLabels(with_columns(source, id, known, labels), known, delay)
        return _Labelled(label_of(labels, name), _joined(rows, labels, id, name), late)

    # The policy

    def _preset(self) -> str:
        told = {name: f"{name}: {first_line(preset.__doc__)}" for name, preset in PRESETS.items()}
        self._asker.explain("", "When is the model to be updated? It is one word in the file, and may change any time.")
        self._asker.explain(*(f"  {text}" for text in told.values()))
        chosen = self._asker.choose("Which?", "--preset", self._values.preset, PRESET, list(PRESETS))
        say("", told[chosen])
        return chosen


def _span(text: str) -> str:
    period(text)
    return text


def _joined(rows: Any, labels: Any, id: str, label: str) -> Any:
    """The rows that have a label already; ids are compared as text, as the loop does it."""
    rows, labels = (_with_text(one, id) for one in (rows, labels.select([id, label])))
    rest = rows.drop_columns([label]) if label in rows.column_names else rows
    compute = require("pyarrow.compute", "tables")  # Its join of tables refuses empty columns, lists, and others.
    places = compute.index_in(rest[id], labels[id].combine_chunks(), skip_nulls=True)
    joined = rest.append_column(label, labels[label].take(places)).filter(places.is_valid())
    if not joined.num_rows:
        raise DataError(f"No row and no label that were looked at have the same {id!r}. By what are they joined?")
    return joined


def _with_text(rows: Any, column: str) -> Any:
    return rows.set_column(rows.column_names.index(column), column, rows[column].cast("string"))


def _uses(columns: Columns, labelled: _Labelled) -> Any:
    """A table of what each column is for."""
    label = labelled.label
    uses = dict.fromkeys(columns.features, "feature")
    uses |= {name: f"left out: {why}" for name, why in columns.left_out.items()}
    uses |= {name: use for name, use in ((columns.id, "id"), (columns.time, "time")) if name is not None}
    uses[label.name] = f"label, {label.said}" + ("; comes later" if labelled.late else "")
    types = {field.name: str(field.type) for field in labelled.rows.schema}
    return table(["column", "type", "use"], [[name, types[name], use] for name, use in uses.items()])
