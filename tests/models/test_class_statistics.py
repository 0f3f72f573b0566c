import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError, SchemaMismatch
from vernal.models import ClassStatistics
from vernal.state import pack, unpack

KINDS = ["none", "shared", "per_class"]


def rows(n=60, d=4, classes=3, seed=0, offset=0.0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (n,), generator=generator)
    mixing = torch.randn(d, d, generator=generator, dtype=torch.float64)
    return torch.randn(n, d, generator=generator, dtype=torch.float64) @ mixing + 3 * labels[:, None] + offset, labels


def of(features, labels, kind="per_class"):
    statistics = ClassStatistics(kind)
    statistics.add(features, labels)
    return statistics


def assert_same(one, other, rtol=1e-10, atol=1e-10):
    assert one.counts.equal(other.counts)
    torch.testing.assert_close(one.means, other.means, rtol=rtol, atol=atol)
    if one.scatter is not None:
        torch.testing.assert_close(one.scatter, other.scatter, rtol=rtol, atol=atol)


def test_they_are_what_numpy_says():
    features, labels = rows()
    x, y = features.numpy(), labels.numpy()
    statistics = of(features, labels)
    assert statistics.counts.tolist() == np.bincount(y).tolist()
    for c in range(3):
        np.testing.assert_allclose(statistics.means[c], x[y == c].mean(0), rtol=1e-12)
        np.testing.assert_allclose(statistics.covariances()[c], np.cov(x[y == c].T), rtol=1e-10)
    within = sum((y == c).sum() / len(y) * np.cov(x[y == c].T, bias=True) for c in range(3))
    for kind in ("shared", "per_class"):
        np.testing.assert_allclose(of(features, labels, kind).shared_covariance(), within, rtol=1e-10)


@given(cuts=st.lists(st.integers(0, 60), max_size=5), order=st.permutations(range(60)), kind=st.sampled_from(KINDS))
@settings(max_examples=30, deadline=None)
def test_neither_the_order_nor_the_cut_of_a_stream_matters(cuts, order, kind):
    features, labels = rows()
    chunked = ClassStatistics(kind)
    for part in torch.tensor_split(torch.tensor(order), sorted(cuts)):
        chunked.add(features[part], labels[part])
    assert_same(chunked, of(features, labels, kind))


@given(gone=st.lists(st.booleans(), min_size=60, max_size=60), kind=st.sampled_from(KINDS))
@settings(max_examples=30, deadline=None)
def test_a_removed_row_was_never_there(gone, kind):
    features, labels = rows(offset=100.0)
    gone = torch.tensor(gone)
    statistics = of(features, labels, kind)
    statistics.remove(features[gone], labels[gone])
    without = ClassStatistics(kind)
    without.add(features[~gone], labels[~gone])
    without.add(features[:0], labels[:0])
    if len(without):
        n = len(without.counts)
        assert not statistics.counts[n:].any()
        torch.testing.assert_close(statistics.counts[:n], without.counts)
        torch.testing.assert_close(statistics.means[:n], without.means, rtol=1e-10, atol=1e-10)
        if kind == "shared":
            torch.testing.assert_close(statistics.scatter, without.scatter, rtol=1e-9, atol=1e-9)
    else:
        assert not statistics.counts.any()


@pytest.mark.parametrize("kind", KINDS)
def test_workers_can_share_the_work(kind):
    features, labels = rows()
    one, other = of(features[:20], labels[:20], kind), of(features[20:], labels[20:], kind)
    before = pack(other.state_dict())
    one.merge(other)
    one.merge(ClassStatistics(kind))
    assert_same(one, of(features, labels, kind))
    assert pack(other.state_dict()) == before
    empty = ClassStatistics(kind)
    empty.merge(other)
    assert_same(empty, other)


def test_a_class_without_rows_begins_anew():
    features, labels = rows(offset=1e6)
    statistics = of(features, labels)
    of_one = labels == 1
    for part in features[of_one].split(3):
        statistics.remove(part, torch.ones(len(part), dtype=torch.int64))
    assert statistics.counts[1] == 0
    assert not statistics.means[1].any()
    assert not statistics.scatter[1].any()
    statistics.add(features[of_one], labels[of_one])
    assert_same(statistics, of(features, labels), atol=1e-6)


def test_a_mean_far_from_zero_costs_no_digits():
    """Sums of plain squares would keep none of the sixteen digits at a mean of 1e8 and a spread of 1."""
    features, labels = rows(n=500)
    far = ClassStatistics("shared")
    for part, part_labels in zip((features + 1e8).split(7), labels.split(7), strict=True):
        far.add(part, part_labels)
    near = of(features + 1e8 - 1e8, labels, "shared")
    torch.testing.assert_close(far.shared_covariance(), near.shared_covariance(), rtol=1e-6, atol=1e-6)


