"""How to tune, as options of the command line: ranges in the place of values, and what else a search needs."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_type_hints

from vernal.base import ConfigError, Problem
from vernal.cli.docs import argument_docs
from vernal.cli.flags import Flags
from vernal.cli.parser import Parser

if TYPE_CHECKING:
    from vernal.config import Argument
    from vernal.space import Range
    from vernal.tuning import Tuning

NOTE = """\
Tuning chooses values from ranges. Almost every value may be one, quoted for the shell:
  --lr 'loguniform(1e-4, 1e-1)' --alpha 'uniform(0, 1)' --batch-size 'choice(32, 128)' --method 'choice(er, derpp)'
Ranges are uniform(LOW, HIGH) and uniform(LOW, HIGH, step=STEP), loguniform(LOW, HIGH) (every order of magnitude as
likely), randint(LOW, HIGH) and lograndint(LOW, HIGH) for whole numbers, and choice(A, B, ...). Conditions may follow:
  --momentum 'uniform(0.5, 0.99) if optimizer=SGD|Momentum and depth=2'
--range names what has no option of its own, or not one alone: that of one of several methods, or of a term:
  --range 'er.memory_batch=choice(32, 64)' --range 'distil.weight=loguniform(0.1, 10)'
Beside a range, a value is what the first trial has: --lr 0.01 --range 'lr=loguniform(1e-4, 1e-1)'.
Any range, --tune, and any option below turn tuning on. Where no value but the method is a range, it takes those of
`space_fn` in the config file; if there is none, the learning rate and what method and terms propose."""
RANGE = "NAME=RANGE"
# One at a time. `workers` of training read data; those of tuning train trials.
_SPELLED = {"constraints": "constraint", "workers": "trial_workers"}


def add_ranges(parser: Parser) -> None:
    """Offer what turns tuning on and has no field of `Tuning`."""
    parser.add_argument(
        "--range",
        dest="ranges",
        metavar=RANGE,
        action="append",
        help="choose this from a range, see tuning below; may be given several times",
    )
    parser.add_argument("--tune", action="store_true", help="tune, though no value is a range; see tuning below")


def tuning_flags() -> Flags:
    """The fields of `Tuning`: what may be an object in Python is its name here."""
    from vernal.tuning import Tuning

    hints = get_type_hints(Tuning)
    found = [_argument(field, hints[field.name]) for field in dataclasses.fields(Tuning)]
    docs = {_SPELLED.get(name, name): text for name, text in argument_docs(Tuning.__doc__).items()}
    return Flags("tuning", found, docs, NOTE, repeated=[one.name for one in found if one.type.kind is tuple])


def tuning_of(flags: Flags, values: Namespace) -> Tuning | None:
    """How to tune; None if nothing was said about it.

    Raises:
        ConfigError: values that cannot be; everything at once.
    """
    from vernal.tuning import Tuning

    given = flags.values(values)
    if not given and not values.tune:
        return None
    fields = {spelled: name for name, spelled in _SPELLED.items()}
    return Tuning(**{fields.get(name, name): value for name, value in given.items()})


def split_ranges(texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Values and ranges, apart, as they were typed.

    Examples:
        >>> split_ranges({"lr": "uniform(0, 1)", "name": "uniform"})
        ({'name': 'uniform'}, {'lr': 'uniform(0, 1)'})
    """
    from vernal.space import is_range

    ranges = {name: text for name, text in texts.items() if is_range(text)}
    return {name: text for name, text in texts.items() if name not in ranges}, ranges


def read_ranges(typed: Mapping[str, str], named: Sequence[str], problems: list[Problem]) -> dict[str, Range]:
    """All ranges of a command line, by name; what is wrong with any is added to the problems.

    Args:
        typed: those in the place of values, by name.
        named: those of ``--range``.
        problems: what is wrong so far.
    """
    pairs = [*typed.items(), *(_named(text, problems) for text in named)]
    found: dict[str, Range] = {}
    for name, text in pairs:
        if name in found:
            problems.append(Problem(name, "has two ranges.", "Give one."))
        elif name and (one := _read(name, text, problems)) is not None:
            found[name] = one
    return found


def _named(text: str, problems: list[Problem]) -> tuple[str, str]:
    name, equals, spelled = text.partition("=")
    if equals and name.strip():
        return name.strip().replace("-", "_"), spelled.strip()
    what = f"{text!r} is not spelled {RANGE}."
    problems.append(Problem("range", what, "For example: --range 'er.memory_batch=choice(32, 64)'."))
    return "", ""


def _read(name: str, text: str, problems: list[Problem]) -> Range | None:
    from vernal.space import read_range

    try:
        return read_range(text)
    except ConfigError as error:
        problems += [Problem(name, problem.what, problem.fix) for problem in error.problems]
        return None


def _argument(field: dataclasses.Field[Any], hint: Any) -> Argument:
    from vernal.config import Argument, Type

    kind = Type(str) if hint is Any else Type.of(hint)  # Not optional: "none" is a kind of transfer.
    return Argument(_SPELLED.get(field.name, field.name), kind, field.default, ("tuning",))
