"""Files of which most rows are dead, or of which there are many, are written anew; nobody notices."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory.doubles import FolderBlobs, admitted, contents, numbers, reopened
from vernal.memory import Everything, Memory, Reservoir, SlidingWindow
from vernal.memory.index import MOST_SEGMENTS


def dead_share(memory):
    return 1 - len(memory) / sum(segment.rows for segment in memory.segments)


def test_the_number_of_files_is_bounded(blobs, tmp_path):
    memory, numbers_seen = Memory(blobs, seed=0), []
    for update in range(2 * MOST_SEGMENTS + 5):
        memory = admitted(memory, numbers(3 * update, 3), Everything(), update, tmp_path, lambda p: {"p": p})
        numbers_seen.append(len(memory.segments))
    assert max(numbers_seen) <= MOST_SEGMENTS
    assert contents(memory) == [*range(3 * (2 * MOST_SEGMENTS + 5))]
    assert memory.extra("p").tolist() == [0, 1, 2] * (2 * MOST_SEGMENTS + 5)
    assert contents(reopened(memory, blobs)) == contents(memory)


def test_most_of_what_lies_on_disk_is_alive(blobs, tmp_path):
    memory = Memory(blobs, seed=0)
    for update in range(25):
        memory = admitted(memory, numbers(200 * update, 200), Reservoir(200), update, tmp_path)
        assert len(memory) == 200
        assert dead_share(memory) <= 0.5


def test_a_file_without_a_live_row_is_no_longer_needed(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 10), SlidingWindow(10), 1, tmp_path)
    first = set(memory.needs)
    memory = admitted(memory, numbers(10, 10), SlidingWindow(10), 2, tmp_path)
    # Both chunks have labels 0, 1, 2, ...; the column of times is all NaN, and so the same bytes.
    assert len(first & set(memory.needs)) <= 2
    assert len(memory.segments) == 1


@settings(max_examples=25)
@given(
    chunks=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    sizes=st.lists(st.integers(1, 40), min_size=12, max_size=12),
    window=st.booleans(),
)
def test_contents_are_those_of_a_list(tmp_path_factory, chunks, sizes, window):
    folder = tmp_path_factory.mktemp("memory")
    memory = Memory(FolderBlobs(folder / "blobs"), seed=1)
    expected, start = [], 0
    for update, (count, size) in enumerate(zip(chunks, sizes, strict=False)):
        chunk, policy = numbers(start, count), (SlidingWindow if window else Reservoir)(size)
        plan = memory.plan(chunk, policy, update)
        expected = [expected[i] for i in plan.keep] + [start + int(i) for i in plan.add]
        memory = memory.admit(plan, chunk, update, folder / "parts")
        assert contents(memory) == expected
        start += count
