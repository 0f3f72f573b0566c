"""The second half of the tour: nobody calls for updates any more. Files arrive, and a loop decides.

What is shown are commands as anybody would type them, and what they answer.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from demo_stream import Piece, pieces, write_past, write_piece
from demo_tables import count, line, percent
from rich.console import Console
from rich.text import Text

CONFIG = Path(__file__).with_name("stream.py")
FEWEST = 4  # batches that the story needs, and a backtest
WIDTH = 80
SETTLED = 60  # seconds since a file was last written to; a loop leaves those alone that are younger than ten
UPDATE_COST = 20
LOOP = (
    "So far somebody called for every update. Now the batches arrive as Parquet files in a folder, and a loop "
    "decides: each `vernal run-once`, from cron for instance, looks for new files, asks a trigger whether an update is "
    "worth it, and a gate whether the new model takes over. An update is worth it when the data has drifted, or after "
    "600 rows; the new model takes over if it is shown not to be worse by more than a point. (stream.py says so; "
    "`vernal watch` is the same without cron.)"
)
BACKTEST = (
    "A backtest lets several rules live through the past, {n} batches, each in the same loop. The score is the share "
    f"of right answers on rows before they are learned; an update costs as much as {UPDATE_COST} wrong ones. The "
    "batches lie months apart and each has drifted, so `continual` finds every one worth an update, and its monthly "
    "yardstick from scratch is always due beside it."
)

Facts = Mapping[str, Any]
Run = Callable[[Sequence[str], Path], str]


def by_command_line(words: Sequence[str], store: Path) -> str:
    """What a command answers, in a process of its own."""
    command = [sys.executable, "-m", "vernal", *words]
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # As many as this small network has use for.
    run = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | one_thread | {"VERNAL_STORE": str(store)}
    )
    if run.returncode:
        raise SystemExit(f"This failed:\n  {shlex.join(command)}\n{run.stderr}")
    return run.stdout


class LoopTour:
    """Shows the loop.

    Args:
        console: where to.
        folder: for files and models.
        budget: how long each update trains.
        run: runs a command.
    """

    def __init__(self, console: Console, folder: Path, budget: str, run: Run) -> None:
        self._console, self._run = console, run
        self._store, self._inbox = folder / "loop" / "gas", folder / "loop" / "in"
        self._past, self._backtest = folder / "past", folder / "backtest"
        self._training = ["--budget", budget]

    def files_arrive(self, batches: Sequence[int]) -> None:
        """A turn of the loop for every file."""
        self._say_title("A loop that decides by itself", LOOP)
        self._console.print(f"[bold]$ export VERNAL_STORE={near(self._store)}[/bold]\n", soft_wrap=True)
        command = ["run-once", str(near(CONFIG)), "--inbox", str(near(self._inbox)), *self._training]
        for number, piece in enumerate(pieces(batches)):
            file, rows = write_piece(piece, self._inbox)
            written = time.time() - SETTLED
            os.utime(file, (written, written))
            words = [*command, *(["--now", piece.why] if piece.why else [])]
            self._console.print(arrival(piece, rows))
            self._type(words, shown=words if number < 2 else ["run-once", "..."])

    def store_is_asked(self) -> None:
        """What the store knows of all that, and the way back."""
        log = json.loads(self._run(["log", "--json"], self._store))
        judged = json.loads(self._run(["decisions", "--kind", "gate", "--json"], self._store))
        said = {one["subject"]: one["outcome"] for one in judged[::-1]}
        self._prompt(["log"])
        for row in versions(log, said):
            self._console.print(f"  {line(row, [-9, -11, -23, 9, -3, -14, -9])}".rstrip())
        if refused := [log["versions"][id] for id, outcome in said.items() if outcome == "reject"]:
            self._console.print(
                f"\nWhat was refused stays in the store, with the reasons: vernal decisions {refused[0]}"
            )
        self._console.print()
        self._type(["rollback", "--why", "The lab has doubts about the last file."])
        self._console.print("Model, memory and all else that the next update starts from are what they were.\n")

    def past_is_replayed(self, batches: Sequence[int]) -> None:
        """Other rules, in a backtest."""
        self._say_title("What other rules would have been worth", BACKTEST.format(n=len(batches)))
        files = write_past(batches, self._past)
        rest = ["--chunk", "30d", "--update-cost", str(UPDATE_COST), "--folder", str(near(self._backtest))]
        head, tail = ["backtest", str(near(CONFIG)), "--history"], [*rest, *self._training]
        shown = [*head, str(near(self._past) / "*.parquet"), *tail]
        self._type([*head, *map(str, files), *tail], shown)

    def _say_title(self, title: str, text: str) -> None:
        self._console.print(f"[bold]{title}[/bold]\n\n{text}\n")

    def _type(self, words: Sequence[str], shown: Sequence[str] | None = None) -> None:
        """Run a command, and show it with its answer."""
        self._prompt(shown or words)
        with self._console.status("vernal is at work"):
            answer = self._run(words, self._store)
        for told in answer.splitlines():
            self._console.print(Text(folded(told)))
        self._console.print()

    def _prompt(self, words: Sequence[str]) -> None:
        text = " ".join(word if set(word) & {"*"} else shlex.quote(word) for word in words)
        lines = textwrap.wrap(f"$ vernal {text}", WIDTH - 2, subsequent_indent="    ", break_on_hyphens=False)
        self._console.print(Text(" \\\n".join(lines), style="bold"))


def arrival(piece: Piece, rows: int) -> str:
    """What is told about a file that has arrived."""
    spoilt = "; [bold]its labels have got mixed up[/bold], also those that judge" if piece.shuffled else ""
    return f"{piece.name}.parquet arrives, {count(rows)} rows{spoilt}"


def folded(told: str) -> str:
    """A line of an answer, indented; a long one goes on where its last column begins."""
    columns = 22 if told[:8].strip() in ("trigger", "update", "gate", "noticed") else 0
    return textwrap.fill(told, WIDTH, initial_indent="  ", subsequent_indent=" " * (2 + columns))


def versions(log: Facts, judged: Mapping[str, str]) -> list[list[str]]:
    """A line for each version, newest first: some of the columns of `vernal log`, and what the gate said."""
    names = log["versions"]
    rows = [["version", "made from", "file", "accuracy", "", "gate", ""]]
    for update in log["updates"]:
        own = next(chunk for chunk in update["metrics"]["validation"] if chunk["number"] == update["number"])
        made = [names[update["id"]], names.get(update["parent"], ""), update["chunk"]["name"]]
        aliases = [alias for alias, id in log["aliases"].items() if id == update["id"] and alias != "anchor"]
        rows.append([*made, percent(own["after"]["accuracy"]), "", judged.get(update["id"], ""), ", ".join(aliases)])
    return rows


def near(path: Path) -> Path:
    """A path as it is typed here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
