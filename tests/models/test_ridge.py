import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from vernal.base import ConfigError, DataError, SchemaMismatch
from vernal.models import RidgeSpectrum, RidgeStatistics
from vernal.state import pack, unpack


def rows(n=50, m=6, k=2, seed=0, noise=0.1):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(n, m, generator=generator, dtype=torch.float64) + 2
    weight = torch.randn(m, k, generator=generator, dtype=torch.float64)
    return features, features @ weight + 5 + noise * torch.randn(n, k, generator=generator, dtype=torch.float64)


def of(features, targets):
    statistics = RidgeStatistics()
    statistics.add(features, targets)
    return statistics


def least_squares(features, targets, penalty, intercept):
    """By NumPy, on rows padded with the penalty's square root: no sums of products anywhere."""
    x, y = features.numpy(), targets.numpy()
    h, t = (x - x.mean(0), y - y.mean(0)) if intercept else (x, y)
    h = np.vstack([h, np.sqrt(penalty) * np.eye(x.shape[1])])
    t = np.vstack([t, np.zeros((x.shape[1], y.shape[1]))])
    weight = np.linalg.lstsq(h, t, rcond=None)[0].T
    return weight, (y.mean(0) - weight @ x.mean(0)) * intercept


def assert_same(one, other, rtol=1e-9, atol=1e-9):
    for name, part in one.state_dict().items():
        torch.testing.assert_close(part, other.state_dict()[name], rtol=rtol, atol=atol)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("penalty", [0.0, 1e-3, 1.0, 100.0])
