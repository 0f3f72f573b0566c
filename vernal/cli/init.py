"""Write a first config file, by looking at your data and asking a few questions.

Say where new rows come from: a folder of files ('in/*.parquet'), a SQL table (sqlite:///shop.db?table=events), Kafka
(kafka://host:9092/topic) or NATS (nats://host:4222/stream). Some rows are read, what each column is for is proposed by
its name, type and values, and a file is written that works at once, with a small network in the place of your model.

Every question is an option as well. Without a terminal, or with --yes, whatever is not given is as proposed. A file
that is there is overwritten only if you say so.

Examples:
  vernal init
  vernal init config.py --data 'in/*.parquet' --label late --id id --time time --preset continual --yes
  vernal init --data 'rows/*.parquet' --labels 'labels/*.parquet' --label clicked --known at --label-delay 1d
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from vernal.base import ConfigError, DataError, StateError, VernalError, period
from vernal.cli.docs import first_line
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import pairs, say, table

if TYPE_CHECKING:
    from rich.table import Table

    from vernal.cli.wizard import Answers, Asker, Columns, Label, LateLabels, Look
    from vernal.transaction import Rehearsal

PRESET = "continual"
DELAY = "1d"


def run(words: Sequence[str]) -> int:
    """Ask, write, try, and say what comes next."""
    values = _parser().parse(words)
    from vernal.cli.wizard import Asker, config_text

    path = Path(values.config)
    asker = Asker(sys.stdin.isatty() and not values.yes, say)
    _check_overwriting(path, values, asker)
    answers, seen = _Conversation(values, asker).hold()
    proposal = f"runs/{_named(path, answers.label)}"
    store = asker.ask("Where are models and history to be kept?", "--store", values.store, proposal)
    _write(path, config_text(answers))
    say("", f"{path} is written.")
    say(*_tried(path, seen), "", "Next:", pairs(_next(path, answers, store)))
    return 0


def _parser() -> Parser:
    parser = Parser("init", __doc__, "[CONFIG]")
    text = "the file to write [default: config.py]"
    parser.add_argument("config", metavar="CONFIG", nargs="?", default="config.py", help=text)
    data = parser.add_argument_group("data")
    data.add_argument("--data", metavar="WHERE", help="where new rows come from, see above")
    data.add_argument("--label", metavar="COLUMN", help="what is to be predicted")
    data.add_argument("--id", metavar="COLUMN", help="tells rows apart, so that they can be found later; - for none")
    data.add_argument("--time", metavar="COLUMN", help="when a row came about; - for none")
    data.add_argument("--features", metavar="COLUMN", nargs="+", help="what to predict from [default: all numbers]")
    late = parser.add_argument_group("labels that come later than their rows")
    late.add_argument("--labels", metavar="WHERE", help="where they come from, with the same ids as the rows")
    late.add_argument("--known", metavar="COLUMN", help="the column that says when a label became known")
    text = f"how old a row must be before it counts, with the label known by then [default: {DELAY}]"
    late.add_argument("--label-delay", metavar="SPAN", help=text)
    text = f"when to update: manual, scheduled, stateful or continual [default: {PRESET}]"
    parser.add_argument("--preset", metavar="NAME", help=text)
    parser.add_argument("--store", metavar="DIR_OR_URL", help="where models are to be kept; for what to do next")
    parser.add_argument("--yes", action="store_true", help="ask nothing; take what is proposed")
    parser.add_argument("--overwrite", action="store_true", help="write even if the file is there")
    return parser


class _Conversation:
    """The questions, in their order."""

    def __init__(self, values: Namespace, asker: Asker) -> None:
        self._values, self._asker = values, asker

    def hold(self) -> tuple[Answers, Look]:
        """All answers, and the rows that were looked at."""
        from vernal.cli.wizard import Answers, example_of, has_gaps

        self._asker.explain(
            "Where do new rows come from? A folder or pattern (in/*.parquet), a SQL table (sqlite:///shop.db),",
            "kafka://host:9092/topic or nats://host:4222/stream.",
        )
        source, seen = self._looked_at("Rows come from:", "--data", self._values.data)
        columns = self._columns(seen)
        late, label, seen = self._label(columns, seen)
        say("", _found(columns, label, late is not None, seen))
        preset = self._preset()
        source = _completed(source, columns, seen)
        answers = Answers(
            source,
            columns,
            label,
            preset,
            late,
            has_gaps(seen.table, columns.features),
            example_of(seen.table, columns),
        )
        return answers, seen

    def _looked_at(self, question: str, option: str, given: str | None) -> tuple[str, Look]:
        from vernal.cli.wizard import look, proposed_place, source_text
        from vernal.sources import read_source

        def read(place: str) -> tuple[str, Look]:
            text = self._with_table(source_text(place))
            return text, look(read_source(text))

        text, seen = self._asker.ask_for(question, option, given, proposed_place() if given is None else None, read)
        say(f"{seen.said}.")
        return text, seen

    def _with_table(self, text: str) -> str:
        """The address of a database with one of its tables."""
        from vernal.cli.wizard import tables_of

        url, _, options = text.partition("?")
        if not url.startswith(("sqlite", "postgresql")) or "table=" in options or "query=" in options:
            return text
        tables = tables_of(text)
        say(f"Its tables: {', '.join(tables) or 'none'}.")
        only = tables[0] if len(tables) == 1 else None
        name = self._asker.choose("Which table?", f"{text}{'&' if options else '?'}table=...", None, only, tables)
        return f"{text}{'&' if options else '?'}table={name}"

    def _columns(self, seen: Look) -> Columns:
        """What the columns of the rows are for; the label is not among them yet if it comes later."""
        from vernal.cli.wizard import columns_of

        values, names = self._values, seen.table.column_names
        guess = columns_of(seen.table, values.id, values.time, values.label if values.label in names else None)
        say("Columns: " + ", ".join(f"{field.name} ({field.type})" for field in seen.table.schema), "")
        label = "-" if values.labels else self._label_column(guess.label, names)
        ids = "Which column tells rows apart, so that a row can be found, erased and joined later? (- for none)"
        id = self._asker.choose_or_none(ids, "--id", values.id, guess.id, names)
        times = "Which column says when a row came about? (- for none)"
        time = self._asker.choose_or_none(times, "--time", values.time, guess.time, names)
        columns = columns_of(seen.table, id or "-", time or "-", label or "-", self._features(names))
        if wrong := {id, time, label} & {*columns.features}:
            raise ConfigError(f"Column {wrong.pop()!r} cannot be a feature and the label, id or time as well.")
        if not columns.features:
            raise ConfigError("No column of numbers is left to predict from. Name some: --features COLUMN...")
        return columns

    def _features(self, names: Sequence[str]) -> list[str] | None:
        if self._values.features is None:
            return None
        return [self._asker.choose("", "--features", name, None, names) for name in self._values.features]

    def _label_column(self, guess: str | None, names: Sequence[str]) -> str | None:
        text = "Which column is to be predicted? (- if labels come later, in tables of their own)"
        return self._asker.choose_or_none(text, "--label", self._values.label, guess, names)

    def _label(self, columns: Columns, seen: Look) -> tuple[LateLabels | None, Label, Look]:
        """What is to be predicted, where it comes from, and the rows with it."""
        from vernal.cli.wizard import LateLabels, columns_of, label_of

        if columns.label is not None:
            return None, label_of(seen.table, columns.label), seen
        if columns.id is None:
            raise ConfigError("Labels that come later are joined with rows by id, and there is none. Name it: --id.")
        source, labels = self._looked_at("Labels come from:", "--labels", self._values.labels)
        names = labels.table.column_names
        if columns.id not in names:
            raise ConfigError(f"The labels have no column {columns.id!r}, by which rows are known. Name them alike.")
        guess = columns_of(labels.table, columns.id, self._values.known, self._values.label)
        name = self._asker.choose("Which column is to be predicted?", "--label", self._values.label, guess.label, names)
        times = "Which column says when a label became known?"
        known = self._asker.choose(times, "--known", self._values.known, guess.time, names)
        delay = self._asker.ask_for(
            "How old must a row be before it counts, with the label that is known by then?",
            "--label-delay",
            self._values.label_delay,
            DELAY,
            _span,
        )
        late = LateLabels(source, known, delay)
        return late, label_of(labels.table, name), _joined(seen, labels, columns.id, name)

    def _preset(self) -> str:
        from vernal.loop import PRESETS

        told = {name: f"{name}: {first_line(preset.__doc__)}" for name, preset in PRESETS.items()}
        self._asker.explain("", "When is the model to be updated? It is one word in the file, and may change any time.")
        self._asker.explain(*(f"  {text}" for text in told.values()))
        chosen = self._asker.choose("Which?", "--preset", self._values.preset, PRESET, list(PRESETS))
        say("", told[chosen])
        return chosen


def _joined(rows: Look, labels: Look, id: str, label: str) -> Look:
    """The rows that have a label already."""
    joined = rows.table.join(labels.table.select([id, label]), id, join_type="inner")
    if not joined.num_rows:
        raise DataError(f"No row and no label that were looked at have the same {id!r}. By what are they joined?")
    return replace(rows, table=joined)


def _named(path: Path, label: Label) -> str:
    """What the model is called: as its file, or as what it predicts."""
    return re.sub(r"\W+", "-", label.name).strip("-").lower() if path.stem == "config" else path.stem


def _span(text: str) -> str:
    period(text)
    return text


def _completed(source: str, columns: Columns, seen: Look) -> str:
    """The source with the columns that it needs to know."""
    wanted: dict[str, str | None] = {}
    kind = source.partition(":")[0].partition("+")[0]
    if kind in ("sqlite", "postgresql"):
        if columns.time is None or columns.id is None:
            raise ConfigError("Rows of a SQL table are read in the order of time and id. Name both: --time and --id.")
        wanted = {"time": columns.time, "id": columns.id}
    elif kind == "parquet" or (
        kind == "files" and columns.time and seen.table.schema.field(columns.time).type != "string"
    ):
        wanted = {"time": columns.time}
    options = parse_qs(source.partition("?")[2])
    added = urlencode({name: column for name, column in wanted.items() if column and name not in options})
    return f"{source}{'&' if options else '?'}{added}" if added else source


def _found(columns: Columns, label: Label, is_late: bool, seen: Look) -> Table:
    """What each column is for."""
    uses = dict.fromkeys(columns.features, "feature") | {
        name: f"left out: {why}" for name, why in columns.left_out.items()
    }
    uses |= {name: use for name, use in ((columns.id, "id"), (columns.time, "time")) if name is not None}
    uses[label.name] = f"label, {label.said}" + ("; comes later" if is_late else "")
    types = {field.name: str(field.type) for field in seen.table.schema}
    return table(["column", "type", "use"], [[name, types.get(name, ""), use] for name, use in uses.items()])


def _check_overwriting(path: Path, values: Namespace, asker: Asker) -> None:
    if not path.exists() or values.overwrite or asker.agrees(f"{path} is there already. Overwrite it?"):
        return
    raise UsageError(f"{path} is there already, and was left as it is. Name another one, or say --overwrite.")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error}. Check the path and your rights.") from error


def _tried(path: Path, seen: Look) -> list[str]:
    """What came of sending the rows that were seen through the file that was written."""
    try:
        tried = _rehearsed(path, seen)
    except VernalError as error:
        return [f"It does not work yet with the rows that were looked at: {error}"]
    rows = ", ".join(f"{count:,} rows for {part}" for part, count in tried.rows.items())
    return [f"It was tried: {rows}; {tried.task}; {tried.parameters:,} numbers to learn; {', '.join(tried.metrics)}."]


def _rehearsed(path: Path, seen: Look) -> Rehearsal:
    from vernal.base import require
    from vernal.config import Plan
    from vernal.data import Window
    from vernal.transaction import rehearse

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        require("pyarrow.parquet", "tables").write_table(seen.table, file)
        return rehearse(Plan(path, window=Window((str(file),))))


def _next(path: Path, answers: Answers, store: str) -> dict[str, str]:
    file = shlex.quote(str(path))
    exports: dict[str, Any] = {f"  export {name}={shlex.quote(text)}": "" for name, text in answers.secrets.items()}
    now = "" if answers.preset == PRESET else " --now 'a first model'"
    return exports | {
        f"  export VERNAL_STORE={shlex.quote(store)}": "where models and history are kept",
        f"  vernal run-once {file}{now}": "make a first model",
        "  vernal decisions": "what was decided, and why",
        f"  vernal watch {file}": "keep it fresh; or call run-once from a scheduler",
    }
