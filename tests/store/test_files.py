from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import StateError
from vernal.store import Files, open_files

NAMES = st.text("abst1-", min_size=1, max_size=4)


class Listed(MemoryFileSystem):
    """A file system that remembers its listings, as those of object stores do."""

    protocol = "listed"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return MemoryFileSystem._strip_protocol(path.removeprefix("listed://"))

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        path = self._strip_protocol(path)
        if path not in self.dircache:
            self.dircache[path] = super().ls(path, detail=True, **options)
        return self.dircache[path] if detail else [found["name"] for found in self.dircache[path]]

    def find(self, path: str, **options: Any) -> Any:
        return AbstractFileSystem.find(self, path, **options)

    def info(self, path: str, **options: Any) -> Any:
        return AbstractFileSystem.info(self, path, **options)

    def invalidate_cache(self, path: str | None = None) -> None:
        self.dircache.clear()


LOOKS: list[tuple[Callable[[Files], object], object, object]] = [
    (lambda files: files.is_empty(), False, True),
    (lambda files: [*files.list("x")], ["x/1"], []),
    (lambda files: files.exists("x/1"), True, False),
]


@pytest.mark.parametrize(("look", "before", "after"), LOOKS)
def test_what_others_have_done_is_seen_at_once(
    tmp_path: Path, look: Callable[[Files], object], before: object, after: object
) -> None:
    fsspec.register_implementation("listed", Listed, clobber=True)
    files, others = open_files(f"listed://{tmp_path}", tmp_path), open_files(f"memory://{tmp_path}", tmp_path)
    others.write("x/1", b"")
    assert look(files) == before
    others.remove("x/1")
    assert look(files) == after


def test_what_was_written_is_read(files: Files) -> None:
    files.write("a/b/c", b"one")
    files.write("a/b/c", b"two")
    assert (files.read("a/b/c"), files.size("a/b/c"), files.bytes_written) == (b"two", 3, 6)


def test_many_are_read_in_the_order_asked_for(files: Files) -> None:
    for name in "abc":
        files.write(f"x/{name}", name.encode())
    assert files.read_many(["x/c", "x/a", "x/b"]) == [b"c", b"a", b"b"]
    assert files.read_many(["x/b"]) == [b"b"]
    assert files.read_many([]) == []


@pytest.mark.parametrize("read", ["read", "size", "local", "modified"])
def test_what_is_not_there_is_not_found(files: Files, read: str) -> None:
    files.write("a/b", b"")
    if files.is_local and read == "local":
        assert not files.local("a/c").exists()
        return
    with pytest.raises(FileNotFoundError, match="^a/c$"):
        getattr(files, read)("a/c")


def test_one_missing_of_many_is_named(files: Files) -> None:
    files.write("a/b", b"")
    with pytest.raises(FileNotFoundError, match="^a/c$"):
        files.read_many(["a/b", "a/c"])


def test_only_the_first_creates(files: Files, reopen: Callable[[], Files]) -> None:
    files.create("journal/1", b"mine")
    with pytest.raises(FileExistsError, match="journal/1"):
        reopen().create("journal/1", b"theirs")
    assert files.read("journal/1") == b"mine"
    assert [*files.leftovers("journal")] == []


def test_a_prefix_is_a_folder_and_not_the_beginning_of_a_name(files: Files) -> None:
    files.write("st/a", b"")
    files.write("st1/b", b"")
    files.write("st/deep/c", b"")
    assert [*files.list("st")] == ["st/a", "st/deep/c"]
    assert [*files.list("s")] == []
    assert [*files.list("st/a")] == []


def test_a_neighbour_with_a_longer_name_is_another_store(tmp_path: Path) -> None:
    for base in (str(tmp_path / "st"), "memory://neighbour/st"):
        one, other = open_files(base, cache=tmp_path), open_files(base + "1", cache=tmp_path)
        other.write("b", b"")
        assert one.is_empty()
        assert [*one.list("")] == []


@given(folders=st.sets(NAMES, min_size=1, max_size=4), asked=NAMES)
def test_listing_gives_exactly_what_lies_below(folders: set[str], asked: str) -> None:
    files = open_files(f"memory://law/{'+'.join(sorted(folders))}/{asked}", cache=Path("unused"))
    for folder in folders:
        files.write(f"{folder}/x", b"")
    assert [*files.list(asked)] == ([f"{asked}/x"] if asked in folders else [])


def test_a_file_is_taken_over(files: Files, tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"weights" * 1000)
    files.put_file("blobs/m", source)
    assert not source.exists()
    assert files.read("blobs/m") == b"weights" * 1000
    assert files.local("blobs/m").read_bytes() == b"weights" * 1000
    assert files.bytes_written == 7000


@pytest.mark.parametrize("other_name", ["symlink_to", "hardlink_to"])
def test_a_file_that_has_other_names_is_copied(local: Files, tmp_path: Path, other_name: str) -> None:
    original, source = tmp_path / "original", tmp_path / "name"
    original.write_bytes(b"weights")
    getattr(source, other_name)(original)
    local.put_file("blobs/m", source)
    original.write_bytes(b"changed")
    assert local.read("blobs/m") == b"weights"
    assert not source.exists()


