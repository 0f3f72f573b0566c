import numpy as np
import pytest

from tests.gate.cases import case_of
from vernal.base import ConfigError
from vernal.gate import Gate, force

JUDGED = Gate().judge(case_of(np.full(50, np.nan), np.ones(50), np.ones(50)))


def test_the_reason_and_all_evidence_are_kept():
    forced = force(JUDGED, " the champion reads a column that is gone ", "c")
    assert (forced.outcome, forced.evidence["chosen"]) == ("promote", "c")
    assert forced.why == "c is forced: the champion reads a column that is gone"
    assert forced.evidence["challengers"] == JUDGED.evidence["challengers"]
    assert forced.evidence["forced"] == {
        "reason": "the champion reads a column that is gone",
        "outcome": "inconclusive",
        "why": JUDGED.why,
    }


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_forced_without_a_reason(reason):
    with pytest.raises(ConfigError, match="cannot be forced without a `reason`"):
        force(JUDGED, reason, "b")


@pytest.mark.parametrize("version", [None, "a"])
def test_it_must_be_clear_which_challenger_is_meant(version):
    with pytest.raises(ConfigError, match="Available: b, c"):
        force(JUDGED, "because", version)
