"""Champions and challengers that differ by a known amount."""

from __future__ import annotations

from typing import Any

import numpy as np

from vernal.gate import Case, Scored

Array = np.ndarray[Any, Any]

ACCURACY, DISCORDANCE = 0.9, 0.08


def scored(version: str, scores: Any, **more: Any) -> Scored:
    """A version with these scores, on items that are numbered."""
    scores = np.asarray(scores, dtype=float)
    ids = np.char.add("row ", np.arange(len(scores)).astype(str))
    return Scored(version, ids, scores, **more)


def case_of(champion: Any, *challengers: Any, **more: Any) -> Case:
    """A case of scores: the champion is a, the challengers are b, c, ... ."""
    named = [scored(version, scores) for version, scores in zip("bcdefgh", challengers, strict=False)]
    return Case(None if champion is None else scored("a", champion), named, **more)


def answers(n: int, generator: np.random.Generator) -> Array:
    """Right and wrong answers of a champion."""
    return (generator.random(n) < ACCURACY).astype(float)


def flipped(
    scores: Array,
    difference: float,
    generator: np.random.Generator,
    discordance: float = DISCORDANCE,
    right: float = ACCURACY,
) -> Array:
    """Answers of a challenger: so much better, and different on so many items, than those with this share right."""
    lost, won = (discordance - difference) / 2 / right, (discordance + difference) / 2 / (1 - right)
    draw = generator.random(len(scores))
    return np.where(draw < np.where(scores == 1, lost, won), 1 - scores, scores)


def counts(n: int, difference: float, repeats: int, seed: int = 0) -> tuple[Array, Array]:
    """Wins and losses of many challengers, two arrays ``(repeats,)``."""
    won, lost = (DISCORDANCE + difference) / 2, (DISCORDANCE - difference) / 2
    drawn = np.random.default_rng(seed).multinomial(n, [won, lost, 1 - won - lost], size=repeats)
    return drawn[:, 0], drawn[:, 1]


def spelled_out(wins: int, losses: int, n: int) -> tuple[Array, Array]:
    """Scores of champion and challenger with so many items won and lost."""
    champion, challenger = np.ones(n), np.ones(n)
    champion[:wins] = 0
    challenger[wins : wins + losses] = 0
    return champion, challenger


def tolerance(p: float, repeats: int) -> float:
    """Three standard errors of a share of so many repeats."""
    return float(3 * np.sqrt(p * (1 - p) / repeats))
