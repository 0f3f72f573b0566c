"""Every method of the door, held to the contract."""

import inspect

import pytest

from vernal.methods import method_class, method_names
from vernal.testing import MethodSuite

# Baselines and folklore that no paper introduced.
WITHOUT_PAPER = {"fine_tune", "joint", "offline_er"}
SMALL = {
    "memory_size": 20,
    "memory_batch": 8,
    "plastic_decay": 0.8,
    "stable_decay": 0.8,
    "layers": ("0",),
    "projections": 64,
}


def suite_of(name):
    kind = method_class(name)
    options = {option: SMALL[option] for option in SMALL if option in inspect.signature(kind).parameters}

    class Suite(MethodSuite):
        def method(self):
            return kind(**options)

    Suite.__name__ = Suite.__qualname__ = f"Test{kind.__name__}"
    return Suite


globals().update({suite.__name__: suite for suite in map(suite_of, method_names())})


def test_the_methods_are_found():
    assert "er" in method_names()
    assert len(method_names()) >= 7
    assert issubclass(globals()["TestER"], MethodSuite)


@pytest.mark.parametrize("name", method_names())
def test_a_method_names_its_paper(name):
    text = inspect.getdoc(method_class(name))
    assert ("References:" in text and "https://" in text) != (name in WITHOUT_PAPER)
