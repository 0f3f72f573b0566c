import pytest

from vernal.base import ConfigError
from vernal.methods import method_name
from vernal.renate.updaters import LATER, UPDATERS, shorthand, updater_class


@pytest.mark.parametrize("name", UPDATERS)
def test_a_shorthand_leads_to_a_method_and_back(name):
    method = updater_class(name)().method()
    assert isinstance(method, updater_class(name).kind)
    assert shorthand(method_name(method)) == name


@pytest.mark.parametrize("name", LATER)
def test_those_that_come_later_are_named(name):
    with pytest.raises(ConfigError, match=f"The updater '{name}' is not there yet; it comes with a later version"):
        updater_class(name)
