import torch

from tests.memory.doubles import FolderBlobs, admitted, numbers
from tests.training.jobs import CPU
from vernal.memory import Everything, Memory
from vernal.training import MemoryReplay, Transforms


def replay(folder, rows=20, transforms=None, **others):
    memory = admitted(
        Memory(FolderBlobs(folder / "blobs"), 0), numbers(0, rows), Everything(), 1, folder, lambda p: {"z": p.float()}
    )
    return MemoryReplay(memory, transforms or Transforms(), CPU, seed=5, **others)


def test_a_draw_has_rows_and_what_is_kept_with_them(tmp_path):
    batch = replay(tmp_path).draw(6)
    assert batch["x"].shape == (6, 2)
    assert batch["z"].tolist() == batch["x"][:, 0].tolist()
    assert batch["y"].tolist() == [int(z) % 3 for z in batch["z"]]


def test_a_memory_smaller_than_a_draw_comes_whole(tmp_path):
    replayed = replay(tmp_path, rows=3)
    for _ in range(3):
        assert sorted(replayed.draw(8)["z"].tolist()) == [0, 1, 2]
    assert (len(replayed), replayed.position) == (3, 9)


def test_draws_go_on_from_a_position(tmp_path):
    whole = replay(tmp_path, transforms=Transforms(x=lambda x: x + torch.rand(())))
    drawn = [whole.draw(7) for _ in range(5)]
    later = replay(tmp_path, transforms=Transforms(x=lambda x: x + torch.rand(())), position=14)
    for batch in drawn[2:]:
        assert torch.equal(later.draw(7)["x"], batch["x"])


def test_every_draw_has_a_randomness_of_its_own(tmp_path):
    replayed = replay(tmp_path, rows=3, transforms=Transforms(x=lambda x: torch.rand(())))
    assert not torch.equal(replayed.draw(3)["x"], replayed.draw(3)["x"])


def test_transforms_are_applied_on_reading(tmp_path):
    batch = replay(tmp_path, transforms=Transforms(x=lambda x: 2 * x, y=lambda y: y // 5)).draw(20)
    assert batch["x"][:, 0].tolist() == [2 * z for z in batch["z"].tolist()]
    assert batch["y"].tolist() == [int(z) % 3 // 5 for z in batch["z"]]


def test_processes_share_a_draw(tmp_path):
    shares = [replay(tmp_path, rank=rank, ranks=3).draw(8)["z"].tolist() for rank in range(3)]
    assert sorted(sum(shares, [])) == sorted(replay(tmp_path).draw(8)["z"].tolist())
    assert [len(part) for part in shares] == [3, 3, 2]


def test_an_empty_memory_has_a_length():
    assert len(MemoryReplay(Memory(None, 0), Transforms(), CPU, seed=0)) == 0
