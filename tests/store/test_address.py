from __future__ import annotations

from pathlib import Path

import pytest
from fsspec.registry import known_implementations

from vernal.base import MissingExtra, StateError
from vernal.store import open_files


def test_a_path_a_name_and_a_file_url_are_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    urls = {open_files(where).url for where in ("s", Path("s"), tmp_path / "s", f"file://{tmp_path}/s")}
    assert urls == {str(tmp_path / "s")}


def test_the_tilde_is_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_files("~/s").url == str(tmp_path / "s")


def test_remote_stores_have_a_local_folder_each(tmp_path: Path) -> None:
    folders = {open_files(f"memory://{name}", tmp_path).folder for name in ("a", "a/", "b")}
    assert len(folders) == 2
    assert {folder.parent for folder in folders} == {tmp_path}


def test_copies_lie_in_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert open_files("memory://a").folder.is_relative_to(tmp_path / "vernal")


def test_a_file_system_that_nobody_knows_is_told() -> None:
    with pytest.raises(StateError, match="^There is no file system 'foo'. Name a folder, or a URL that fsspec knows"):
        open_files("foo://bucket/store")


def test_a_library_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"class": "no_such_library.Files", "err": "Install no_such_library to access Nowhere"}
    monkeypatch.setitem(known_implementations, "nowhere", facts)
    with pytest.raises(
        MissingExtra, match="^nowhere:// needs a library that is not installed. Install no_such_library to"
    ):
        open_files("nowhere://bucket/store")


def test_file_systems_can_follow_one_another(tmp_path: Path) -> None:
    open_files("simplecache::memory://store", tmp_path)
