"""Progress: as lines of text, as a live bar, or both."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from vernal.base import Clock, Progress, SystemClock
from vernal.cli.terminal import console, duration

if TYPE_CHECKING:
    from rich.console import Console

    from vernal.store import Store
    from vernal.training import Reporter

LOGS = "logs"


class Lines:
    """Writes a line for everything that happens, and for every few seconds of training and tuning.

    Args:
        stream: where to.
        clock: tells the time.
        every: seconds between two lines about training or tuning.
    """

    def __init__(self, stream: IO[str], clock: Clock, every: float = 10.0) -> None:
        self._stream, self._clock, self._every = stream, clock, every
        self._told = clock.seconds()

    def phase(self, name: str) -> None:
        """A line for every phase."""
        self.note(name)

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """A line every few seconds."""
        self._now_and_then(training_facts(progress, done, loss))

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """A line every few seconds."""
        self._now_and_then(tuning_facts(done, facts))

    def note(self, text: str) -> None:
        """A line for every note."""
        self._told = self._clock.seconds()
        self._stream.write(f"{self._clock.now():%H:%M:%S}  {text}\n")
        self._stream.flush()

    def _now_and_then(self, facts: Sequence[str]) -> None:
        if self._clock.seconds() - self._told >= self._every:
            self.note("  ".join(facts))


class Live:
    """Shows on a terminal what is being done, how far training or tuning is, and how much time is left.

    Args:
        printer: the terminal.
    """

    def __init__(self, printer: Console) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars
        from rich.table import Column

        facts = TextColumn("{task.fields[facts]}", table_column=Column())  # Where it is narrow, these go on below.
        bar, elapsed = (
            BarColumn(30, table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
        )
        self.bars = Bars(
            SpinnerColumn(), TextColumn("{task.description}"), bar, facts, elapsed, console=printer, transient=True
        )
        self._bar = self.bars.add_task("", total=None, facts="")

    def phase(self, name: str) -> None:
        """Name the phase; how long it takes is not known."""
        self.bars.reset(self._bar, total=None, description=name, facts="")

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """Move the bar."""
        self._move(done, training_facts(progress, done, loss))

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """Move the bar."""
        self._move(done, tuning_facts(done, facts))

    def note(self, text: str) -> None:
        """Leave a line above the bar."""
        self.bars.console.print(text)

    def _move(self, done: float, facts: Sequence[str]) -> None:
        self.bars.update(self._bar, total=1.0, completed=done, facts="  ".join(facts))


class Both:
    """Tells several reporters.

    Args:
        reporters: these.
    """

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self._reporters = reporters

    def phase(self, name: str) -> None:
        """Tell all."""
        for reporter in self._reporters:
            reporter.phase(name)

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """Tell all."""
        for reporter in self._reporters:
            reporter.training(progress, done, loss)

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """Tell all."""
        for reporter in self._reporters:
            reporter.tuning(done, facts)

    def note(self, text: str) -> None:
        """Tell all."""
        for reporter in self._reporters:
            reporter.note(text)


def training_facts(progress: Progress, done: float, loss: float | None) -> list[str]:
    """How far a training is, in words.

    Examples:
        >>> training_facts(Progress(epochs=2, steps=10, samples=640, minutes=0.5), 0.25, 0.125)
        ['epoch 3', '25 %', 'loss 0.1250', '1 min 30 s left']
    """
    facts = [f"epoch {progress.epochs + 1}", _share(done)]
    if loss is not None:
        facts.append(f"loss {loss:.4f}")
    if done > 0:
        facts.append(f"{duration(60 * progress.minutes * (1 - done) / done)} left")
    return facts


def tuning_facts(done: float, facts: Sequence[str]) -> list[str]:
    """How far a search is, in words.

    Examples:
        >>> tuning_facts(0.35, ["trial 7 of 20", "2 running"])
        ['35 %', 'trial 7 of 20', '2 running']
    """
    return [_share(done), *facts]


def _share(done: float) -> str:
    return f"{done:.0%}".replace("%", " %")


@contextmanager
def reporting(store: Store, command: str) -> Iterator[tuple[Reporter, Path]]:
    """Show progress on standard error, and keep it in a log file of its own.

    The log lies in the local folder of the store, ``scratch/logs/<when it began>.log``, and stays there. Whatever
    error ends the work is written there, too, and told where.

    Args:
        store: the store that is worked on.
        command: the first line of the log.
    """
    clock, printer = SystemClock(), console(stderr=True)
    path = _new_file(store.scratch(LOGS), f"{clock.now():%Y-%m-%d_%H-%M-%S}")
    with ExitStack() as stack:
        file = stack.enter_context(path.open("a", encoding="utf-8"))
        log = Lines(file, clock)
        log.note(command)
        stack.enter_context(_Errors(log, path))
        if printer.is_terminal:
            live = Live(printer)
            stack.enter_context(live.bars)
            yield Both([live, log]), path
        else:
            yield Both([Lines(printer.file, clock), log]), path


class _Errors:
    """Writes the error that ends a ``with`` block into the log, and says where that is."""

    def __init__(self, log: Lines, path: Path) -> None:
        self._log, self._path = log, path

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._log.note("".join(traceback.format_exception(error)))
            error.add_note(f"Log: {self._path}")


def _new_file(folder: Path, name: str) -> Path:
    """A name that no other process has taken."""
    path = folder / f"{name}.log"
    count = 1
    while True:
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            count += 1
            path = folder / f"{name}_{count}.log"
        else:
            return path
