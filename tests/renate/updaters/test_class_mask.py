import math

import pytest
import torch
from torch.nn import functional as F

from tests.methods.steps import linear, step
from tests.reference import tensors
from vernal.base import ConfigError
from vernal.methods import Method
from vernal.renate.updaters import UPDATERS, GDumb, RenateCLSER, RenateDER, RenateER, RenatePODER
from vernal.renate.updaters.class_mask import ClassMask
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import toy_setting, toy_update

KINDS = [RenateER, RenateDER, RenateCLSER, RenatePODER]


def looked_at(mask, labels):
    labels = torch.tensor(labels)
    mask.begin(toy_setting(linear(), torch.zeros(len(labels), 2), labels))
    return mask


def test_only_classes_of_the_chunk_compete():
    mask = looked_at(ClassMask(wanted=True), [0, 2, 2, 0])
    now = step(y=torch.tensor([0, 2, 0]))
    expected = F.cross_entropy(tensors.logits(tensors.X)[:, [0, 2]], torch.tensor([0, 1, 0]))
    assert mask.loss(now, now.logits).item() == pytest.approx(expected.item(), rel=1e-6)


def test_other_classes_are_not_pushed():
    mask, model = looked_at(ClassMask(wanted=True), [0, 1]), linear()
    now = step(model=model, y=torch.tensor([0, 1, 1]))
    mask.loss(now, now.logits).backward()
    assert model.bias.grad is not None
    assert model.bias.grad[2] == 0


def test_nothing_is_masked_unless_it_is_wanted():
    mask, now = looked_at(ClassMask(wanted=False), [0, 1]), step()
    assert mask.loss(now, now.logits).item() == pytest.approx(1.856081, abs=1e-6)
    assert mask.state_dict() == {}


def test_the_classes_are_those_of_the_latest_chunk():
    mask = looked_at(looked_at(ClassMask(wanted=True), [0, 1]), [2, 1, 2])
    assert mask.state_dict() == {"classes": [1, 2]}


@pytest.mark.parametrize("kind", KINDS)
def test_weights_stay_finite_over_updates(tmp_path, kind):
    method: Method = kind(memory_size=20, memory_batch=8, mask_unused_classes=True)
    for chunk in (1, 2, 3):
        record = toy_update(tmp_path, method, chunk).record
        assert all(math.isfinite(loss) for loss in record["training"]["losses"])
        state = unpack(Store(tmp_path).blobs.get(record["artefacts"]["model"]["blob"]))
        assert all(bool(torch.isfinite(weight).all()) for weight in state.values())


@pytest.mark.parametrize("name", [name for name, kind in UPDATERS.items() if not kind.masks])
def test_updaters_that_cannot_mask_say_so(name):
    with pytest.raises(ConfigError, match="`mask_unused_classes` can only be False"):
        UPDATERS[name](mask_unused_classes=True)


def test_what_masks_is_named():
    with pytest.raises(ConfigError, match="choose ER, DER, CLS-ER or POD-ER"):
        GDumb(mask_unused_classes=True)
