"""What a memory shows to a policy that selects by features."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from tests.memory.doubles import admitted, numbers
from vernal.base import DataError
from vernal.memory import Everything, GradientMatching, Herding, KCenter, Memory, Policy, Reservoir


@dataclass(frozen=True)
class Looking(Policy):
    """Keeps everything, and what it was shown."""

    embedding: ClassVar = "features"
    shown: list = field(default_factory=list)

    def keep(self, candidates):
        self.shown.append(candidates)
        return np.arange(len(candidates.keys))


def filled(blobs, tmp_path):
    return admitted(Memory(blobs, seed=0), numbers(0, 40), Reservoir(10), 1, tmp_path)


def test_a_policy_sees_features_and_how_many_rows_each_row_represents(blobs, tmp_path):
    memory, policy, features = filled(blobs, tmp_path), Looking(), np.random.default_rng(0).random((15, 3))
    memory.plan(numbers(40, 5), policy, 2, features)
    assert policy.shown[0].features is features
    assert policy.shown[0].weights.tolist() == [4.0] * 10 + [1.0] * 5


def test_what_all_rows_represent_is_what_was_seen(blobs, tmp_path):
    memory, policy = Memory(blobs, seed=0), Looking()
    for update, (count, size) in enumerate([(7, 5), (30, 8), (11, 12)]):
        memory = admitted(memory, numbers(0, count), Reservoir(size), update, tmp_path)
        memory.plan(numbers(0, 4), policy, 2, None)
        assert policy.shown[-1].weights.sum() == pytest.approx(memory.n_seen + 4)


def test_the_first_chunk_is_planned_like_any_other(blobs):
    plan = Memory(blobs, seed=0).plan(numbers(0, 6), Herding(4), 1, np.random.default_rng(0).random((6, 3)))
    assert (len(plan.keep), len(plan.add)) == (0, 4)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((14, 3)), r"`features` has shape \(14, 3\), but there are 15 rows. Give one vector for each"),
        (np.zeros(15), r"`features` has shape \(15,\), but there are 15 rows"),
        (np.zeros((15, 3), np.float16), "`features` is float16. Convert it to float32 or float64"),
        (np.zeros((15, 3), int), "`features` is int64. Convert"),
        (np.diag([0.0] * 12 + [np.nan] + [0.0] * 2), "`features` of row 12 is not finite"),
        (None, "selected by features, but come without"),
    ],
)
def test_features_that_do_not_fit_are_refused(blobs, tmp_path, features, message):
    with pytest.raises(DataError, match=message):
        filled(blobs, tmp_path).plan(numbers(40, 5), Herding(4), 2, features)


def test_policies_that_do_not_ask_need_no_features(blobs, tmp_path):
    memory = filled(blobs, tmp_path)
    assert Everything.embedding is None
    assert len(memory.plan(numbers(40, 5), Everything(), 2).add) == 5


@pytest.mark.parametrize("policy", [Herding(15), KCenter(15), GradientMatching(15)])
def test_while_all_rows_fit_no_model_needs_to_be_asked(blobs, tmp_path, policy):
    plan = filled(blobs, tmp_path).plan(numbers(40, 5), policy, 2)
    assert (len(plan.keep), len(plan.add)) == (10, 5)
