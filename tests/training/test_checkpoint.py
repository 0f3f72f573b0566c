import pytest
import torch

from vernal.base import StateError
from vernal.training import Checkpoint


class Noted:
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_what_was_saved_last_is_loaded(tmp_path):
    checkpoint = Checkpoint(tmp_path / "deep" / "checkpoint.safetensors")
    assert checkpoint.load() is None
    for steps in (1, 2):
        checkpoint.save({"steps": steps, "w": torch.full((2,), float(steps))})
    found = checkpoint.load()
    assert (found["steps"], found["w"].tolist()) == (2, [2, 2])
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["checkpoint.safetensors"]


def test_half_a_checkpoint_is_none(tmp_path):
    checkpoint = Checkpoint(tmp_path / "checkpoint")
    checkpoint.save({"steps": 1})
    (tmp_path / "checkpoint").write_bytes((tmp_path / "checkpoint").read_bytes()[:-1])
    assert checkpoint.load() is None


def test_a_disk_that_refuses_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StateError, match="could not be written: .*The last good one is kept"):
        Checkpoint(tmp_path / "file" / "checkpoint").save({"steps": 1})


def test_what_is_discarded_is_gone(tmp_path):
    checkpoint = Checkpoint(tmp_path / "checkpoint")
    checkpoint.discard()
    checkpoint.save({"steps": 1})
    checkpoint.discard()
    assert checkpoint.load() is None


def test_a_checkpoint_of_another_beginning_does_not_count_and_is_gone(tmp_path):
    told, path = Noted(), tmp_path / "checkpoint"
    Checkpoint(path, "before the erasure").save({"steps": 1})
    assert Checkpoint(path, "before the erasure", told).load() == {"steps": 1}
    assert told.notes == []
    assert Checkpoint(path, "after it", told).load() is None
    assert told.notes == ["the checkpoint is not used: after it came an erasure, or another version of vernal"]
    assert not path.exists()
