"""Methods that replay let the user choose which rows are kept."""

import pytest

from vernal.base import ConfigError
from vernal.config import options_of
from vernal.memory import Balanced, Everything, GradientMatching, Herding, KCenter, Reservoir, SlidingWindow
from vernal.methods import DER, ER, GDumb, method_class, method_names
from vernal.testing import toy_update

POLICIES = {
    "reservoir": Reservoir,
    "balanced": Balanced,
    "window": SlidingWindow,
    "herding": Herding,
    "k_center": KCenter,
    "gradient_matching": GradientMatching,
}
REPLAYING = [
    name
    for name in method_names()
    if name != "gdumb" and "selection" in {o.name for o in options_of(method_class(name), name)}
]


def test_the_methods_that_replay_are_found():
    assert {"er", "der", "derpp", "offline_er", "er_ace", "cls_er", "agem"} <= {*REPLAYING}


@pytest.mark.parametrize("name", REPLAYING)
def test_the_selection_is_the_users(name):
    method = method_class(name)
    for selection, policy in POLICIES.items():
        assert method(memory_size=9, selection=selection).policy() == policy(9)
    assert method(memory_size=None).policy() == Everything()


@pytest.mark.parametrize("name", REPLAYING)
def test_an_unknown_selection_is_an_error_at_once(name):
    with pytest.raises(ConfigError, match="No selection is called 'random'"):
        method_class(name)(selection="random")


@pytest.mark.parametrize("name", REPLAYING)
def test_the_command_line_knows_all_of_them(name):
    option = next(o for o in options_of(method_class(name), name) if o.name == "selection")
    assert [option.type.read(selection) for selection in POLICIES] == [*POLICIES]


def test_gdumb_selects_before_it_trains():
    assert GDumb(memory_size=9).policy() == Balanced(9)
    assert GDumb(memory_size=9, selection="gradient_matching").policy() == GradientMatching(9)
    with pytest.raises(ConfigError, match="No selection is called 'random'"):
        GDumb(selection="random")


@pytest.mark.parametrize("selection", ["herding", "k_center", "gradient_matching"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_rows_are_selected_by_what_models_make_of_them(selection, task, tmp_path):
    for chunk, rows in ((1, 12), (2, 12), (3, 12)):
        result = toy_update(tmp_path, DER(memory_size=12, memory_batch=4, selection=selection), chunk, task=task)
        assert result.record["memory"]["rows"] == rows


def test_a_memory_without_bound_keeps_every_row_in_order(tmp_path):
    for chunk in (1, 2, 3):
        result = toy_update(tmp_path / "store", ER(memory_size=None), chunk, rows=20)
    assert result.record["memory"] == {"rows": 60, "seen": 60, "segments": 3}
    assert result.record["plan"]["method"]["options"]["memory_size"] is None
