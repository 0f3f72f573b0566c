import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.data.scenarios.toys import images, targets
from vernal.data.scenarios import Rotation
from vernal.data.scenarios.rotation import rotate


@pytest.mark.parametrize("quarters", range(-4, 5))
@pytest.mark.parametrize("size", [4, 5])
def test_quarter_turns_move_pixels_exactly(quarters, size):
    image = torch.rand(3, size, size)
    torch.testing.assert_close(rotate(image, 90 * quarters), torch.rot90(image, quarters, dims=(1, 2)))


def test_half_a_turn_of_an_image_that_is_not_square():
    image = torch.rand(2, 3, 8)
    torch.testing.assert_close(rotate(image, 180), image.flip(1, 2))


def by_hand(image, degrees):
    """Bilinear rotation of one plane, pixel by pixel."""
    height, width = image.shape
    angle = math.radians(degrees)
    result = torch.zeros_like(image)
    for row, column in itertools.product(range(height), range(width)):
        right, up = column - (width - 1) / 2, (height - 1) / 2 - row
        # Whatever is here now was here before it turned counter-clockwise:
        from_right = right * math.cos(angle) + up * math.sin(angle)
        from_up = up * math.cos(angle) - right * math.sin(angle)
        i, j = (height - 1) / 2 - from_up, from_right + (width - 1) / 2
        for k, m in itertools.product((math.floor(i), math.floor(i) + 1), (math.floor(j), math.floor(j) + 1)):
            if 0 <= k < height and 0 <= m < width:
                result[row, column] += (1 - abs(i - k)) * (1 - abs(j - m)) * image[k, m]
    return result


@given(
    degrees=st.integers(-360, 360),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_any_turn_agrees_with_the_one_by_hand(degrees, height, width, seed):
    image = torch.rand(height, width, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(rotate(image, degrees), by_hand(image, degrees), atol=1e-4, rtol=0)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float16, torch.float64])
def test_the_type_is_kept(dtype):
    image = torch.arange(16).reshape(1, 4, 4).to(dtype)
    turned = rotate(image, 90)
    assert turned.dtype == dtype
    torch.testing.assert_close(turned, torch.rot90(image, 1, dims=(1, 2)), atol=1e-3, rtol=1e-3)


def test_a_chunk_is_half_of_the_rows_turned_and_tests_are_all_of_them():
    rows = images(10)
    chunks = Rotation(degrees=(15, 75)).chunks(train=rows, test=rows, validation=images(4))
    assert sorted(targets(chunks[0].train) + targets(chunks[1].train)) == list(range(10))
    for chunk, degrees in zip(chunks, (15, 75), strict=True):
        assert (len(chunk.train), len(chunk.validation)) == (5, 2)
        for x, y in (chunk.train[i] for i in range(5)):
            torch.testing.assert_close(x, rotate(rows[int(y)][0], degrees))
    for test, degrees in zip(chunks[0].tests, (15, 75), strict=True):
        assert len(test) == 10
        torch.testing.assert_close(test[3][0], rotate(rows[3][0], degrees))


def test_every_angle_has_a_transform_and_an_effect_of_its_own():
    tests = Rotation(degrees=(0, 90, 180, 270)).tests(images(1))
    for first, second in itertools.combinations(tests, 2):
        assert first.transform is not second.transform
        assert not torch.allclose(first[0][0], second[0][0])


def test_the_seed_decides_which_rows_are_turned():
    first, other = (Rotation((0, 45), seed=seed).parts(images(30))[0] for seed in (0, 1))
    assert targets(first) != targets(other)