def test_a_stream_that_moves_away_costs_no_digits():
    features, labels = rows(n=500)
    features = features + 1e6 * torch.arange(500)[:, None]
    statistics = ClassStatistics()
    for part, part_labels in zip(features.split(1), labels.split(1), strict=True):
        statistics.add(part, part_labels)
    assert_same(statistics, of(features, labels, "shared"), rtol=1e-11)


def test_classes_come_and_come_back():
    features, labels = rows(classes=5)
    statistics = ClassStatistics("per_class")
    for wanted in ([1], [4, 0], [2, 3], [0, 1, 2, 3, 4]):
        early = torch.arange(60) < 30 if len(wanted) < 5 else torch.arange(60) >= 30
        chosen = torch.isin(labels, torch.tensor(wanted)) & early
        statistics.add(features[chosen], labels[chosen])
    assert_same(statistics, of(features, labels))


def test_no_rows_change_nothing():
    statistics = of(*rows())
    before = pack(statistics.state_dict())
    statistics.add(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
    assert pack(statistics.state_dict()) == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_is_plain_and_goes_on(kind):
    features, labels = rows()
    whole = of(features[:30], labels[:30], kind)
    resumed = ClassStatistics(kind)
    resumed.load_state_dict(unpack(pack(whole.state_dict())))
    for statistics in (whole, resumed):
        statistics.add(features[30:], labels[30:])
    assert pack(whole.state_dict()) == pack(resumed.state_dict())
    empty = ClassStatistics(kind)
    empty.load_state_dict(unpack(pack(empty.state_dict())))
    empty.add(features, labels)
    assert_same(empty, of(features, labels, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_stays_as_it_was(kind):
    origin = of(*rows(), kind)
    state = origin.state_dict()
    before = pack(state)
    statistics = ClassStatistics(kind)
    statistics.load_state_dict(state)
    for one in (origin, statistics):
        one.add(*rows(seed=1))
    assert pack(state) == before


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_features_of_any_type_are_summed_in_float64(dtype):
    features, labels = rows()
    assert_same(of(features.to(dtype), labels), of(features.to(dtype).double(), labels))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.int32])
def test_labels_may_be_whole_numbers_of_any_size(dtype):
    features, labels = rows(classes=2)
    assert_same(of(features, labels.to(dtype)), of(features, labels))


def test_statistics_carry_no_gradients():
    features, labels = rows()
    assert not of(features.requires_grad_(), labels).means.requires_grad


@pytest.mark.parametrize(
    ("features", "labels", "error", "message"),
    [
        (torch.ones(2, 3, 4), torch.zeros(2).long(), SchemaMismatch, r"Features must be \(B, d\).*got \(2, 3, 4\)"),
        (torch.ones(2, 4), torch.zeros(3).long(), SchemaMismatch, r"labels \(B,\), got \(2, 4\) and \(3,\)"),
        (torch.ones(2, 3), torch.zeros(2).long(), SchemaMismatch, "of size 4, and these have 3"),
        (torch.ones(2, 4), torch.zeros(2), DataError, "whole numbers from 0; got torch.float32"),
        (torch.ones(2, 4), torch.tensor([0, -1]), DataError, "got torch.int64 from -1"),
        (torch.tensor([[0, 0, 0, torch.nan]] * 2), torch.zeros(2).long(), DataError, "2 of 2 rows are not finite"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_change_nothing(features, labels, error, message):
    statistics = of(*rows())
    before = pack(statistics.state_dict())
    with pytest.raises(error, match=message):
        statistics.add(features, labels)
    assert pack(statistics.state_dict()) == before


def test_rows_that_are_not_there_cannot_be_removed():
    statistics = of(torch.ones(2, 1), torch.tensor([0, 1]))
    before = pack(statistics.state_dict())
    with pytest.raises(DataError, match="Class 1 has 1 rows, and 3 are to be removed"):
        statistics.remove(torch.ones(4, 1), torch.tensor([0, 1, 1, 1]))
    with pytest.raises(DataError, match="Class 7 has 0 rows"):
        statistics.remove(torch.ones(1, 1), torch.tensor([7]))
    assert pack(statistics.state_dict()) == before


def test_a_scatter_that_is_not_kept_cannot_be_read():
    with pytest.raises(ConfigError, match="keep no scatter"):
        of(*rows(), "none").shared_covariance()
    with pytest.raises(ConfigError, match="need scatter 'per_class'; this is 'shared'"):
        of(*rows(), "shared").covariances()


def test_statistics_of_another_kind_are_refused():
    one, other = of(*rows(), "none"), of(*rows(), "shared")
    with pytest.raises(ConfigError, match="'none' cannot take up such with 'shared'"):
        one.merge(other)
    with pytest.raises(ConfigError, match="with scatter 'shared', and these keep 'none'"):
        one.load_state_dict(other.state_dict())
    with pytest.raises(ConfigError, match="'none', 'shared' or 'per_class', got 'diagonal'"):
        ClassStatistics("diagonal")
