import pytest

from tests.data.scenarios.toys import images, of_classes
from vernal.base import ConfigError, EmptyChunk
from vernal.data.labels import labels
from vernal.data.scenarios import (
    IID,
    ClassIncremental,
    DataIncremental,
    FeatureSorting,
    HueShift,
    Permutation,
    Rotation,
    TimeIncremental,
)

RGB = images(12, n_channels=3)

# One of each, all with three chunks over `RGB`, whose labels are 0 to 11.
SCENARIOS = [
    ClassIncremental(groups=((0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11))),
    DataIncremental(groups=((0, 1), (2, 3, 4), (5,)), domain=labels),
    FeatureSorting(n_chunks=3, feature=1),
    HueShift(n_chunks=3),
    IID(n_chunks=3),
    Permutation(n_chunks=3),
    Rotation(degrees=(0, 30, 60)),
    TimeIncremental(cuts=(4, 8), time=labels),
]
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: type(s).__name__)


@every_scenario
def test_chunks_have_training_validation_and_all_test_data(scenario):
    chunks = scenario.chunks(train=RGB, test=RGB, validation=RGB)
    assert len(chunks) == 3
    for chunk in chunks:
        assert len(chunk.train) == len(chunk.validation) > 0
        assert [len(test) for test in chunk.tests] == [len(test) for test in chunks[0].tests]
        assert len(chunk.tests) == 3


@every_scenario
def test_without_validation_data_there_is_no_part_of_them(scenario):
    assert scenario.chunk(2, train=RGB, test=RGB).validation is None


@every_scenario
def test_a_scenario_cuts_the_same_way_every_time(scenario):
    first, again = (scenario.chunk(1, train=RGB, test=RGB).train for _ in range(2))
    assert [x.tolist() for x, _ in first] == [x.tolist() for x, _ in again]
    assert [y.item() for _, y in first] == [y.item() for _, y in again]


@every_scenario
def test_training_parts_do_not_overlap(scenario):
    seen = [y.item() for chunk in scenario.chunks(RGB, test=RGB) for _, y in chunk.train]
    assert len(seen) == len(set(seen))


@every_scenario
@pytest.mark.parametrize("index", [3, -1])
def test_a_chunk_that_does_not_exist_is_an_error(scenario, index):
    with pytest.raises(ConfigError, match=f"no chunk {index}: the scenario has the chunks 0 to 2"):
        scenario.chunk(index, train=RGB, test=RGB)


@pytest.mark.parametrize("scenario", [IID(13), Permutation(13), FeatureSorting(13), HueShift(13)])
def test_more_chunks_than_rows_are_an_error(scenario):
    with pytest.raises(EmptyChunk, match="Chunk 12 has no rows of the training data. Use fewer chunks"):
        scenario.chunks(train=RGB, test=images(20, n_channels=3))


@pytest.mark.parametrize("scenario", [IID(0), Permutation(0), FeatureSorting(0), HueShift(0), Rotation(())])
def test_no_chunk_at_all_is_an_error(scenario):
    with pytest.raises(ConfigError, match="A scenario must have at least 1 chunk, got 0"):
        scenario.chunks(train=RGB, test=RGB)


def test_validation_and_test_data_need_rows_for_every_chunk_too():
    scenario, rows = IID(n_chunks=3), of_classes(1, 10)
    with pytest.raises(EmptyChunk, match="Chunk 2 has no rows of the validation data"):
        scenario.chunks(train=rows, test=rows, validation=of_classes(1, 2))
    with pytest.raises(EmptyChunk, match="Chunk 0 has no rows of the test data"):
        scenario.chunks(train=rows, test=of_classes(1, 0))
