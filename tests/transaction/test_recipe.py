"""A method can be made again in another process, wherever its class is defined."""

from dataclasses import dataclass, field

import pytest

from tests.transaction.stream import CONFIG, write_config
from vernal.base import ConfigError
from vernal.config import load_config
from vernal.methods import Compatible, FineTune, Term
from vernal.transaction.recipe import Recipe

OWN = """
from dataclasses import dataclass
from vernal.methods import FineTune

@dataclass
class Own(FineTune):
    strength: float = 0.5

def method_fn():
    return Own(0.25)
"""


@dataclass
class Counting(FineTune):
    start: int = 3
    count: int = field(init=False, default=0)


def test_what_a_method_counts_itself_is_none_of_its_options():
    assert Recipe.of(Counting(4)).options == {"start": 4}
    assert Recipe.of(Counting(4)).make() == Counting(4)


def test_a_class_of_the_config_file_is_found_after_the_file_was_loaded_again(tmp_path):
    path = write_config(tmp_path, CONFIG + OWN)
    recipe = Recipe.of(load_config(path).call("method_fn", {}))
    load_config(path)
    assert vars(recipe.make()) == {"strength": 0.25}


def test_a_class_inside_a_function_is_refused():
    @dataclass
    class Inner(FineTune):
        pass

    with pytest.raises(ConfigError, match=r"Inner of the method is not at the top of a module.*method_fn"):
        Recipe.of(Inner())


def test_a_term_can_be_made_again():
    assert Recipe.of(Compatible(weight=3.0)).make() == Compatible(weight=3.0)


def test_a_term_inside_a_function_is_refused():
    @dataclass
    class Inner(Term):
        def loss(self, step):
            return None

    with pytest.raises(ConfigError, match=r"Inner of the term is not at the top of a module.*terms_fn"):
        Recipe.of(Inner())
