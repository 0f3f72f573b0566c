from __future__ import annotations

from pathlib import Path

import pytest

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
