import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.methods import ER as VernalER
from vernal.methods import EWC, RD, FineTune, ICaRL, LwF, SuperER
from vernal.methods import GDumb as VernalGDumb
from vernal.methods import Joint as VernalJoint
from vernal.methods import OfflineER as VernalOfflineER
from vernal.renate.updaters import (
    DER,
    ER,
    UPDATERS,
    FineTuning,
    GDumb,
    Joint,
    OfflineER,
    RenateCLSER,
    RenateDER,
    RenateER,
    RenatePODER,
)


@pytest.mark.parametrize(
    ("batch", "memory", "share", "replayed"),
    [
        (20, 10, 0.5, 10),
        (30, 10, 0.34, 10),
        (20, 100, 0.5, 10),
        (10, 30, 0.1, 1),
        (100, 10, 0.03, 3),
        (50, 30, 0.4, 20),
    ],
)
def test_a_batch_is_shared_as_it_was(batch, memory, share, replayed):
    updater = ER(batch_size=batch, memory_size=memory, batch_memory_frac=share)
    assert updater.memory_batch == replayed
    assert updater.new_rows(has_memory=True) == batch - replayed


def test_the_whole_batch_is_new_while_there_is_nothing_to_replay():
    assert ER(batch_size=50).new_rows(has_memory=False) == 50
    assert GDumb(batch_size=50).new_rows(has_memory=True) == 50
    assert Joint(batch_size=50).new_rows(has_memory=True) == 50


@given(st.integers(2, 1000), st.integers(1, 99))
def test_a_share_in_percent_is_not_lost_to_rounding(batch, percent):
    rows = batch * percent // 100
    if rows:
        assert ER(batch_size=batch, memory_size=1000, batch_memory_frac=percent / 100).memory_batch == rows


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(ConfigError, match="`batch_memory_frac` must be between 0 and 1"):
        ER(batch_memory_frac=share)


@pytest.mark.parametrize("share", [0.0, 0.001, 1.0])
def test_a_batch_needs_rows_of_both_kinds(share):
    with pytest.raises(ConfigError, match="It needs at least one of each"):
        ER(batch_memory_frac=share, memory_size=100).method()


def test_replayed_rows_can_come_on_top():
    updater = ER(batch_size=32, memory_batch_size=32, memory_size=500)
    assert (updater.memory_batch, updater.new_rows(has_memory=True)) == (32, 32)


def test_updaters_stand_for_methods():
    assert ER(alpha=0.5, loss_weight=2.0, loss_normalization=0).method() == RenateER(32, 16, 2.0, 0.5, False)
    assert DER(alpha=0.2, beta=0.5).method() == RenateDER(32, 16, 1.0, 0.2, 0.5, True)
    assert OfflineER(loss_weight_new_data=0.25).method() == VernalOfflineER(32, 16, 0.25)
    assert GDumb(memory_size=5, reset=True).method() == VernalGDumb(5)
    assert Joint().method() == VernalJoint()
    assert FineTuning().method() == FineTune()


def test_the_weight_of_new_data_is_a_share():
    with pytest.raises(ConfigError, match="`weight_new` must be between 0 and 1, got 1.5"):
        OfflineER(loss_weight_new_data=1.5).method()


@pytest.mark.parametrize("kind", [GDumb, Joint])
def test_a_fresh_model_is_what_these_are_about(kind):
    with pytest.raises(ConfigError, match="`reset` can only be True in this version, got False"):
        kind(reset=False)


CLS = {
    "stable_model_update_weight": 0.99,
    "plastic_model_update_weight": 0.9,
    "stable_model_update_probability": 0.2,
    "plastic_model_update_probability": 0.4,
}


def test_updaters_that_distil_stand_for_methods():
    cls = {"plastic_decay": 0.9, "stable_decay": 0.99, "plastic_probability": 0.4, "stable_probability": 0.2}
    features = {"layers": ("a",), "pooling": "gap"}
    assert UPDATERS["CLS-ER"](
        alpha=2.0, beta=3.0, loss_weight=4.0, loss_normalization=0, **CLS
    ).method() == RenateCLSER(32, 16, 4.0, 2.0, 3.0, **cls, normalized=False)
    assert UPDATERS["POD-ER"](alpha=2.0, distillation_type="gap", normalize=0, layers=("a",)).method() == RenatePODER(
        32, 16, 1.0, 2.0, **features, normalized_features=False
    )
    assert UPDATERS["Super-ER"](
        der_alpha=2.0,
        der_beta=3.0,
        cls_alpha=4.0,
        pod_alpha=5.0,
        sp_shrink_factor=0.6,
        sp_sigma=0.7,
        pod_distillation_type="gap",
        pod_normalize=0,
        layers=("a",),
        **{f"cls_{name}": value for name, value in CLS.items()},
    ).method() == SuperER(
        32, 16, 1.0, 2.0, 3.0, 4.0, 5.0, **cls, **features, normalised_features=False, shrink=0.6, sigma=0.7
    )


def test_defaults_are_those_of_renate():
    assert UPDATERS["CLS-ER"]().method() == RenateCLSER(32, 16, 1.0, 0.5, 0.1, 0.999, 0.999, 0.9, 0.7)
    assert UPDATERS["POD-ER"]().method() == RenatePODER(32, 16, 1.0, 1.0, (), "spatial", True, True)
    assert UPDATERS["Super-ER"]().method() == SuperER(32, 16)


@pytest.mark.parametrize("name", ["CLS-ER", "Super-ER"])
def test_averages_are_checked(name):
    start = "cls_" if name == "Super-ER" else ""
    with pytest.raises(ConfigError, match="`plastic_probability` must be above `stable_probability`"):
        UPDATERS[name](**{f"{start}plastic_model_update_probability": 0.7}).method()


def test_repeated_distillation_takes_whole_batches_and_two_trainings():
    updater = UPDATERS["RD"](batch_size=50, memory_size=10)
    assert updater.method() == RD(10, 50)
    assert updater.new_rows(has_memory=True) == 50
    assert (updater.epochs(5, has_memory=False), updater.epochs(5, has_memory=True)) == (5, 10)
    assert ER().epochs(5, has_memory=True) == 5


def test_updaters_of_avalanche_stand_for_methods():
    replay = UPDATERS["Avalanche-ER"](batch_size=40, batch_memory_frac=0.25, memory_size=100)
    assert replay.method() == VernalER(100, 10, alpha=1 / 3)
    assert UPDATERS["Avalanche-EWC"](ewc_lambda=0.4).method() == EWC(strength=0.8, fisher_rows=None)
    assert UPDATERS["Avalanche-LwF"](alpha=1.0, temperature=2.0).method() == LwF(0.25, 2.0)
    assert UPDATERS["Avalanche-iCaRL"](batch_size=40, memory_size=100).method() == ICaRL(100, 40)


def test_stored_logits_are_not_averaged():
    with pytest.raises(ConfigError, match="`ema_memory_update_gamma` can only be 1.0"):
        UPDATERS["Super-ER"](ema_memory_update_gamma=0.5)
