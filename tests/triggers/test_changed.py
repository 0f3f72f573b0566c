import pytest

from tests.triggers.doubles import NOW, fires, run
from vernal.base import ConfigError
from vernal.triggers import Changed, Facts


def looks(*digests):
    return [Facts(NOW, digests=one) for one in digests]


def test_it_fires_once_for_each_change_of_what_it_watches():
    stream = looks(
        {"code": "a", "config": "x"}, {"code": "a", "config": "y"}, {"code": "b", "config": "y"}, {"code": "b"}
    )
    assert fires(Changed("code"), stream) == [0, 0, 1, 0]
    assert fires(Changed(), stream) == [0, 1, 1, 0]


def test_what_was_not_known_for_a_while_is_compared_when_it_is_known_again():
    assert fires(Changed("schema"), looks({"schema": "a"}, {}, {"schema": "a"}, {}, {"schema": "b"})) == [0, 0, 0, 0, 1]


def test_it_names_what_has_changed():
    _, (_, decision) = run(Changed(), looks({"code": "1a2b", "schema": "s"}, {"code": "3c4d", "schema": "t"}))
    assert decision.why == "What has changed: code (1a2b to 3c4d), schema (s to t)."
    assert decision.evidence["changed"] == ["code", "schema"]


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="watches digests by name, got"):
        Changed("code", 3)
