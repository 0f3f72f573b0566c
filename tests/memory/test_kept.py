"""What is kept with rows is written anew, and the rows stay where they are."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory.doubles import FolderBlobs, admitted, contents, numbers, reopened
from vernal.base import SchemaMismatch, StateError
from vernal.memory import Everything, Memory, Reservoir


def filled(blobs, tmp_path, annotate=None, updates=4, size=40):
    """A memory of several segments with dead rows in most of them."""
    memory = Memory(blobs, seed=0)
    for update in range(updates):
        memory = admitted(memory, numbers(30 * update, 30), Reservoir(size), update, tmp_path, annotate)
    return memory


def logits(places):
    return {"z": torch.ones(len(places), 3)}


def numbered(memory):
    """Keeps with every row the number that it holds."""
    return lambda places: {"number": memory.leaves(places)["x"][:, 0]}


def row_files(memory):
    return [{n: d for n, d in s.columns.items() if n not in memory.kept} for s in memory.segments]


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
@pytest.mark.parametrize("before", [None, logits], ids=["nothing", "logits"])
def test_every_row_gets_what_belongs_to_it_and_no_row_is_written(blobs, tmp_path, batch, before):
    memory = filled(blobs, tmp_path, before)
    assert sum(segment.rows for segment in memory.segments) > len(memory)
    files = {digest: blobs.path(digest).read_bytes() for digest in memory.needs}
    blobs.put.clear()
    after = reopened(memory.annotated(numbered(memory), tmp_path / "parts", batch), blobs)
    assert after.extra("number").tolist() == contents(after) == contents(memory)
    assert [*after.kept] == ["number"]
    assert row_files(after) == row_files(memory)
    assert all(blobs.path(digest).read_bytes() == content for digest, content in files.items())
    assert len(blobs.put) == len(memory.segments)
    assert {key: value.tolist() for key, value in vars(after.index).items()} == {
        key: value.tolist() for key, value in vars(memory.index).items()
    }
    assert (after.seed, after.n_seen, after.structure) == (memory.seed, memory.n_seen, memory.structure)
    assert torch.equal(after.ids(), memory.ids())


def test_the_model_is_asked_for_every_live_row_once_and_for_no_more_than_a_batch(blobs, tmp_path):
    memory, asked = filled(blobs, tmp_path), []

    def annotate(places):
        asked.append(places.tolist())
        return {"one": torch.ones(len(places))}

    memory.annotated(annotate, tmp_path / "parts", batch=4)
    assert sorted(place for places in asked for place in places) == [*range(40)]
    assert max(map(len, asked)) == 4


@pytest.mark.parametrize(
    ("dtype", "blank"),
    [(torch.float32, None), (torch.float16, None), (torch.bfloat16, None), (torch.float64, None),
     (torch.complex64, None), (torch.int64, 0), (torch.uint16, 0), (torch.uint64, 0), (torch.bool, False)],
)  # fmt: skip
def test_a_row_that_is_dead_gets_nan_or_zero(blobs, tmp_path, dtype, blank):
    memory = filled(blobs, tmp_path)
    after = memory.annotated(lambda places: {"v": torch.ones(len(places), 2).to(dtype)}, tmp_path / "parts", 5)
    assert (after.extra("v").to(torch.complex64) == 1).all()
    segment = after.segments[0]
    raw = torch.frombuffer(bytearray(blobs.path(segment.columns["v"]).read_bytes()[512:]), dtype=dtype).view(-1, 2)
    live = after.index.place[after.index.segment == 0].tolist()
    dead = raw.to(torch.complex64)[[i for i in range(segment.rows) if i not in live]]
    assert len(dead)
    assert (dead.isnan() if blank is None else dead == blank).all()


@settings(max_examples=15)
@given(st.lists(st.integers(1, 25), min_size=1, max_size=8), st.integers(1, 30), st.integers(1, 9))
def test_what_is_kept_goes_on_through_later_updates(tmp_path_factory, chunks, size, batch):
    folder = tmp_path_factory.mktemp("memory")
    memory, start = Memory(FolderBlobs(folder / "blobs"), seed=1), 0
    for update, count in enumerate(chunks):
        keep = (lambda places, start=start: {"number": (places + start).float()}) if memory.kept else None
        memory = admitted(memory, numbers(start, count), Reservoir(size), update, folder, keep)
        memory = memory if memory.kept else memory.annotated(numbered(memory), folder / "parts", batch)
        start += count
        assert memory.extra("number").tolist() == contents(memory)


def test_what_was_kept_may_be_given_again(blobs, tmp_path):
    memory = filled(blobs, tmp_path, lambda places: {"a": places, "b": places.float()})
    after = memory.annotated(lambda places: {"a": memory.extras(places)["a"]}, tmp_path / "parts")
    assert [*after.kept] == ["a"]
    assert torch.equal(after.extra("a"), memory.extra("a"))


def test_a_memory_without_rows_is_annotated_with_nothing(blobs, tmp_path):
    def never(places):
        raise AssertionError

    empty = Memory(blobs, seed=3).annotated(never, tmp_path / "parts")
    assert (len(empty), empty.kept) == (0, {})
    erased = admitted(Memory(blobs, seed=0), numbers(0, 2, ids=[0, 1]), Everything(), 1, tmp_path, logits)
    erased = erased.erase([0, 1], tmp_path / "parts").annotated(never, tmp_path / "parts")
    assert contents(admitted(erased, numbers(5, 2), Everything(), 2, tmp_path, logits)) == [5, 6]


@pytest.mark.parametrize(
    ("annotate", "message"),
    [
        (lambda places: {"x": places}, "`x` is the name of a part of the row"),
        (lambda places: {"z": torch.ones(3)}, r"`z` has shape \(3,\) for 4 rows. Give one value for each row"),
        (lambda places: {"z": torch.tensor(1.0)}, r"`z` has shape \(\) for 4 rows"),
        (
            lambda places: {"z": torch.ones(len(places), 2 + int(places[0] > 20))},
            r"Some rows are kept with `z`: float32\(3\), and others with `z`: float32\(2\)",
        ),
        (
            lambda places: {"z": places} | ({"late": places} if places[0] > 20 else {}),
            "Some rows are kept with `z`: int64.*, `late`: int64.*, and others with `z`",
        ),
    ],
)
def test_annotations_that_do_not_fit_are_refused(blobs, tmp_path, annotate, message):
    memory = filled(blobs, tmp_path)
    with pytest.raises(SchemaMismatch, match=message):
        memory.annotated(annotate, tmp_path / "parts", batch=4)
    assert len(contents(memory)) == 40


def test_a_disk_that_refuses_is_named(blobs, tmp_path):
    memory = filled(blobs, tmp_path)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StateError, match="could not be written"):
        memory.annotated(logits, tmp_path / "file" / "parts")


# Wider shapes


def test_what_is_kept_is_padded_to_a_wider_shape_with_nan(blobs, tmp_path):
    memory = filled(blobs, tmp_path, lambda places: {"z": torch.rand(len(places), 3, 2).half(), "n": places})
    wider = reopened(memory.with_wider_kept({"z": (5, 4)}, tmp_path / "parts"), blobs)
    assert wider.extra("z").shape == (40, 5, 4)
    assert wider.extra("z").dtype == torch.float16
    assert torch.equal(wider.extra("z")[:, :3, :2], memory.extra("z"))
    assert wider.extra("z")[:, 3:].isnan().all()
    assert wider.extra("z")[:, :, 2:].isnan().all()
    assert torch.equal(wider.extra("n"), memory.extra("n"))
    assert row_files(wider) == row_files(memory)


def test_what_is_wide_enough_is_left_as_it_is(blobs, tmp_path):
    memory = filled(blobs, tmp_path, lambda places: {"z": torch.ones(len(places), 3), "n": places})
    blobs.put.clear()
    assert memory.with_wider_kept({"z": (3,), "n": ()}, tmp_path / "parts") is memory
    assert memory.with_wider_kept({}, tmp_path / "parts") is memory
    empty = Memory(blobs, seed=0)
    assert empty.with_wider_kept({"z": (3,)}, tmp_path / "parts") is empty
    assert blobs.put == []


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"z": (2,)}, r"`z` is kept as float32\(3\), which cannot be padded with NaN to float32\(2\)"),
        ({"z": (3, 1)}, r"`z` is kept as float32\(3\), which cannot be padded with NaN to float32\(3, 1\)"),
        ({"n": (4,)}, r"`n` is kept as int64\(3\), which cannot be padded with NaN to int64\(4\)"),
        ({"q": (4,)}, r"Nothing is kept under 'q'. There is: `z`: float32\(3\), `n`: int64\(3\)"),
    ],
)
def test_a_shape_that_padding_cannot_reach_is_refused(blobs, tmp_path, shapes, message):
    kept = {"z": torch.ones(5, 3), "n": torch.ones(5, 3, dtype=torch.int64)}
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5), Everything(), 1, tmp_path, lambda places: kept)
    with pytest.raises(SchemaMismatch, match=message):
        memory.with_wider_kept(shapes, tmp_path / "parts")


def test_a_memory_tells_what_has_grown_from_what_does_not_fit(blobs, tmp_path):
    memory = filled(blobs, tmp_path, logits)
    grown = {"z": torch.ones(2, 5)}
    assert memory.narrower_kept(grown)
    with pytest.raises(SchemaMismatch, match="kept with"):
        memory.check_kept(grown)
    wider = memory.with_wider_kept({"z": (5,)}, tmp_path / "parts")
    wider.check_kept(grown)
    assert not wider.narrower_kept(grown)


@pytest.mark.parametrize(
    "other",
    [
        {"z": torch.ones(2, 3)},
        {"z": torch.ones(2, 2)},
        {"z": torch.ones(2, 5, 1)},
        {"z": torch.ones(2, 5, dtype=torch.float64)},
        {"z": torch.ones(2, 5), "h": torch.ones(2)},
        {"h": torch.ones(2, 5)},
        {},
    ],
    ids=["the same", "narrower", "of more dimensions", "of another type", "more of it", "another name", "nothing"],
)
def test_only_a_longer_dimension_is_growth(blobs, tmp_path, other):
    assert not filled(blobs, tmp_path, logits).narrower_kept(other)
    assert not Memory(blobs, seed=0).narrower_kept(other)
