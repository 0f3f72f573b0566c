"""Every room has one door, `__all__`, and the door is complete."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import vernal

ROOMS = [f"vernal.{module.name}" for module in pkgutil.iter_modules(vernal.__path__) if module.ispkg]


def door(module: ModuleType) -> list[str]:
    return list(getattr(module, "__all__", []))


def is_ours(value: object) -> bool:
    """Defined in vernal, or a plain constant; not a module or a flag, and not somebody else's class or function."""
    home = getattr(value, "__module__", None) or "vernal"
    return not isinstance(value, ModuleType | bool) and home.partition(".")[0] == "vernal"


def test_the_rooms_are_found() -> None:
    assert "vernal.base" in ROOMS
    assert len(ROOMS) >= 8


@pytest.mark.parametrize("name", ["vernal", *ROOMS])
def test_a_door_is_sorted_and_names_nothing_twice(name: str) -> None:
    names = door(importlib.import_module(name))
    assert names == sorted(set(names))


@pytest.mark.parametrize("name", ["vernal", *ROOMS])
def test_a_door_names_only_what_is_there(name: str) -> None:
    room = importlib.import_module(name)
    assert [export for export in door(room) if not hasattr(room, export)] == []


@pytest.mark.parametrize("name", ["vernal", *ROOMS])
def test_a_door_names_everything_public(name: str) -> None:
    room = importlib.import_module(name)
    public = {k for k, v in vars(room).items() if not k.startswith("_") and is_ours(v)}
    assert public - set(door(room)) == set()
