import colorsys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from tests.data.scenarios.toys import targets
from vernal.base import DataError
from vernal.data.scenarios import HueShift
from vernal.data.scenarios.hue_shift import hue, main_hue

colours = st.tuples(*[st.integers(0, 255)] * 3)


def image_of(*pixels):
    """One row of pixels, (3, 1, W)."""
    return torch.tensor(pixels, dtype=torch.uint8).T.reshape(3, 1, -1)


@given(st.lists(colours, min_size=1, max_size=8))
def test_hues_are_those_of_the_standard_library(pixels):
    hues, chroma = hue(image_of(*pixels))
    expected = [colorsys.rgb_to_hsv(*(value / 255 for value in pixel))[0] for pixel in pixels]
    around = (hues.flatten().double() - torch.tensor(expected)).abs()
    assert torch.minimum(around, 1 - around).max() < 1e-6  # 0 and 1 are the same hue
    assert ((hues >= 0) & (hues < 1)).all()
    assert chroma.flatten().tolist() == [max(pixel) - min(pixel) for pixel in pixels]


@given(st.lists(colours, min_size=1, max_size=8))
def test_the_scale_of_the_image_does_not_matter(pixels):
    image = image_of(*pixels)
    torch.testing.assert_close(hue(image / 255)[0], hue(image)[0], atol=1e-5, rtol=0)


def test_the_main_hue_is_that_of_the_most_colour_and_grey_has_no_say():
    red, green, pale_green, grey = (200, 0, 0), (0, 200, 0), (180, 200, 180), (90, 90, 90)
    assert main_hue(image_of(red, red, green)) == 0.0
    assert main_hue(image_of(red, green, green)) == pytest.approx(1 / 3, abs=0.01)
    assert main_hue(image_of(red, pale_green, pale_green)) == 0.0
    assert main_hue(image_of(green, grey, grey, grey)) == pytest.approx(1 / 3, abs=0.01)
    assert main_hue(image_of(grey)) == 0.0


def test_chunks_go_round_the_colour_circle():
    hues = torch.tensor([0.9, 0.1, 0.5, 0.7, 0.3, 0.2])
    pixels = torch.tensor([colorsys.hsv_to_rgb(h, 1.0, 1.0) for h in hues.tolist()])
    rows = TensorDataset(pixels.reshape(6, 3, 1, 1).expand(6, 3, 4, 4), torch.arange(6))
    chunks = HueShift(n_chunks=3).chunks(train=rows, test=rows)
    assert [targets(chunk.train) for chunk in chunks] == [[1, 5], [4, 2], [3, 0]]
    assert [targets(test) for test in chunks[0].tests] == [[1, 5], [4, 2], [3, 0]]


def test_images_without_colour_channels_are_an_error():
    with pytest.raises(DataError, match=r"has the shape \(1, 4, 4\). Hues need red, green and blue"):
        HueShift(n_chunks=2).parts(TensorDataset(torch.zeros(4, 1, 4, 4), torch.zeros(4)))
