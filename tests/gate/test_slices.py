import numpy as np
import pytest

from tests.gate.cases import answers, flipped, tolerance
from vernal.gate.margin import Margin
from vernal.gate.slices import judge_slices

SLICES = {f"s{k}": np.arange(2000) // 100 == k for k in range(20)}


def judged(champion, challenger, margin=0.0, slices=SLICES, min_items=30):
    return judge_slices(slices, challenger, champion, Margin(margin), 0.05, min_items)


@pytest.mark.law
@pytest.mark.parametrize("repeats", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_equal_challengers_are_rarely_blamed(repeats):
    generator, blamed, by_folklore = np.random.default_rng(0), 0, 0
    for _ in range(repeats):
        champion = answers(2000, generator)
        challenger = flipped(champion, 0.0, generator)
        blamed += judged(champion, challenger).outcome == "failed"
        by_folklore += any((challenger - champion)[rows].mean() < -0.02 for rows in SLICES.values())
    assert blamed / repeats <= 0.05 + tolerance(0.05, repeats)  # the facts measured 0.8 %
    assert by_folklore / repeats >= 0.9  # "any slice drops by two points"


@pytest.mark.law
@pytest.mark.parametrize("repeats", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_slice_that_loses_20_points_is_caught_and_named(repeats):
    generator, caught, others = np.random.default_rng(0), 0, 0
    for _ in range(repeats):
        champion = answers(2000, generator)
        challenger = flipped(champion, 0.0, generator)
        hurt = SLICES["s7"]
        challenger[hurt] = flipped(champion[hurt], -0.2, generator, discordance=0.24)
        culprits = judged(champion, challenger).values["culprits"]
        caught += "s7" in culprits
        others += len(set(culprits) - {"s7"}) > 0
    assert caught / repeats >= 0.9
    assert others / repeats <= 0.05 + tolerance(0.05, repeats)


def test_the_worst_culprit_comes_first():
    champion, challenger = np.ones(2000), np.ones(2000)
    challenger[300:320] = 0
    challenger[500:560] = 0
    found = judged(champion, challenger)
    assert found.values["culprits"] == ["s5", "s3"]
    assert found.why == "s5 loses 0.6 on 100 items (p < 0.0001); s3 loses 0.2 on 100 items (p < 0.0001)"


def test_the_sentence_names_three_and_the_evidence_all():
    found = judged(np.ones(2000), np.zeros(2000))
    assert len(found.values["culprits"]) == 20
    assert found.why.count("loses") == 3
    assert found.why.endswith("; and 17 more slices")


def test_a_margin_tolerates_a_loss_in_a_slice():
    champion, challenger = np.ones(2000), np.ones(2000)
    challenger[300:320] = 0
    assert judged(champion, challenger, margin=0.19).outcome == "passed"
    assert judged(champion, challenger, margin=0.05).outcome == "failed"


def test_a_small_slice_is_listed_and_not_judged():
    champion, challenger = np.ones(100), np.zeros(100)
    found = judged(champion, challenger, slices={"few": np.arange(100) < 29})
    assert found.outcome == "noted"
    assert found.values["slices"] == {"few": {"items": 29, "outcome": "noted"}}


def test_small_slices_do_not_make_it_harder_for_the_others():
    champion, challenger = np.ones(2000), np.ones(2000)
    challenger[300:306] = 0
    one = {"s3": SLICES["s3"]}
    few = {f"few {k}": np.arange(2000) < 10 for k in range(50)}
    assert judged(champion, challenger, slices=one | few).values["slices"]["s3"]["level"] == 0.05


def test_scores_that_are_no_answers_are_compared_by_their_means():
    generator = np.random.default_rng(0)
    champion = generator.normal(size=2000)
    challenger = champion - np.where(SLICES["s3"], 0.5, 0.0) + generator.normal(0, 0.1, size=2000)
    assert judged(champion, challenger).values["culprits"] == ["s3"]
