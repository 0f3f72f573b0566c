"""Methods that replay let the user choose which rows are kept."""

import pytest

from vernal.base import ConfigError
from vernal.memory import Balanced, Everything, Reservoir, SlidingWindow
from vernal.methods import DER, ER, DERpp, OfflineER
from vernal.testing import toy_update

REPLAYING = [ER, DER, DERpp, OfflineER]


@pytest.mark.parametrize("method", REPLAYING)
def test_the_selection_is_the_users(method):
    assert method(memory_size=9).policy() == Reservoir(9)
    assert method(memory_size=9, selection="balanced").policy() == Balanced(9)
    assert method(memory_size=9, selection="window").policy() == SlidingWindow(9)
    assert method(memory_size=None).policy() == Everything()


@pytest.mark.parametrize("method", REPLAYING)
def test_an_unknown_selection_is_an_error_at_once(method):
    with pytest.raises(ConfigError, match="No selection is called 'random'"):
        method(selection="random")


def test_a_memory_without_bound_keeps_every_row_in_order(tmp_path):
    for chunk in (1, 2, 3):
        result = toy_update(tmp_path / "store", ER(memory_size=None), chunk, rows=20)
    assert result.record["memory"] == {"rows": 60, "seen": 60, "segments": 3}
    assert result.record["plan"]["method"]["options"]["memory_size"] is None
