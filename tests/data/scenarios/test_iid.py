from hypothesis import given
from hypothesis import strategies as st

from tests.data.scenarios.toys import of_classes, places
from vernal.data.scenarios import IID


@given(n=st.integers(3, 60), n_chunks=st.integers(1, 3), seed=st.integers(0, 99))
def test_parts_are_disjoint_complete_and_equal_in_size(n, n_chunks, seed):
    parts = [places(part) for part in IID(n_chunks, seed).parts(of_classes(1, n))]
    assert sorted(sum(parts, [])) == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_three_chunks_share_the_test_data():
    train, validation, test = of_classes(5, 20), of_classes(5, 6), of_classes(5, 4)
    chunks = IID(n_chunks=3).chunks(train, test, validation)
    assert [len(chunk.train) for chunk in chunks] == [34, 33, 33]
    assert [len(chunk.validation) for chunk in chunks] == [10, 10, 10]
    assert chunks[0].tests == [test, test, test]


def test_the_seed_decides():
    rows = of_classes(1, 50)
    assert places(IID(2, seed=0).parts(rows)[0]) != places(IID(2, seed=1).parts(rows)[0])
