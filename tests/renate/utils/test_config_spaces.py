import pytest

from vernal.base import ConfigError
from vernal.renate.tuning import config_spaces
from vernal.renate.utils.config_spaces import config_space


def test_a_space_is_one_of_its_own():
    config_space("ER").clear()
    assert str(config_space("ER")["learning_rate"]) == "loguniform(0.001, 0.5)"


def test_both_versions_of_renate_find_it():
    assert config_spaces.config_space is config_space


def test_there_is_no_proposal_for_other_updaters():
    with pytest.raises(ConfigError, match="Renate had no configuration space for 'GDumb'. Available: DER, ER, Offline"):
        config_space("GDumb")
