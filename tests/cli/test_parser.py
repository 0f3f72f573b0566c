from __future__ import annotations

import pytest

from vernal.cli.parser import Parser, UsageError


@pytest.fixture
def parser() -> Parser:
    parser = Parser("try", "Try something.", "FILE")
    parser.add_argument("file", nargs="?")
    parser.add_argument("--memory-size")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--gated", nargs="?", const="true")
    return parser


@pytest.mark.parametrize(
    "words",
    [["--memory-size", "5"], ["--memory-size=5"], ["--memory_size", "5"], ["--memory_size=5"]],
)
def test_an_option_may_be_spelled_in_four_ways(parser: Parser, words: list[str]) -> None:
    assert parser.parse(words).memory_size == "5"


def test_a_value_keeps_its_underscores(parser: Parser) -> None:
    assert parser.parse(["--memory-size=--a_b", "c_d.py"]).memory_size == "--a_b"


def test_options_are_not_abbreviated(parser: Parser) -> None:
    with pytest.raises(UsageError, match=r"no option --memory\. Did you mean --memory-size\? All of them: vernal try"):
        parser.parse(["--memory", "5"])


def test_all_unknown_options_are_named_at_once(parser: Parser) -> None:
    with pytest.raises(UsageError, match=r"has no option --jsn and no --gatd\. Did you mean --json and --gated\?"):
        parser.parse(["--jsn", "--gatd=1"])


def test_nothing_is_suggested_for_what_resembles_nothing(parser: Parser) -> None:
    with pytest.raises(UsageError, match=r"has no option --xyz\. All of them"):
        parser.parse(["--xyz"])
    with pytest.raises(UsageError, match=r"has no option --hepl\. All of them"):
        parser.parse(["--hepl"])


def test_a_word_too_many_is_refused(parser: Parser) -> None:
    with pytest.raises(UsageError, match="does not know what to do with 'b'"):
        parser.parse(["a", "b"])


def test_a_missing_value_is_refused(parser: Parser) -> None:
    with pytest.raises(UsageError, match=r"`vernal try`: argument --memory-size: .* See: vernal try FILE --help"):
        parser.parse(["--memory-size"])


def test_the_lenient_parser_ignores_what_it_does_not_know(parser: Parser) -> None:
    assert parser.parse(["--xyz", "--json"], strict=False).json


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["a.py", "--json"], 0),
        (["--json", "a.py"], 1),
        (["--memory-size", "5", "a.py"], 2),
        (["--memory-size=5", "a.py"], 1),
        (["--unknown", "5", "a.py"], 2),
        (["--unknown=5", "a.py"], 1),
        (["--gated", "a.py"], 1),
        (["--json"], None),
        ([], None),
    ],
)
def test_the_first_word_is_found_among_options(parser: Parser, words: list[str], place: int | None) -> None:
    assert parser.first_word(words) == place
