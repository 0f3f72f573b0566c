"""How scores are coloured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vernal.report.scale import Scale

scores = st.lists(st.floats(-1e6, 1e6), min_size=1)


@given(scores, st.booleans())
def test_every_score_lies_on_the_scale_and_the_best_at_its_end(values: list[float], higher: bool) -> None:
    scale = Scale.over("loss", higher, values)
    assert all(0 <= scale.share(value) <= 1 for value in values)
    assert scale.share(max(values) if higher else min(values)) == 1


@given(scores, st.booleans())
def test_a_better_score_never_looks_worse(values: list[float], higher: bool) -> None:
    scale = Scale.over("loss", higher, values)
    shares = [scale.share(value) for value in sorted(values, reverse=not higher)]
    assert shares == sorted(shares)


def test_small_differences_are_not_painted_as_large_ones() -> None:
    assert Scale.over("accuracy", True, [0.98, 1.0]).share(0.98) > 0.9


def test_a_difference_has_no_sign() -> None:
    scale = Scale.over("accuracy", True, [0.5])
    assert scale.distance(-0.015) == scale.distance(0.015) == "1.5 points"


def test_what_is_not_known_is_a_dash() -> None:
    assert Scale.over("mae", False, []).text(None) == "–"
