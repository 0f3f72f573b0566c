from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Vernal
from tests.cli.test_run_once import ALWAYS, Arrive, Words, arrive, folder, words
from vernal import Store
from vernal.loop import leases_of

__all__ = ["arrive", "folder", "words"]  # Fixtures.


@contextmanager
def watching(words: Words, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A real process that watches."""
    command = [sys.executable, "-m", "vernal", "watch", *map(str, words[1:]), *ALWAYS, "--every=1s", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_help_teaches(vernal: Vernal) -> None:
    text = vernal("watch", "--help").out
    for part in (
        "Stop it with Ctrl-C or SIGTERM at any time",
        "one works, the others stand by",
        "--every",
        "[default: 30s]",
    ):
        assert part in text


@pytest.mark.journey
def test_it_learns_what_comes_until_ctrl_c(words: Words, arrive: Arrive, folder: Path) -> None:
    arrive(0)
    with watching(words, "--json") as process:
        assert process.stdout is not None
        turn = json.loads(process.stdout.readline())
        assert (turn["outcome"], turn["rows"]) == ("promoted", 100)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert (process.returncode, "Stopped. Run the same command again" in told) == (130, True)
    store = Store(folder / "store")
    assert store.champion == turn["champion"]
    assert leases_of(store).take("watch main", 1)  # Given back at once.


@pytest.mark.journey
def test_it_survives_a_source_that_is_away_stands_by_when_another_watches_and_ends_by_sigterm(
    words: Words, arrive: Arrive, folder: Path
) -> None:
    away = (folder / "in").rename(folder / "away")
    with watching(words) as first:
        assert first.stdout is not None
        assert first.stderr is not None
        assert first.stdout.readline().startswith("Watching Files(")
        lines = iter(first.stderr.readline, "")
        assert "cannot be read" in next(line for line in lines if line.startswith("vernal: "))
        assert next(lines) == "Trying again in 0:00:02.\n"
        away.rename(folder / "in")
        with watching(words) as second:
            assert second.stdout is not None
            assert second.stderr is not None
            assert second.stdout.readline().startswith("Watching Files(")
            assert second.stderr.readline().startswith("Another process watches this loop. This one stands by")
            arrive(0)
            assert any(line.startswith("trigger  update") for line in iter(first.stdout.readline, ""))
            second.send_signal(signal.SIGTERM)
            told, complaints = second.communicate(timeout=60)
            assert (second.returncode, told, complaints) == (0, "", "")  # Said once, and not at every look.
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=60)
        assert first.returncode == 0
    assert len(Store(folder / "store").records()) == 1


def test_a_span_that_is_none_is_refused(vernal: Vernal, words: Words) -> None:
    ran = vernal("watch", *words[1:], *ALWAYS, "--every", "often")
    assert (ran.code, "often" in ran.err) == (1, True)
