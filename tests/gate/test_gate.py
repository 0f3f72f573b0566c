"""The acceptance facts of the gate, and what it says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.cases import ACCURACY, answers, case_of, flipped, scored, spelled_out, tolerance
from vernal.base import ConfigError, canonical_json, digest
from vernal.gate import Case, Gate, Metric, required_labels
from vernal.gate.mcnemar import mcnemar_p

OUTCOMES = {"promote", "reject", "inconclusive"}


def share_promoted(gate, difference, repeats, n=2000, champion_seed=0):
    """How many challengers of a true difference pass."""
    generator = np.random.default_rng(champion_seed)
    promoted = 0
    for _ in range(repeats):
        champion = answers(n, generator)
        promoted += gate.judge(case_of(champion, flipped(champion, difference, generator))).yes
    return promoted / repeats


def finding(decision, check="champion", challenger=0):
    found = decision.evidence["challengers"][challenger]["findings"]
    return next(one for one in found if one["check"] == check)


# Errors of the two modes


@pytest.mark.law
@pytest.mark.parametrize("repeats", [400, pytest.param(2000, marks=pytest.mark.slow)])
def test_equal_models_are_rarely_superior(repeats):
    assert share_promoted(Gate(mode="superior"), 0.0, repeats) <= 0.05 + tolerance(0.05, repeats)


@pytest.mark.law
@pytest.mark.parametrize("repeats", [400, pytest.param(2000, marks=pytest.mark.slow)])
def test_models_that_are_worse_by_the_margin_are_rarely_good_enough(repeats):
    assert share_promoted(Gate(mode="not_worse", margin=0.01), -0.01, repeats) <= 0.05 + tolerance(0.05, repeats)


@pytest.mark.law
def test_better_models_are_promoted_as_often_as_the_facts_say():
    assert share_promoted(Gate(mode="superior"), 0.01, 400) == pytest.approx(0.452, abs=tolerance(0.45, 400))
    assert share_promoted(Gate(), 0.01, 400) == pytest.approx(0.927, abs=tolerance(0.927, 400))


@pytest.mark.law
def test_with_the_labels_that_are_required_the_power_is_what_was_asked_for():
    power = share_promoted(Gate(mode="superior"), 0.02, 400, n=required_labels(0.08, 0.02))
    assert power == pytest.approx(0.8, abs=0.03 + tolerance(0.8, 400))


# Outcomes


def test_a_better_one_is_promoted_a_worse_one_rejected_and_a_close_one_open():
    for wins, losses, outcome in [(90, 40, "promote"), (40, 120, "reject"), (65, 75, "inconclusive")]:
        decision = Gate().judge(case_of(*spelled_out(wins, losses, 2000)))
        assert decision.outcome == outcome
        assert decision.evidence["chosen"] == ("b" if outcome == "promote" else None)


def test_what_is_open_says_how_many_labels_are_missing():
    decision = Gate(mode="superior").judge(case_of(*spelled_out(85, 75, 2000)))
    assert decision.outcome == "inconclusive"
    labels = finding(decision)["labels"]
    assert labels == {"have": 2000, "needed": 4940, "missing": 2940}  # 8 % disagree, and a point is worth finding
    assert decision.evidence["labels_missing"] == 2940
    assert "about 2,940 more labels are needed to tell" in decision.why


def test_where_there_are_labels_enough_it_counts_by_what_was_observed():
    # A difference of half a point is half of what is worth finding.
    decision = Gate(mode="superior").judge(case_of(*spelled_out(400, 360, 10_000)))
    assert decision.outcome == "inconclusive"
    assert finding(decision)["labels"]["needed"] == required_labels(0.076, 0.004)


def test_an_equal_one_is_never_told_by_more_labels():
    decision = Gate(mode="superior").judge(case_of(*spelled_out(400, 400, 10_000)))
    assert (decision.outcome, decision.evidence["labels_missing"]) == ("inconclusive", None)
    assert "no number of labels will tell" in decision.why


def test_a_superior_one_must_exceed_the_margin():
    case = case_of(*spelled_out(120, 60, 2000))  # 3 points better
    assert Gate(mode="superior", margin=0.01).judge(case).outcome == "promote"
    assert Gate(mode="superior", margin=0.03).judge(case).outcome == "inconclusive"
    assert Gate(mode="superior", margin=0.06).judge(case).outcome == "reject"


def test_few_items_decide_nothing_however_clear_they_are():
    decision = Gate().judge(case_of(np.zeros(29), np.ones(29)))
    assert (decision.outcome, decision.evidence["labels_missing"]) == ("inconclusive", 1)
    assert Gate().judge(case_of(np.zeros(30), np.ones(30))).outcome == "promote"


def test_losses_are_compared_by_their_means_and_by_a_share_of_the_champions():
    generator = np.random.default_rng(0)
    champion = -generator.exponential(1.0, size=1000)
    for factor, outcome in [(0.9, "promote"), (1.1, "reject")]:
        decision = Gate().judge(case_of(champion, champion * factor))
        assert decision.outcome == outcome
        assert finding(decision)["bound"] == pytest.approx(0.01 * champion.mean())
        assert finding(decision)["test"] == "paired_t"


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from(["superior", "not_worse"]), st.integers(0, 5))
def test_the_verdict_is_one_of_three_and_the_same_each_time(wins, losses, mode, looks):
    case = dataclasses.replace(case_of(*spelled_out(wins, losses, 300)), looks=looks)
    first, again = (Gate(mode=mode).judge(case) for _ in range(2))
    assert first.outcome in OUTCOMES
    assert digest(first.to_json()) == digest(again.to_json())


@given(st.integers(0, 60), st.integers(0, 60))
def test_one_more_win_never_makes_it_worse(wins, losses):
    order = ["reject", "inconclusive", "promote"]
    before, after = (Gate().judge(case_of(*spelled_out(won, losses, 300))).outcome for won in (wins, wins + 1))
    assert order.index(after) >= order.index(before)


# Metrics


def regressions(better: bool, n=500):
    generator = np.random.default_rng(0)
    y = generator.normal(size=n)
    good, bad = y + generator.normal(0, 0.5, n), y + generator.normal(0, 0.8, n)
    champion, challenger = (bad, good) if better else (good, bad)
    named = zip(("a", "b"), (champion, challenger), strict=True)
    return [scored(version, -np.abs(y - predicted), predicted=predicted) for version, predicted in named], y


@pytest.mark.parametrize("better", [True, False])
def test_a_metric_that_is_better_lower_turns_the_decision_round(better):
    (champion, challenger), y = regressions(better)
    case = Case(champion, [challenger], y=y)
    outcome, opposite = ("promote", "reject") if better else ("reject", "promote")
    errors = Gate(metric="rmse", draws=300).judge(case)
    assert errors.outcome == outcome
    assert errors.evidence["higher_is_better"] is False
    assert finding(errors)["value"] > 0
    assert finding(errors)["test"] == "paired_bootstrap"
    rmse = Metric("rmse", lambda y, predicted: float(np.sqrt(((y - predicted) ** 2).mean())), higher_is_better=True)
    assert Gate(metric=rmse, draws=300).judge(case).outcome == opposite


def test_an_auc_of_ones_own_is_compared_by_the_bootstrap():
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 400)

    def auc(y, scores):
        ranks = np.argsort(np.argsort(scores)) + 1
        positives = (y == 1).sum()
        return (ranks[y == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(y) - positives))

    answers_of = [scored(v, y, predicted=y * gap + generator.normal(size=400)) for v, gap in (("a", 1.0), ("b", 2.0))]
    decision = Gate(mode="superior", metric=Metric("auc", auc), draws=300).judge(Case(*_split(answers_of), y=y))
    assert decision.outcome == "promote"
    assert finding(decision)["value"] == pytest.approx(auc(y, answers_of[1].predicted))


def _split(versions):
    return versions[0], versions[1:]


@pytest.mark.parametrize("mode", ["superior", "not_worse"])
def test_a_share_of_a_champion_that_has_nothing_is_nothing(mode):
    champion, challenger = np.zeros(400), np.concatenate([np.ones(40), np.zeros(360)])
    decision = Gate(mode=mode, margin="1%").judge(case_of(champion, challenger))
    assert (decision.outcome, finding(decision)["bound"]) == ("promote", 0.0)
    assert Gate(mode=mode, margin="1%").judge(case_of(champion, champion)).outcome == "inconclusive"


# Several challengers


def test_the_best_of_those_that_pass_is_named():
    n = 2000
    champion = np.ones(n)
    champion[:200] = 0
    good, better, bad = champion.copy(), champion.copy(), champion.copy()
    good[:60], better[:100], bad[1000:1100] = 1, 1, 0
    decision = Gate().judge(case_of(champion, good, better, bad))
    assert (decision.outcome, decision.evidence["chosen"]) == ("promote", "c")
    assert [one["outcome"] for one in decision.evidence["challengers"]] == ["promote", "promote", "reject"]
    assert decision.why.startswith("c: the best of 2 that pass, of 3: ")


def test_many_challengers_are_held_to_a_smaller_level():
    champion, challenger = spelled_out(40, 25, 2000)
    assert 0.025 < mcnemar_p(40, 25) < 0.05
    alone = Gate(mode="superior").judge(case_of(champion, challenger))
    beside = Gate(mode="superior").judge(case_of(champion, challenger, champion))
    assert (alone.outcome, beside.outcome) == ("promote", "inconclusive")
    assert finding(beside)["level"] == 0.025


@pytest.mark.law
def test_of_many_equal_challengers_one_is_rarely_promoted():
    generator, repeats, promoted = np.random.default_rng(0), 250, 0
    for _ in range(repeats):
        champion = answers(1000, generator)
        challengers = [flipped(champion, 0.0, generator) for _ in range(6)]
        promoted += Gate(mode="superior").judge(case_of(champion, *challengers)).yes
    assert promoted / repeats <= 0.05 + tolerance(0.05, repeats)


# The anchor, and earlier chunks


def test_a_champion_that_has_slid_does_not_drag_the_next_one_along():
    anchor = np.ones(2000)
    champion, challenger = anchor.copy(), anchor.copy()
    champion[:40], challenger[:45] = 0, 0  # 2 points below the anchor, and a quarter of a point more
    alone = case_of(champion, challenger)
    assert Gate().judge(alone).outcome == "promote"
    decision = Gate().judge(dataclasses.replace(alone, anchor=scored("z", anchor)))
    assert decision.outcome == "reject"
    assert decision.why.startswith("b: against the anchor the gain of -0.0225 on 2,000 items is shown not to be above")


@pytest.mark.law
def test_many_approvals_do_not_add_up_to_a_loss():
    """Facts 4.3: 50 challengers, each 0.3 points worse, margin one point, 2,000 items; accuracy lost at the end."""

    def lost(seed, has_anchor, n=2000):
        generator = np.random.default_rng(seed)
        approved = 0  # The champion is so many steps away from the anchor.
        for _ in range(50):
            steps = [answers(n, generator)]
            for step in range(approved + 1):
                steps.append(flipped(steps[-1], -0.003, generator, right=ACCURACY - 0.003 * step))
            anchor = scored("z", steps[0]) if has_anchor and approved else None
            case = dataclasses.replace(case_of(steps[-2], steps[-1]), anchor=anchor)
            approved += Gate().judge(case).yes
        return 0.003 * approved

    without = np.mean([lost(seed, has_anchor=False) for seed in range(6)])
    beside = np.mean([lost(seed, has_anchor=True) for seed in range(6)])
    assert without >= 0.03
    assert beside <= 0.015


def forgetful(loss, n=4000):
    """A challenger that gains 10 points on the new chunk, and loses on the earlier ones."""
    chunks = np.repeat([1, 2, 3, 4], n // 4)
    champion = np.where(chunks == 4, 0.0, 1.0)
    champion[-n // 8 :] = 1
    challenger = champion.copy()
    challenger[chunks == 4] = 1
    challenger[: int(loss * 3 * n / 4)] = 0
    return Case(scored("a", champion), [scored("b", challenger)], chunks=chunks, new=4)


def test_what_is_gained_on_the_new_does_not_pay_for_what_is_lost_on_the_old():
    for loss, outcome in [(0.0, "promote"), (0.01, "promote"), (0.03, "reject"), (0.02, "inconclusive")]:
        decision = Gate(forgetting=0.02).judge(forgetful(loss))
        assert decision.outcome == outcome, loss
        assert finding(decision, "forgetting")["items"] == 3000


def test_forgetting_without_a_budget_is_reported_only():
    decision = Gate().judge(forgetful(0.03))
    assert decision.outcome == "promote"
    noted = finding(decision, "forgetting")
    assert (noted["outcome"], noted["difference"]) == ("noted", -0.03)
    assert noted["interval"][0] < -0.03 < noted["interval"][1]


@pytest.mark.parametrize("missing", [{"chunks": None}, {"new": None}])
def test_a_budget_needs_to_know_what_is_old(missing):
    decision = Gate(forgetting=0.02).judge(dataclasses.replace(forgetful(0.0), **missing))
    assert (decision.outcome, decision.yes) == ("inconclusive", False)
    assert "forgetting budget needs the chunks" in decision.why


def test_a_budget_needs_enough_of_what_is_old():
    decision = Gate(forgetting=0.02).judge(dataclasses.replace(forgetful(0.0), new=1))
    assert decision.outcome == "inconclusive"
    assert "only 0 items of earlier chunks" in decision.why


# Slices and limits


def test_a_slice_that_loses_stops_a_challenger_that_is_better_on_the_whole():
    champion, challenger = spelled_out(200, 30, 2000)
    slices = {"new users": np.arange(2000) >= 2000, "old users": np.arange(2000) < 1900}
    slices["new users"][200:260] = True  # All 30 losses are there.
    decision = Gate().judge(case_of(champion, challenger, slices=slices))
    assert decision.outcome == "reject"
    assert decision.why == "b: new users loses 0.5 on 60 items (p < 0.0001)."
    assert finding(decision, "slices")["culprits"] == ["new users"]


def test_a_limit_is_no_matter_of_chance():
    champion, challenger = spelled_out(90, 40, 2000)
    fast = scored("b", challenger, checks={"latency_ms": 3.0, "loads": True, "size_bytes": 100})
    gate = Gate(limits={"latency_ms": 5, "loads": True, "size_bytes": "+10%"})
    known = scored("a", champion, checks={"size_bytes": 95})
    assert gate.judge(Case(known, [fast])).outcome == "promote"
    slow = dataclasses.replace(fast, checks={**fast.checks, "latency_ms": 6})
    assert gate.judge(Case(known, [slow])).why == "b: latency_ms is 6, at most 5 allowed."
    unknown = dataclasses.replace(fast, checks={"latency_ms": 3.0, "loads": True})
    assert gate.judge(Case(known, [unknown])).outcome == "inconclusive"


# Wear


def test_items_that_have_judged_before_are_held_to_less():
    fresh = case_of(*spelled_out(40, 25, 2000))
    assert Gate(mode="superior").judge(fresh).outcome == "promote"
    worn = Gate(mode="superior").judge(dataclasses.replace(fresh, looks=3))
    assert worn.outcome == "inconclusive"
    assert worn.evidence["wear"] == {"looks": 3, "alpha": 0.05 / 16, "judgments_left": 0}
    assert worn.why.endswith("These items judged 3 times before, so α is 0.0031 now; label fresh ones.")


def test_many_items_are_good_for_many_judgments():
    decision = Gate().judge(dataclasses.replace(case_of(*spelled_out(900, 400, 20_000)), looks=1))
    assert decision.evidence["wear"]["judgments_left"] > 10
    assert f"good for {decision.evidence['wear']['judgments_left']} more." in decision.why


# What is missing


def broken(case, **changes):
    return dataclasses.replace(case, **changes)


GOOD = case_of(*spelled_out(90, 40, 2000))
HALF = np.arange(2000) < 1000
NAN = np.where(np.arange(2000) == 7, np.nan, 1.0)
OTHER_IDS = np.array([f"item {i}" for i in range(2000)])

FAULTS = {
    "no challenger": broken(GOOD, challengers=[]),
    "no champion": broken(GOOD, champion=None),
    "NaN of the champion": broken(GOOD, champion=scored("a", NAN)),
    "NaN of the challenger": broken(GOOD, challengers=[scored("b", NAN)]),
    "NaN of the anchor": broken(GOOD, anchor=scored("z", NAN)),
    "infinite score": broken(GOOD, challengers=[scored("b", np.where(HALF, np.inf, 1))]),
    "other ids": broken(GOOD, challengers=[dataclasses.replace(GOOD.challengers[0], ids=OTHER_IDS)]),
    "other order": broken(
        GOOD, challengers=[dataclasses.replace(GOOD.challengers[0], ids=GOOD.challengers[0].ids[::-1])]
    ),
    "fewer items": broken(GOOD, challengers=[scored("b", np.ones(1999))]),
    "no items": case_of([], []),
    "empty slice": broken(GOOD, slices={"nobody": np.zeros(2000, bool)}),
    "slice of other items": broken(GOOD, slices={"some": np.ones(1999, bool)}),
    "chunks of other items": broken(GOOD, chunks=np.ones(3), new=2),
    "targets of other items": broken(GOOD, y=np.ones(3)),
    "anchor on other items": broken(GOOD, anchor=scored("z", np.ones(3))),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("mode", ["superior", "not_worse"])
def test_nothing_is_promoted_on_what_is_missing(name, mode):
    decision = Gate(mode=mode).judge(FAULTS[name])
    assert not decision.yes
    assert decision.outcome in {"inconclusive", "reject"}
    assert decision.evidence["chosen"] is None
    assert canonical_json(decision.to_json())
    assert len(decision.evidence["challengers"]) == len(FAULTS[name].challengers)


def test_the_good_case_is_promoted():
    assert Gate().judge(GOOD).yes


METRIC_FAULTS = {
    "no targets": broken(GOOD, y=None),
    "no answers of the challenger": broken(GOOD, y=np.ones(2000)),
    "not defined": Case(
        scored("a", np.ones(60), predicted=np.ones(60)),
        [scored("b", np.ones(60), predicted=np.full(60, np.nan))],
        y=np.zeros(60),
    ),
    "of another shape": Case(
        scored("a", np.ones(60), predicted=np.ones(60)),
        [scored("b", np.ones(60), predicted=np.ones((60, 2)))],
        y=np.zeros(60),
    ),
}


@pytest.mark.parametrize("name", METRIC_FAULTS)
def test_nothing_is_promoted_on_a_metric_that_is_missing(name):
    decision = Gate(metric="rmse", draws=100).judge(METRIC_FAULTS[name])
    assert not decision.yes
    assert "the metric rmse" in decision.why


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyError, TypeError])
def test_a_metric_that_raises_promotes_nobody_and_stops_nothing(error):
    def careless(y, predicted):
        if predicted.sum() == 0:
            raise error("no positives")
        return float(y @ predicted / predicted.sum())

    gate, y, some = Gate(metric=Metric("precision", careless), draws=100), np.ones(60), np.ones(60)
    case = Case(scored("a", some, predicted=some), [scored("b", some, predicted=0 * some)], y=y)
    assert gate.judge(case).outcome == "reject"
    swapped = Case(case.challengers[0], [case.champion], y=y)
    assert gate.judge(swapped).outcome == "inconclusive"


def test_a_challenger_that_answers_no_number_is_rejected_and_the_others_are_judged():
    case = broken(GOOD, challengers=[scored("c", NAN), *GOOD.challengers])
    decision = Gate().judge(case)
    assert (decision.outcome, decision.evidence["chosen"]) == ("promote", "b")
    assert decision.evidence["challengers"][0]["outcome"] == "reject"
    assert decision.evidence["challengers"][0]["why"] == "1 of 2,000 items have no score"


# The first one


def test_a_first_model_is_promoted_if_the_rule_says_so():
    case = broken(GOOD, champion=None)
    decision = Gate(first="promote").judge(case)
    assert decision.outcome == "promote"
    assert decision.why == "b: there is no champion, and the rule for that is to promote."


def test_a_first_model_must_be_evaluated_and_within_limits_too():
    assert not Gate(first="promote").judge(broken(GOOD, champion=None, challengers=[scored("b", NAN)])).yes
    assert not Gate(first="promote", limits={"loads": True}).judge(broken(GOOD, champion=None)).yes


def test_the_best_of_several_first_models_is_taken():
    decision = Gate(first="promote").judge(case_of(None, np.zeros(50), np.ones(50)))
    assert decision.evidence["chosen"] == "c"


# Settings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "better"}, "`mode` cannot be 'better'.*superior"),
        ({"first": "always"}, "`first` cannot be 'always'"),
        ({"margin": -0.1}, "`margin` must be at least 0"),
        ({"forgetting": "much"}, "`forgetting` must be a number"),
        ({"alpha": 0}, "`alpha` must lie between"),
        ({"alpha": 0.6}, "`alpha` must be between 0 and 0.5"),
        ({"power": 1}, "`power` must lie between"),
        ({"metric": "acuracy"}, "No metric is called 'acuracy'. Did you mean 'accuracy'"),
        ({"limits": {"loads": False}}, "asks for loads to be False"),
        ({"limits": {"latency_ms": "fast"}}, "latency_ms.*must be a number"),
        ({"min_items": 1}, "`min_items` must be at least 2"),
        ({"draws": 10}, "`draws` must be at least 100"),
    ],
)
def test_settings_that_cannot_be_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        Gate(**options)


def test_the_evidence_names_its_rule_and_both_sides():
    evidence = (
        Gate(metric="accuracy", draws=100)
        .judge(Case(*_split([scored(v, np.ones(60), predicted=np.ones(60)) for v in "ab"]), y=np.ones(60)))
        .evidence
    )
    assert (evidence["rule"]["mode"], evidence["rule"]["metric"]) == ("not_worse", "accuracy")
    assert (evidence["champion"], evidence["items"], evidence["anchor"]) == ("a", 60, None)
