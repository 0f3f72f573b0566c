import pytest

from tests.methods.outsiders import Anchored
from vernal.base import ConfigError
from vernal.methods import ER, method_class, method_name, method_names


def test_names_and_classes_are_each_others_reverse():
    assert [method_name(method_class(name)) for name in method_names()] == method_names()


def test_a_users_method_has_the_name_of_its_class():
    assert method_name(Anchored()) == "Anchored"
    assert method_name(ER) == "er"


def test_a_misspelt_name_gets_a_suggestion():
    with pytest.raises(ConfigError, match="No method is called 'derp'.*Did you mean 'der"):
        method_class("derp")
