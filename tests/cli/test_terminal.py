from __future__ import annotations

import pytest

from vernal.cli.terminal import change, duration, number, pairs, say, size, table


def test_piped_text_is_neither_wrapped_nor_padded(capsys: pytest.CaptureFixture[str]) -> None:
    say("x" * 300, table(["a", "b"], [["1", "y" * 150], ["22", ""]]), pairs({"name": "value"}))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "x" * 300
    assert lines[3].endswith("y" * 150)
    assert [line for line in lines if line != line.rstrip()] == []


def test_text_in_brackets_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    say("[bold]ids[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]ids[/bold] :smile:\n"


def test_numbers_of_any_size_are_short() -> None:
    assert [number(value) for value in (0.0, -0.5, 99.5, 12345.678)] == ["0.0000", "-0.5000", "99.5000", "1.235e+04"]
    assert change(0.75, 0.5) == "-0.2500"


def test_times_are_rounded_before_they_are_split() -> None:
    assert [duration(seconds) for seconds in (0, 59.7, 3599.6)] == ["0.00 s", "1 min 0 s", "1 h 0 min"]


def test_sizes_end_with_the_largest_unit() -> None:
    assert size(5e15) == "5000 TB"
