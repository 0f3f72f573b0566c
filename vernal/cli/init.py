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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vernal.base import StateError, VernalError
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import pairs, say

if TYPE_CHECKING:
    from vernal.cli.wizard import Answers, Asker, Label
    from vernal.transaction import Rehearsal

PRESET = "continual"


def run(words: Sequence[str]) -> int:
    """Ask, write, try, and say what comes next."""
    values = _parser().parse(words)
    from vernal.cli.wizard import Asker, Conversation, config_text

    path = Path(values.config)
    asker = Asker(sys.stdin.isatty() and not values.yes, say)
    _check_overwriting(path, values, asker)
    answers, rows = Conversation(values, asker).hold()
    proposal = f"runs/{_named(path, answers.label)}"
    store = asker.ask("Where are models and history to be kept?", "--store", values.store, proposal)
    _write(path, config_text(answers))
    say("", f"{path} is written.")
    say(*_tried(path, rows), "", "Next:", pairs(_next(path, answers, store)))
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
    text = "how old a row must be before it counts, with the label known by then [default: 1d]"
    late.add_argument("--label-delay", metavar="SPAN", help=text)
    text = f"when to update: manual, scheduled, stateful or continual [default: {PRESET}]"
    parser.add_argument("--preset", metavar="NAME", help=text)
    parser.add_argument("--store", metavar="DIR_OR_URL", help="where models are to be kept; for what to do next")
    parser.add_argument("--yes", action="store_true", help="ask nothing; take what is proposed")
    parser.add_argument("--overwrite", action="store_true", help="write even if the file is there")
    return parser


def _named(path: Path, label: Label) -> str:
    """What the model is called: as its file, or as what it predicts."""
    name = label.name.lower() if path.stem == "config" else path.stem
    return re.sub(r"\W+", "-", name).strip("-") or "model"


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


def _tried(path: Path, rows: Any) -> list[str]:
    """What came of sending the rows that were seen through the file that was written."""
    try:
        tried = _rehearsed(path, rows)
    except VernalError as error:
        return [f"It does not work yet with the rows that were looked at: {error}"]
    parts = ", ".join(f"{count:,} rows for {part}" for part, count in tried.rows.items())
    return [f"It was tried: {parts}; {tried.task}; {tried.parameters:,} numbers to learn; {', '.join(tried.metrics)}."]


def _rehearsed(path: Path, rows: Any) -> Rehearsal:
    from vernal.base import require
    from vernal.config import Plan
    from vernal.data import Window
    from vernal.transaction import rehearse

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        require("pyarrow.parquet", "tables").write_table(rows, file)
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
