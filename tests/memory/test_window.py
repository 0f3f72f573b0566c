import pytest

from tests.memory.doubles import admitted, contents, numbers, reopened
from vernal.memory import Memory, SlidingWindow


@pytest.mark.parametrize("size", [1, 10, 100])
@pytest.mark.parametrize("rows", [10, 30])
def test_it_holds_the_newest_rows(blobs, tmp_path, size, rows):
    memory = Memory(blobs, seed=0)
    for update in range(1, 6):
        chunk = numbers((update - 1) * rows, rows)
        memory = reopened(admitted(memory, chunk, SlidingWindow(size), update, tmp_path), blobs)
        last = update * rows
        assert contents(memory) == [*range(max(last - size, 0), last)]
