"""The book: what is on disk is what has happened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vernal import StateError
from vernal.tuning import Book


def written(path: Path | None) -> Book:
    book = Book(path)
    book.write("begin", 0, 1.0, config={"lr": 0.1, "layers": (1, (2, 3))}, origin="default", until=1)
    book.write("level", 0, 2.5, level=1, measures={"loss": 2.0, "recall": None}, trained=1.25)
    book.write("pause", 0, 2.5)
    book.write("begin", 1, 2.5, config={"lr": 0.2, "layers": ()}, origin="random", until=1)
    book.write("died", 1, 3.0)
    book.write("fail", 1, 3.5, error="no memory")
    book.write("finish", 0, 4.0, until=9, limits={"max_trials": 4})
    book.write("complete", 0, 5.0, measures={"loss": 1.0}, trained=2.0)
    return book


def test_a_book_that_is_read_says_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "book"
    book, read, unwritten = written(path), Book(path), written(None)
    assert read.trials == book.trials == unwritten.trials
    assert (read.seconds, read.finisher) == (book.seconds, book.finisher) == (5.0, 0)


def test_the_trials_are_what_happened_to_them(tmp_path: Path) -> None:
    written(tmp_path / "book")
    done, failed = Book(tmp_path / "book").trials
    assert (done.status, done.until, done.seconds, done.final) == ("complete", 9, 2.0, {"loss": 1.0})
    assert done.curve == ({"loss": 2.0, "recall": None},)
    assert done.config == {"lr": 0.1, "layers": (1, (2, 3))}
    assert (failed.status, failed.deaths, failed.error) == ("failed", 1, "no memory")


def test_a_level_that_is_reached_forgets_deaths_and_what_was_said_of_later_levels() -> None:
    book = Book()
    book.write("begin", 0, 0.0, config={}, origin="default", until=3)
    for level in (1, 2):
        book.write("level", 0, 0.0, level=level, measures={"loss": 0.0}, trained=0.0)
    book.write("died", 0, 0.0)
    assert book.trials[0].deaths == 1
    book.write("level", 0, 0.0, level=1, measures={"loss": 5.0}, trained=0.0)
    assert (book.trials[0].deaths, book.trials[0].curve) == (0, ({"loss": 5.0},))


@pytest.mark.parametrize("torn", [0, 1, 20])
@pytest.mark.parametrize("lines", range(9))
def test_a_book_that_is_cut_off_anywhere_says_what_its_whole_lines_say(lines: int, torn: int, tmp_path: Path) -> None:
    path = tmp_path / "book"
    written(path)
    text = path.read_bytes().splitlines(keepends=True)
    whole = b"".join(text[:lines])
    left = whole + b"".join(text[lines:])[:torn]
    path.write_bytes(left)
    book = Book(path)
    assert len(book.trials) == whole.count(b'{"kind": "begin"')
    assert path.read_bytes() == left  # Reading changes nothing.
    book.write("begin", 7, 9.0, config={}, origin="after", until=1)
    assert Book(path).trials == book.trials
    assert path.read_bytes().startswith(whole)


@pytest.mark.parametrize(
    "line",
    [b"no json", b"[]", b'"text"', b"{}", b'{"kind": "pause", "trial": 5, "seconds": 0}', b"\xff\xfe",
     b'{"kind": "jump", "trial": 0, "seconds": 0}', b'{"kind": "level", "trial": 0, "seconds": 0}'],
)  # fmt: skip
def test_a_line_that_is_no_event_is_named_with_what_to_do(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "book"
    written(path)
    with path.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(
        StateError, match="Line 9 of .*book is no event of a search: .*Restore the file from a copy, cut"
    ):
        Book(path)


def test_a_book_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="could not be read: .*Make it readable"):
        Book(tmp_path)


def test_where_there_is_no_room_the_event_has_not_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book"
    book = written(path)
    before, text = book.trials, path.read_bytes()

    def full(descriptor: int) -> None:
        os.ftruncate(descriptor, len(text) + 10)  # Half a line has come to disk.
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left on device. Make room, and run"):
        book.write("begin", 2, 6.0, config={}, origin="random", until=1)
    monkeypatch.undo()
    assert book.trials == before == Book(path).trials
    book.write("begin", 2, 7.0, config={}, origin="random", until=1)
    assert Book(path).trials == book.trials
    assert len(book.trials) == 3


def test_a_folder_that_is_not_there_is_a_book_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="could not be written: .*No such file"):
        Book(tmp_path / "nowhere" / "book").write("pause", 0, 0.0)
