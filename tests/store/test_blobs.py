from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.doubles import overwrite
from vernal.base import CorruptState, StateError, StateNotFound
from vernal.store import Blobs, Files, open_files


@pytest.fixture
def blobs(files: Files) -> Blobs:
    return Blobs(files)


@given(data=st.binary(max_size=100))
def test_what_comes_out_is_what_went_in(data: bytes) -> None:
    blobs = Blobs(open_files("memory://blobs-law", cache=Path("unused")))
    name = blobs.put(data)
    assert name == hashlib.sha256(data).hexdigest()
    assert (blobs.get(name), blobs.size(name)) == (data, len(data))
    assert name in blobs


def test_the_same_bytes_are_stored_once(blobs: Blobs, files: Files) -> None:
    first, second = blobs.put(b"weights"), blobs.put(b"weights")
    assert first == second
    assert [*blobs] == [first]
    assert files.bytes_written == 7


def test_a_file_is_taken_over(blobs: Blobs, files: Files, tmp_path: Path) -> None:
    for _ in range(2):
        (tmp_path / "model").write_bytes(b"weights")
        name = blobs.put_file(tmp_path / "model")
        assert not (tmp_path / "model").exists()
    assert blobs.get(name) == blobs.path(name).read_bytes() == b"weights"
    assert files.bytes_written == 7


def test_several_are_read_in_the_order_asked_for(blobs: Blobs) -> None:
    names = [blobs.put(data) for data in (b"1", b"2", b"3")]
    assert blobs.get_many(names[::-1]) == [b"3", b"2", b"1"]
    with pytest.raises(StateNotFound, match="Blob 000000000000 is not in"):
        blobs.get_many([names[0], "0" * 64])


@pytest.mark.parametrize("read", ["get", "path", "size", "modified"])
def test_a_missing_blob_is_not_found(blobs: Blobs, read: str) -> None:
    with pytest.raises(StateNotFound, match=r"Blob 000000000000 is not in .* from a backup"):
        getattr(blobs, read)("0" * 64)


@pytest.mark.parametrize("name", ["", "ab", "../" * 22, "A" * 64])
def test_what_is_no_hash_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(StateError, match="is not the hash of a blob, which has 64 hexadecimal digits"):
        blobs.get(name)


@pytest.mark.parametrize("damage", [b"Weights", b"weight", b"weights!", b""])
@pytest.mark.parametrize("read", ["get", "path"])
def test_a_damaged_blob_is_named(
    blobs: Blobs, files: Files, reopen: Callable[[], Files], damage: bytes, read: str
) -> None:
    name = blobs.put(b"weights")
    blobs.path(name)
    overwrite(files, f"blobs/{name[:2]}/{name}", damage)
    for reader in (blobs, Blobs(reopen())):
        with pytest.raises(CorruptState, match=f"Blob {name[:12]} in .* is damaged.* roll back"):
            getattr(reader, read)(name)
    assert blobs.damaged() == [name]


def test_putting_the_bytes_again_heals_a_damaged_blob(local: Files) -> None:
    blobs = Blobs(local)
    name = blobs.put(b"weights")
    overwrite(local, f"blobs/{name[:2]}/{name}", b"Weights")
    assert Blobs(local).put(b"weights") == name
    assert blobs.path(name).read_bytes() == b"weights"
    assert blobs.damaged() == []


def test_a_damaged_copy_is_fetched_anew(tmp_path: Path) -> None:
    files = open_files("memory://damaged-copy", cache=tmp_path)
    blobs = Blobs(files)
    name = blobs.put(b"weights")
    blobs.path(name).write_bytes(b"we")
    assert blobs.path(name).read_bytes() == b"weights"


def test_rot_that_no_stat_shows_is_found_by_hashing_everything(local: Files) -> None:
    blobs = Blobs(local)
    name = blobs.put(b"weights")
    path = blobs.path(name)
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"Weights")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert blobs.path(name) == path
    assert blobs.damaged() == [name]


def test_an_old_blob_that_is_put_again_is_young(local: Files) -> None:
    blobs = Blobs(local)
    name = blobs.put(b"weights")
    os.utime(blobs.path(name), (0, 0))
    assert blobs.modified(name).year == 1970
    blobs.put(b"weights")
    assert blobs.modified(name).year > 1970


def test_files_that_are_no_blobs_are_left_out(blobs: Blobs, files: Files) -> None:
    name = blobs.put(b"weights")
    files.write("blobs/README", b"")
    assert [*blobs] == [name]


def test_a_removed_blob_is_gone_with_its_copy(blobs: Blobs) -> None:
    name = blobs.put(b"weights")
    copy = blobs.path(name)
    blobs.remove(name)
    blobs.remove(name)
    assert name not in blobs
    assert not copy.exists()