def test_weights_are_those_of_least_squares(penalty, intercept):
    features, targets = rows()
    weight, bias = least_squares(features, targets, penalty, intercept)
    statistics = of(features, targets)
    for solver in (
        statistics.solve(penalty, intercept=intercept),
        RidgeSpectrum(statistics, intercept=intercept).solve(penalty),
    ):
        np.testing.assert_allclose(solver[0], weight, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(solver[1], bias, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("n", [4, 50])
def test_without_an_inverse_the_smallest_weights_are_found(n):
    """Fewer rows than features, and a feature that comes twice."""
    features, targets = rows(n)
    features = torch.cat([features, features[:, :1]], 1)
    weight, _ = of(features, targets).solve(0.0)
    np.testing.assert_allclose(weight, (np.linalg.pinv(features.numpy()) @ targets.numpy()).T, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("penalty", [1e-6, 1e-2])
def test_ill_conditioned_features_are_solved(penalty):
    """Singular values from 1 to 1e-5, so eigenvalues of the Gram matrix from 1 to 1e-10."""
    generator = torch.Generator().manual_seed(0)
    left, _ = torch.linalg.qr(torch.randn(40, 6, generator=generator, dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=torch.float64))
    features = left * torch.logspace(0, -5, 6, dtype=torch.float64) @ right
    targets = torch.randn(40, 2, generator=generator, dtype=torch.float64)
    weight, _ = of(features, targets).solve(penalty)
    np.testing.assert_allclose(weight, least_squares(features, targets, penalty, False)[0], rtol=1e-6, atol=1e-8)


@given(cuts=st.lists(st.integers(0, 50), max_size=5), order=st.permutations(range(50)))
@settings(max_examples=30, deadline=None)
def test_neither_the_order_nor_the_cut_of_a_stream_matters(cuts, order):
    features, targets = rows()
    chunked = RidgeStatistics()
    for part in torch.tensor_split(torch.tensor(order), sorted(cuts)):
        chunked.add(features[part], targets[part])
    assert_same(chunked, of(features, targets))


@given(gone=st.lists(st.booleans(), min_size=50, max_size=50).filter(lambda gone: not all(gone)))
@settings(max_examples=30, deadline=None)
def test_a_removed_row_was_never_there(gone):
    features, targets = rows()
    gone = torch.tensor(gone)
    statistics = of(features, targets)
    statistics.remove(features[gone], targets[gone])
    assert_same(statistics, of(features[~gone], targets[~gone]))


def test_without_rows_it_begins_anew():
    features, targets = rows()
    statistics = of(features, targets)
    statistics.remove(features, targets)
    assert len(statistics) == 0
    assert not any(part.any() for part in (statistics.gram, statistics.cross, statistics.squares))
    statistics.add(features[:, :3], targets)
    assert_same(statistics, of(features[:, :3], targets))


def test_workers_can_share_the_work():
    features, targets = rows()
    one, other = of(features[:20], targets[:20]), of(features[20:], targets[20:])
    before = pack(other.state_dict())
    one.merge(other)
    one.merge(RidgeStatistics())
    assert_same(one, of(features, targets))
    assert pack(other.state_dict()) == before
    empty = RidgeStatistics()
    empty.merge(other)
    assert pack(empty.state_dict()) == before
    empty.add(features, targets)
    assert pack(other.state_dict()) == before


@pytest.mark.parametrize("merging", [False, True])
def test_classes_that_appear_later_are_columns_that_were_zero(merging):
    features, _ = rows()
    labels = torch.arange(50) // 10
    late = RidgeStatistics()
    for part in torch.arange(50).split(10):
        code = F.one_hot(labels[part])
        if merging:
            late.merge(of(features[part], code))
        else:
            late.add(features[part], code)
    late.add(features[:10], F.one_hot(labels[:10]))
    again = torch.cat([torch.arange(50), torch.arange(10)])
    assert_same(late, of(features[again], F.one_hot(labels[again])))


def test_a_mean_far_from_zero_costs_no_digits():
    features, targets = rows(n=300)
    far = RidgeStatistics()
    for part in torch.arange(300).split(7):
        far.add(features[part] + 1e7, targets[part])
    weight, _ = far.solve(0.1, intercept=True)
    torch.testing.assert_close(weight, of(features, targets).solve(0.1, intercept=True)[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n", [4, 6, 50])
@pytest.mark.parametrize("intercept", [False, True])
def test_the_score_is_generalised_cross_validation(n, intercept):
    """From the hat matrix, written out."""
    features, targets = rows(n)
    spectrum = RidgeSpectrum(of(features, targets), intercept=intercept)
    for penalty in (1e-2, 1.0, 30.0):
        h = features - features.mean(0) * intercept
        hat = h @ torch.linalg.inv(h.T @ h + penalty * torch.eye(6)) @ h.T + intercept / n
        residual = targets - hat @ targets
        expected = n * residual.square().sum() / (n - hat.trace()) ** 2
        assert spectrum.score(penalty) == pytest.approx(expected.item(), rel=1e-7)


def test_the_score_is_leave_one_out_when_leverages_are_alike():
    """Rows of an orthogonal matrix: every row has the same leverage, and then the two are one."""
    generator = torch.Generator().manual_seed(0)
    features = torch.cat([torch.eye(4), -torch.eye(4)]).double()
    targets = torch.randn(8, 1, generator=generator, dtype=torch.float64)
    errors = []
    for i in range(8):
        others = torch.arange(8) != i
        weight, _ = of(features[others], targets[others]).solve(0.7)
        errors.append((targets[i] - weight @ features[i]).square().item())
    assert RidgeSpectrum(of(features, targets)).score(0.7) == pytest.approx(np.mean(errors), rel=1e-10)


def test_more_noise_asks_for_a_larger_penalty():
    chosen = [RidgeSpectrum(of(*rows(40, 20, noise=noise)), intercept=True).choose() for noise in (0.01, 1.0, 30.0)]
    assert chosen == sorted(chosen)
    assert chosen[0] < chosen[-1]


def test_the_chosen_penalty_is_near_the_best_on_new_rows():
    features, targets = rows(1060, 40, noise=5.0)
    spectrum = RidgeSpectrum(of(features[:60], targets[:60]), intercept=True)

    def error(penalty):
        return (F.linear(features[60:], *spectrum.solve(penalty)) - targets[60:]).square().mean().item()

    assert error(spectrum.choose()) < 1.1 * min(map(error, spectrum.candidates()))


def test_a_penalty_can_be_chosen_without_anything_to_judge_by():
    for features in (torch.zeros(3, 2), torch.ones(1, 2)):
        spectrum = RidgeSpectrum(of(features, torch.ones(len(features))), intercept=True)
        weight, bias = spectrum.solve(spectrum.choose())
        assert torch.equal(weight, torch.zeros(1, 2).double())
        assert bias.item() == 1


def test_the_state_is_plain_and_goes_on():
    features, targets = rows()
    whole, resumed = of(features[:30], targets[:30]), RidgeStatistics()
    resumed.load_state_dict(unpack(pack(whole.state_dict())))
    for statistics in (whole, resumed):
        statistics.add(features[30:], targets[30:])
    assert pack(whole.state_dict()) == pack(resumed.state_dict())
    empty = RidgeStatistics()
    empty.load_state_dict(unpack(pack(empty.state_dict())))
    empty.add(features, targets)
    assert_same(empty, of(features, targets))


def test_a_state_stays_as_it_was():
    origin = of(*rows())
    state = origin.state_dict()
    before = pack(state)
    statistics = RidgeStatistics()
    statistics.load_state_dict(state)
    for one in (origin, statistics):
        one.add(*rows(seed=1))
    assert pack(state) == before


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_features_of_any_type_are_summed_in_float64(dtype):
    features, targets = (part.to(dtype) for part in rows())
    assert_same(of(features, targets), of(features.double(), targets.double()))


@pytest.mark.parametrize(
    ("features", "targets", "error", "message"),
    [
        (torch.ones(2, 3, 4), torch.zeros(2), SchemaMismatch, r"must be \(B, M\).*got \(2, 3, 4\) and \(2, 1\)"),
        (torch.ones(2, 6), torch.zeros(3), SchemaMismatch, r"got \(2, 6\) and \(3, 1\)"),
        (torch.ones(2, 3), torch.zeros(2), SchemaMismatch, "of size 6, and these have 3"),
        (torch.full((2, 6), torch.inf), torch.zeros(2), DataError, "features of 2 of 2 rows are not finite"),
        (torch.ones(2, 6), torch.tensor([0, torch.nan]), DataError, "targets of 1 of 2 rows are not finite"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_change_nothing(features, targets, error, message):
    statistics = of(*rows())
    before = pack(statistics.state_dict())
    with pytest.raises(error, match=message):
        statistics.add(features, targets)
    assert pack(statistics.state_dict()) == before


def test_rows_that_are_not_there_cannot_be_removed():
    features, targets = rows()
    with pytest.raises(DataError, match="50 rows are to be removed, and there are 20"):
        of(features[:20], targets[:20]).remove(features, targets)


def test_a_penalty_below_zero_is_refused():
    with pytest.raises(ConfigError, match="`penalty` must be at least 0, got -1"):
        of(*rows()).solve(-1)
