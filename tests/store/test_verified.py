from __future__ import annotations

import os
from pathlib import Path

import pytest

from vernal.store import verified
from vernal.store.verified import Verified, hash_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were hashed."""
    seen: list[Path] = []

    def counting(path: Path) -> str:
        seen.append(path)
        return hash_file(path)

    monkeypatch.setattr(verified, "hash_file", counting)
    return seen


def test_a_file_is_hashed_once_over_all_processes(tmp_path: Path, file: Path, hashed: list[Path]) -> None:
    name = hash_file(file)
    assert all(Verified(tmp_path / "v").holds(name, file) for _ in range(3))
    assert hashed == [file]


def test_who_wrote_a_file_need_not_hash_it(tmp_path: Path, file: Path, hashed: list[Path]) -> None:
    name = hash_file(file)
    Verified(tmp_path / "v").remember(name, file)
    assert Verified(tmp_path / "v").holds(name, file)
    assert hashed == []


@pytest.mark.parametrize("change", ["content", "size", "time", "inode"])
def test_a_file_that_changed_is_hashed_again(tmp_path: Path, file: Path, hashed: list[Path], change: str) -> None:
    name, marks = hash_file(file), Verified(tmp_path / "v")
    marks.remember(name, file)
    if change == "content":
        file.write_bytes(b"Weights")
        os.utime(file, (0, 0))
    elif change == "size":
        file.write_bytes(b"weight")
    elif change == "time":
        os.utime(file, (0, 0))
    else:
        (tmp_path / "other").write_bytes(b"weights")
        (tmp_path / "other").replace(file)
    assert marks.holds(name, file) == (change in ("time", "inode"))
    assert hashed == [file]


@pytest.mark.parametrize("junk", [b"", b"\xff\xfe\n", b"a b\n", b"a b c d e\n", b"half of a li"])
def test_a_broken_memory_costs_a_hash_and_nothing_else(tmp_path: Path, file: Path, junk: bytes) -> None:
    (tmp_path / "v").write_bytes(junk)
    assert Verified(tmp_path / "v").holds(hash_file(file), file)
    assert not Verified(tmp_path / "v").holds("0" * 64, file)


def test_where_nothing_can_be_remembered_files_are_verified_all_the_same(tmp_path: Path, file: Path) -> None:
    marks = Verified(file / "not a folder")
    assert marks.holds(hash_file(file), file)


def test_only_what_is_kept_stays_remembered(tmp_path: Path, file: Path, hashed: list[Path]) -> None:
    marks = Verified(tmp_path / "v")
    marks.remember("1" * 64, file)
    marks.remember("2" * 64, file)
    marks.keep_only({"1" * 64})
    assert Verified(tmp_path / "v").holds("1" * 64, file)
    assert not Verified(tmp_path / "v").holds("2" * 64, file)
    assert len((tmp_path / "v").read_text().splitlines()) == 1
