"""What is asked of every two-sample test: false alarms as stated, power, and that nothing is found by accident."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drift.laws import (
    ALPHA,
    false_alarms_of_a_series,
    normal,
    p_values,
    rejected,
    scaled,
    shifted,
    unchanged,
)
from vernal.base import ConfigError, DataError
from vernal.drift import KS, MMD, PSI, ChiSquared, ClassifierTest, Energy, TwoSampleTest

JOINT: dict[str, TwoSampleTest] = {
    "mmd": MMD(features=None),
    "random features": MMD(features=1024),
    "classifier": ClassifierTest(),
    "energy": Energy(),
}
BY_COLUMN: dict[str, TwoSampleTest] = {"ks": KS(), "ks, holm": KS("holm"), "psi": PSI()}
BY_BLOCK: dict[str, TwoSampleTest] = {"ks by permutations": KS(block=10)}
ALL = JOINT | BY_COLUMN | BY_BLOCK

every_test = pytest.mark.parametrize("test", ALL.values(), ids=ALL.keys())
joint_test = pytest.mark.parametrize("test", JOINT.values(), ids=JOINT.keys())


def check_false_alarms(p: np.ndarray) -> None:
    """Within [.01, .085] for 300 repeats; of exact p-values at most 3 standard errors above .05, which is more."""
    share = np.mean(p <= ALPHA)
    assert 0.01 <= share <= 0.085
    for level in (0.1, 0.2, 0.5):  # stochastically not below uniform, at more levels than one
        assert np.mean(p <= level) <= level + 3 * np.sqrt(level * (1 - level) / len(p))


@pytest.mark.law
@every_test
def test_false_alarms_are_as_rare_as_stated(test: TwoSampleTest) -> None:
    """Of 300 pairs without a change, at alpha = .05; of 100 rows, as the law does not depend on their number."""
    check_false_alarms(p_values(test, unchanged, repeats=300, rows=100, columns=8))


@pytest.mark.slow
@pytest.mark.law
@every_test
def test_false_alarms_are_as_rare_as_stated_of_500_rows(test: TwoSampleTest) -> None:
    check_false_alarms(p_values(test, unchanged, repeats=300))


@pytest.mark.law
@pytest.mark.parametrize("change", [shifted(0.1), scaled(1.15)], ids=["shift", "scale"])
@pytest.mark.parametrize("name", ["mmd", "random features", "energy"])
def test_a_small_change_of_all_columns_is_found(name: str, change) -> None:  # type: ignore[no-untyped-def]
    """Power at least .98; of 20 pairs, all. (Energy is not in the facts: it is as good as MMD.)"""
    assert rejected(JOINT[name], change, repeats=20) == 1


@pytest.mark.slow
@pytest.mark.law
@pytest.mark.parametrize("change", [shifted(0.1), scaled(1.15)], ids=["shift", "scale"])
@pytest.mark.parametrize("name", ["mmd", "random features", "energy"])
def test_a_small_change_of_all_columns_is_found_in_98_of_100_cases(name: str, change) -> None:  # type: ignore[no-untyped-def]
    assert rejected(JOINT[name], change, repeats=300) >= 0.98


@pytest.mark.law
def test_a_change_of_one_column_among_many_is_found_by_columns() -> None:
    """+.3 sd in 1 of 32: power at least .7 (measured .80 with another generator), of 300 pairs."""
    assert rejected(KS(), shifted(0.3, columns=1), repeats=300) >= 0.7


@pytest.mark.law
def test_a_linear_classifier_finds_shifts_and_is_blind_to_scale() -> None:
    """Measured .993 and .047."""
    assert rejected(ClassifierTest(), shifted(0.1), repeats=40) >= 0.95
    assert rejected(ClassifierTest(), scaled(1.15), repeats=40) <= 0.2


@joint_test
def test_embeddings_of_512_columns_are_compared_at_their_own_width(test: TwoSampleTest) -> None:
    """+.2 sd in all columns, 200 rows each: a kernel of width 1 sees no two rows as similar, and misses it."""
    rng = np.random.default_rng(0)
    reference, current = normal(rng, 200, 512), normal(rng, 200, 512) + 0.2
    assert test.compare(reference, current).p <= 0.02


@pytest.mark.law
@pytest.mark.parametrize("test", [KS(block=50), ClassifierTest(block=50)], ids=["ks", "classifier"])
def test_blocks_keep_false_alarms_rare_where_rows_depend_on_those_before(test: TwoSampleTest) -> None:
    """AR(1) with phi = .9, 150 pairs: at most .12. There are only ten blocks in a sample, so it is not exactly .05."""
    assert false_alarms_of_a_series(test, 0.9, repeats=150) <= 0.12


@pytest.mark.slow
@pytest.mark.law
@pytest.mark.parametrize("test", [MMD(block=50), Energy(block=50)], ids=["mmd", "energy"])
def test_blocks_keep_false_alarms_of_kernels_rare_too(test: TwoSampleTest) -> None:
    assert false_alarms_of_a_series(test, 0.9, repeats=150) <= 0.12


@pytest.mark.law
def test_without_blocks_a_series_gives_false_alarms() -> None:
    """Why there are blocks: the test for independent rows is wrong in most cases (measured .75)."""
    assert false_alarms_of_a_series(KS(), 0.9, repeats=150) >= 0.6


@every_test
@pytest.mark.parametrize("change", [unchanged, shifted(1.0)], ids=["nothing", "shift"])
def test_the_samples_can_change_places(test: TwoSampleTest, change) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    reference, current = normal(rng, 100, 4), change(normal(rng, 100, 4))
    one, other = test.compare(reference, current), test.compare(current, reference)
    assert one.p is not None
    assert (other.p <= ALPHA) == (one.p <= ALPHA)
    if not isinstance(test, ClassifierTest):  # its folds are drawn by place
        assert other.p == pytest.approx(one.p, abs=0.1)
        assert other.statistic == pytest.approx(one.statistic, rel=1e-3, abs=1e-3)


@every_test
@pytest.mark.parametrize("change", [unchanged, shifted(1.0)], ids=["nothing", "shift"])
def test_the_order_of_rows_the_unit_and_the_origin_do_not_matter(test: TwoSampleTest, change) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    reference, current = normal(rng, 100, 4), change(normal(rng, 100, 4))
    found = test.compare(reference, current)
    assert found.p is not None
    decisions = [test.compare(a * reference + b, a * current + b).p for a, b in ((1e4, 0), (1e-4, 0), (1, 1e4))]
    if test not in BY_BLOCK.values():
        decisions.append(test.compare(rng.permutation(reference), rng.permutation(current)).p)
    assert [p <= ALPHA for p in decisions if p is not None] == [found.p <= ALPHA] * len(decisions)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(10, 60), st.integers(10, 60), st.integers(-3, 3))
def test_of_columns_p_is_the_same_in_any_order_unit_and_direction(seed: int, n: int, m: int, power: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=(n, 3)), rng.normal(0.3, size=(m, 3))
    unit = 2.0**power  # exact in binary, so that no two values become one
    p = KS().compare(reference, current).p
    assert KS().compare(current, reference).p == pytest.approx(p, rel=1e-12)
    assert KS().compare(rng.permutation(reference), rng.permutation(current)).p == p
    assert KS().compare(unit * reference, unit * current).p == p
    assert KS().compare(np.exp(reference), np.exp(current)).p == p  # any monotone map


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(20, 60), st.integers(20, 60))
def test_the_distance_of_kernels_does_not_depend_on_which_sample_is_which(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=(n, 3)), rng.normal(0.3, size=(m, 3))
    for test in (MMD(permutations=1), Energy(permutations=1)):
        one, other = test.compare(reference, current), test.compare(1e4 * current[::-1], 1e4 * reference)
        unit = 1e4 if isinstance(test, Energy) else 1  # the distance has the unit of the data
        assert other.statistic == pytest.approx(unit * one.statistic, rel=1e-3, abs=1e-5 * unit)


@every_test
def test_a_sample_does_not_differ_from_itself(test: TwoSampleTest) -> None:
    rows = normal(np.random.default_rng(3), 100, 4)
    found = test.compare(rows, rows)
    assert found.p >= 0.9
    assert found.effect <= 0


@every_test
def test_constant_and_empty_samples_give_no_decision(test: TwoSampleTest) -> None:
    same, none = np.full((100, 2), 0.1), np.empty((0, 2))
    for reference, current in ((same, same), (same, none), (none, same), (none, none)):
        found = test.compare(reference, current)
        assert (found.p, found.statistic, found.effect) == (None, None, None)
        assert found.note
        assert found.rows == (len(reference) // 10 * 10, len(current) // 10 * 10)


@joint_test
def test_a_missing_value_gives_no_decision_where_rows_are_compared_whole(test: TwoSampleTest) -> None:
    rows = normal(np.random.default_rng(3), 100, 2)
    broken = rows.copy()
    broken[:7, 1] = np.nan
    assert test.compare(broken, rows).note.startswith("Of the 100 rows of the reference sample 7 hold NaN.")
    found = test.compare(rows, broken)
    assert found.p is None
    assert found.note == "Of the 100 rows of the current sample 7 hold NaN. Leave them out, or fill them."


@pytest.mark.parametrize("test", (BY_COLUMN | BY_BLOCK).values(), ids=(BY_COLUMN | BY_BLOCK).keys())
def test_missing_values_are_a_change_only_where_their_share_changes(test: TwoSampleTest) -> None:
    rng = np.random.default_rng(8)
    reference, current = normal(rng, 400, 3), normal(rng, 400, 3)
    for sample in (reference, current):
        sample[rng.random(400) < 0.2, 0] = np.nan
        sample[:, 1] = np.nan
    found = test.compare(reference, current)
    assert found.p > ALPHA
    assert found.columns.keys() == {"0", "2"}
    assert "1 column is constant" in found.note
    current[rng.random(400) < 0.3, 2] = np.nan
    found = test.compare(reference, current)
    assert found.columns["2"]["p"] <= ALPHA < found.columns["0"]["p"]


@pytest.mark.parametrize("test", (ALL | {"categories": ChiSquared()}).values(), ids=[*ALL, "categories"])
def test_what_is_found_is_plain_values_and_the_same_each_time(test: TwoSampleTest) -> None:
    rng = np.random.default_rng(5)
    reference, current = rng.integers(0, 4, (60, 2)), rng.integers(0, 4, (50, 2))
    found = test.compare(reference, current, seed=3)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()
    assert test.compare(reference, current, seed=3) == found


@every_test
def test_samples_that_cannot_be_compared_are_an_error(test: TwoSampleTest) -> None:
    rows = np.zeros((20, 3))
    with pytest.raises(DataError, match="reference sample has 3 columns, and the current one 2. Compare the same"):
        test.compare(rows, rows[:, :2])
    with pytest.raises(DataError, match="current sample holds infinite values. Clip them, or make them NaN"):
        test.compare(rows, rows + np.inf)
    with pytest.raises(DataError, match=r"reference sample has shape \(20, 3, 1\). It must be \(rows, columns\)"):
        test.compare(rows[..., None], rows)
    with pytest.raises(DataError, match="reference sample is of type <U1. Give numbers, or compare categories"):
        test.compare(np.full((20, 3), "a"), rows)


@every_test
def test_vectors_are_samples_of_one_column(test: TwoSampleTest) -> None:
    rng = np.random.default_rng(6)
    reference, current = rng.normal(size=60), rng.normal(size=60)
    assert test.compare(reference, current) == test.compare(reference[:, None], current[:, None])


@pytest.mark.parametrize("kind", [MMD, Energy, ClassifierTest, KS])
def test_a_series_shorter_than_its_blocks_gives_no_decision(kind: type) -> None:
    found = kind(block=50).compare(np.arange(149.0), np.arange(40.0))
    assert found.p is None
    assert "The samples have 100 and 0 rows" in found.note


def test_few_blocks_say_how_small_p_can_be() -> None:
    found = KS(block=50).compare(np.arange(149.0), np.arange(1000.0, 1100.0))
    assert found.note == "Blocks can be dealt in 6 ways, so p is at least 0.17."
    assert found.p == pytest.approx(2 / 6, abs=0.1)  # the other sample way round is as far apart


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: MMD(permutations=0), "`permutations` must be at least 1, got 0"),
        (lambda: MMD(features=7), "`features` must be even, a cosine and a sine for each frequency; got 7"),
        (lambda: MMD(features="many"), "`features` must be at least 2, got 'many'"),
        (lambda: MMD(block=0), "`block` must be at least 1, got 0"),
        (lambda: Energy(rows=1), "`rows` must be at least 2, got 1"),
        (lambda: ClassifierTest(folds=1), "`folds` must be at least 2, got 1"),
        (lambda: KS("holms"), "No `correction` is called 'holms'. Did you mean 'holm'"),
        (lambda: PSI(bins=1), "`bins` must be at least 2, got 1"),
        (lambda: PSI().threshold(0, 1), "`n` must be at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_errors(make, match: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=match):
        make()
