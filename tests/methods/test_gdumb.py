import numpy as np
import pytest

from tests.methods.steps import linear, step
from vernal.base import ConfigError
from vernal.methods import GDumb
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import toy_update


def test_the_loss_is_that_of_the_batch():
    assert GDumb().loss(step()).item() == pytest.approx(1.856081, abs=1e-6)


def test_it_starts_from_a_fresh_model():
    champion, fresh = linear(), linear()
    assert GDumb().start(champion, lambda: fresh) is fresh


def test_every_class_has_its_share_of_the_memory_and_nothing_else_is_learned(tmp_path):
    for chunk, share in ((1, 6), (2, 3), (3, 2)):
        record = toy_update(tmp_path, GDumb(memory_size=12), chunk, budget="2ep").record
        labels = unpack(Store(tmp_path).blobs.get(record["artefacts"]["memory"]["blob"]))["index"]["labels"]
        assert np.bincount(labels).tolist() == [share] * 2 * chunk
        assert record["training"]["samples"] == 2 * 12


def test_a_memory_without_rows_is_an_error():
    with pytest.raises(ConfigError, match="`memory_size` must be .* got 0"):
        GDumb(memory_size=0)
