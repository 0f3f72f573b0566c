from __future__ import annotations

from dataclasses import dataclass

import pytest

from vernal.base import ConfigError
from vernal.cli.flags import Flags, check_required, flags_of_class
from vernal.cli.parser import Parser, UsageError
from vernal.methods import method_class, method_names
from vernal.training import Training


@dataclass
class Options:
    """Some.

    Args:
        rate: in 100% of all cases.
    """

    rate: float = 0.5
    gated: bool = False
    names: list[str] | None = None


@pytest.fixture
def flags() -> Flags:
    return flags_of_class("some", Options)


@pytest.fixture
def parser(flags: Flags) -> Parser:
    parser = Parser("try", "")
    flags.add_to(parser)
    return parser


def test_what_is_not_given_is_not_there(flags: Flags, parser: Parser) -> None:
    assert flags.values(parser.parse([])) == {}


def test_values_are_read_as_their_types(flags: Flags, parser: Parser) -> None:
    values = parser.parse(["--rate", "1", "--gated", "--names", "['a']"])
    assert flags.values(values) == {"rate": 1.0, "gated": True, "names": ["a"]}


@pytest.mark.parametrize("words", [["--gated", "false"], ["--gated=no"]])
def test_a_switch_can_be_switched_off(words: list[str], flags: Flags, parser: Parser) -> None:
    assert flags.values(parser.parse(words)) == {"gated": False}


def test_a_negative_number_is_a_value(flags: Flags, parser: Parser) -> None:
    assert flags.values(parser.parse(["--rate", "-0.5"])) == {"rate": -0.5}


def test_everything_wrong_is_told_at_once(flags: Flags, parser: Parser) -> None:
    with pytest.raises(ConfigError, match=r"(?s)some\(rate\): must be float, got 'x'.*some\(names\): must be list"):
        flags.values(parser.parse(["--rate", "x", "--names", "5"]))


def test_help_tells_type_meaning_and_default(parser: Parser) -> None:
    words = " ".join(parser.format_help().split())
    assert "--rate FLOAT in 100% of all cases. [default: 0.5]" in words


def test_clashes_are_named_with_the_way_out(flags: Flags) -> None:
    (problem,) = flags.clashes({"--rate", "--other"})
    assert "--rate is an option of vernal itself. Rename the argument, e.g. `my_rate`." in str(problem)


def test_required_values_are_asked_for_by_their_options() -> None:
    @dataclass
    class Required:
        n_rows: int

    flags, parser = flags_of_class("file.py", Required), Parser("try", "")
    flags.add_to(parser)
    with pytest.raises(UsageError, match=r"file\.py needs a value for --n-rows INT"):
        check_required(flags, parser.parse([]))


@pytest.mark.parametrize("kind", [Training, *map(method_class, method_names())])
def test_every_option_of_vernal_is_documented(kind: type) -> None:
    flags = flags_of_class("it", kind)
    assert [argument.name for argument in flags.arguments if argument.name not in flags.docs] == []
