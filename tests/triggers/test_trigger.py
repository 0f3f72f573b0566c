from datetime import datetime

import pytest

from tests.triggers.doubles import NOW
from vernal.base import ConfigError
from vernal.triggers import Facts, Rows, Settled


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ConfigError, match="`now` must have a time zone, got 2026-01-01T00:00:00"):
        Facts(datetime(2026, 1, 1))


def test_unless_it_says_otherwise_an_update_changes_nothing_and_what_it_fires_for_holds():
    trigger, state = Rows(5), {"rows": 3}
    assert trigger.settle(state, Settled(NOW, promoted=True)) == state
    assert trigger.holds(state)
    assert trigger.needs == frozenset()
