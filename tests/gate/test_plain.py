import numpy as np
import pytest

from vernal.base import canonical_json
from vernal.gate.plain import plain


@pytest.mark.parametrize(
    "value", [np.float64("nan"), float("inf"), np.float32(0.5), np.bool_(True), np.int64(3), (1, 2)]
)
def test_whatever_is_measured_can_be_stored(value):
    assert canonical_json(plain({"a": [value], 3: {"b": value}}))


def test_flags_stay_flags():
    assert plain({"loads": np.bool_(False)}) == {"loads": False}