def test_a_file_from_another_disk_is_copied(local: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"weights")
    replace = Path.replace

    def replace_on_one_disk(self: Path, target: Path) -> Path:
        if self == source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace_on_one_disk)
    local.put_file("blobs/m", source)
    assert local.read("blobs/m") == b"weights"
    assert not source.exists()


def test_without_hard_links_still_only_the_first_creates(local: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    local.create("journal/1", b"mine")
    with pytest.raises(FileExistsError):
        local.create("journal/1", b"theirs")
    assert local.read("journal/1") == b"mine"
    assert [*local.list("journal")] == ["journal/1"]


def test_a_drive_that_knows_neither_modes_nor_folders_to_be_forced_will_do(
    local: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def no_modes(self: Path, mode: int) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def no_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(Path, "chmod", no_modes)
    monkeypatch.setattr(os, "fsync", no_folders)
    (tmp_path / "source").write_bytes(b"3")
    local.write("a/1", b"1")
    local.create("a/2", b"2")
    local.put_file("a/3", tmp_path / "source")
    assert local.read_many(["a/1", "a/2", "a/3"]) == [b"1", b"2", b"3"]


def test_what_is_stored_is_read_only_for_all_whom_the_umask_lets_read(local: Files) -> None:
    before = os.umask(0o022)
    try:
        local.write("a", b"")
        local.create("b", b"")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(local.local(name).stat().st_mode) for name in "ab"] == [0o444, 0o444]


def test_removing_removes_copies_too(files: Files) -> None:
    files.write("a/b", b"x")
    copy = files.local("a/b")
    files.remove("a/b")
    files.remove("a/b")
    assert not files.exists("a/b")
    assert not copy.exists()


def test_the_time_of_a_file_is_the_time_it_was_written(files: Files) -> None:
    files.write("a", b"")
    assert abs(files.modified("a") - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_touched_file_is_young(local: Files) -> None:
    local.write("a", b"")
    os.utime(local.local("a"), (0, 0))
    local.touch("a")
    assert local.modified("a") > datetime.now(UTC) - timedelta(minutes=1)


def test_temporary_files_are_nobodys_files(local: Files) -> None:
    local.write("journal/1", b"")
    (local.folder / "journal/.vernal-dead.tmp").write_bytes(b"half")
    (local.folder / ".vernal-dead.tmp").write_bytes(b"half")
    assert [*local.list("journal")] == ["journal/1"]
    assert [*local.leftovers("journal")] == ["journal/.vernal-dead.tmp"]


def test_an_empty_place_may_hold_temporary_files_only(files: Files) -> None:
    assert files.is_empty()
    if files.is_local:
        files.folder.mkdir()
        (files.folder / ".vernal-dead.tmp").write_bytes(b"half")
        assert files.is_empty()
    files.write("a/b", b"")
    assert not files.is_empty()


def test_a_file_in_the_place_of_a_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    files = open_files(tmp_path / "file")
    with pytest.raises(StateError, match=r"a/b could not be written to .*file.* Check the address"):
        files.write("a/b", b"")
    with pytest.raises(StateError, match=r"a/b in .*file could not be read: .*Check the address"):
        files.read("a/b")


@pytest.mark.parametrize("verb", ["write", "create"])
@pytest.mark.parametrize("failing", ["fsync", "write_bytes"])
def test_a_full_disk_is_explained_and_nothing_is_seen(
    local: Files, monkeypatch: pytest.MonkeyPatch, verb: str, failing: str
) -> None:
    local.write("a/old", b"old")
    full = OSError(errno.ENOSPC, "No space left on device")

    def half(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise full

    def no_sync(handle: int) -> None:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr(*((Path, failing, half) if failing == "write_bytes" else (os, failing, no_sync)))
        with pytest.raises(StateError, match="no room for its 2,000 bytes. Free some space and run") as e:
            getattr(local, verb)("a/new", b"x" * 2000)
    assert e.value.__cause__ is full
    assert [*local.list("a")] == ["a/old"]
    assert [*local.leftovers("a")] == []  # What was half-written gave its room back.


LIMITED = """
import resource, sys
from pathlib import Path
from typing import Any
from vernal.base import StateError
from vernal.store import open_files

files = open_files(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    files.write("a/new", b"x" * 200_000)
except StateError as error:
    print(error)
"""


def test_a_write_that_the_system_cuts_off_is_explained_and_nothing_is_seen(local: Files) -> None:
    run = subprocess.run([sys.executable, "-c", LIMITED, local.url], capture_output=True, text=True, check=True)
    assert "there is no room for its 200,000 bytes" in run.stdout
    assert "nothing half-written can be seen" in run.stdout
    assert [*local.list("a"), *local.leftovers("a")] == []
