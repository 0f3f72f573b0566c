"""The default for a model in production: has its data changed, by enough to matter?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vernal.base import ConfigError, DataError, Decision, check_range, check_whole, derive_seed, did_you_mean
from vernal.drift.comparison import Array, Comparison, TwoSampleTest
from vernal.drift.holm import holm
from vernal.drift.ks import KS
from vernal.drift.mmd import MMD

SHOWN = 10
"""Columns of a comparison that are kept as evidence, those with the smallest p-values first."""


@dataclass(frozen=True)
class Monitor:
    r"""Several tests on what a model is given and makes of it, with a stated rate of false alarms.

    No single test suffices: one column among many is found by `KS` on features, a little in many columns by `MMD` on
    embeddings or outputs. All samples that are given are tested, p-values are adjusted for their number
    (`vernal.drift.holm`), and the data has changed where an adjusted p-value is at most :math:`\alpha` *and* the effect
    is at least `floor`: of very many rows the smallest difference is significant.

    :math:`\alpha` is false alarms per look. Where nothing changes, alarms come every :math:`1 / \alpha` looks on
    average, or more rarely for the floor. Looks whose rows overlap repeat each other's false alarms.

    Args:
        false_alarms_per_month: that are bearable, above 0 and below `looks_per_month`.
        looks_per_month: how often it decides.
        floor: the smallest effect that matters, in the unit of the tests; for those by default, standard deviations.
        min_rows: of each sample; with fewer the answer is to wait.
        block: successive rows that stay together, for rows in the order of time that depend on those before them: see
            `MMD`. 1 for independent rows.
        tests: by the name of the sample; None for `KS` on ``features`` and `MMD` on ``embeddings`` and ``outputs``,
            with as many permutations as :math:`\alpha` asks for.

    Examples:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> reference, current = rng.normal(size=(500, 4)), rng.normal([0, 0, 0.5, 0], size=(500, 4))
        >>> decision = Monitor().decide({"features": (reference, current)})
        >>> decision.outcome, decision.evidence["culprits"]
        ('drift', {'features': ['2']})
        >>> decision.why
        'The data has changed. features: 0.37 standard deviations, p = 1.5e-08, in column 2.'
        >>> Monitor().decide({"features": (reference, current[:20])}).why
        'features: 20 current rows, and 100 are needed.'
    """

    false_alarms_per_month: float = 1.0
    looks_per_month: float = 30.0
    floor: float = 0.1
    min_rows: int = 100
    block: int = 1
    tests: Mapping[str, TwoSampleTest] | None = None

    def __post_init__(self) -> None:
        check_range("false_alarms_per_month", self.false_alarms_per_month, 0)
        check_range("looks_per_month", self.looks_per_month, 0)
        if not 0 < self.false_alarms_per_month < self.looks_per_month:
            raise ConfigError(
                f"`false_alarms_per_month` must be above 0 and below `looks_per_month`, got "
                f"{self.false_alarms_per_month} and {self.looks_per_month}."
            )
        check_range("floor", self.floor, 0)
        check_whole("min_rows", self.min_rows, 2)
        check_whole("block", self.block, 1)
        self._check_tests()

    @property
    def alpha(self) -> float:
        """The chance of a false alarm in one look."""
        return self.false_alarms_per_month / self.looks_per_month

    def decide(self, samples: Mapping[str, tuple[Array, Array]], seed: int = 0) -> Decision:
        """Say whether the data has changed.

        Args:
            samples: reference ``(n, d)`` and current rows ``(m, d)``, by name.
            seed: of the permutations.

        Returns:
            ``"drift"``, with the columns that changed as ``culprits``; ``"none"``; or ``"undecided"``: too few rows, or
            samples of which a test can say nothing. The evidence holds every comparison, with its adjusted p-value.

        Raises:
            DataError: a sample has a name for which there is no test, or cannot be compared.
        """
        tests = self._tests()
        for name in samples.keys() - tests.keys():
            raise DataError(f"There is no test for a sample called {name!r}. {did_you_mean(name, tests)}")
        if why := self._too_few(samples):
            return Decision("undecided", why, self._settings())
        found = {
            name: tests[name].compare(reference, current, derive_seed(seed, name))
            for name, (reference, current) in samples.items()
        }
        return self._judged(found)

    def _check_tests(self) -> None:
        tests = self._tests()
        for name, test in tests.items():
            if test.smallest_p * len(tests) > self.alpha:
                raise ConfigError(
                    f"The test of {name!r} can never find a change: its smallest p-value, for {len(tests)} samples "
                    f"{test.smallest_p * len(tests):.2g}, is above alpha = {self.alpha:.2g}. "
                    f"Give it at least {math.ceil(len(tests) / self.alpha)} permutations."
                )

    def _tests(self) -> Mapping[str, TwoSampleTest]:
        if self.tests is not None:
            return self.tests
        permutations = max(200, math.ceil(10 / self.alpha))
        joint = MMD(permutations, block=self.block)
        return {"features": KS(block=self.block, permutations=permutations), "embeddings": joint, "outputs": joint}

    def _settings(self) -> dict[str, Any]:
        return {"alpha": self.alpha, "floor": self.floor, "min_rows": self.min_rows}

    def _too_few(self, samples: Mapping[str, tuple[Array, Array]]) -> str:
        for name, pair in samples.items():
            for kind, sample in zip(("reference", "current"), pair, strict=True):
                if len(sample) < self.min_rows:
                    return f"{name}: {len(sample)} {kind} rows, and {self.min_rows} are needed."
        return "" if samples else "There are no samples."

    def _judged(self, found: Mapping[str, Comparison]) -> Decision:
        adjusted = _adjusted(found)
        drifted = [name for name, p in adjusted.items() if p <= self.alpha and self._matters(found[name].effect)]
        culprits = {name: self._culprits(found[name]) for name in drifted}
        outcome = "drift" if drifted else "none" if len(adjusted) == len(found) else "undecided"
        opening = {
            "drift": "The data has changed.",
            "none": f"No change of {self.floor:g} or more was found.",
            "undecided": "No change was found, but not all could be compared.",
        }[outcome]
        said = [_said(name, one, adjusted.get(name), culprits.get(name, [])) for name, one in found.items()]
        comparisons = {
            name: {**one.to_json(), "columns": _shown(one), "adjusted_p": adjusted.get(name)}
            for name, one in found.items()
        }
        evidence = {**self._settings(), "comparisons": comparisons, "culprits": culprits}
        return Decision(outcome, f"{opening} {'; '.join(said)}.", evidence)

    def _matters(self, effect: float | None) -> bool:
        return effect is not None and effect >= self.floor

    def _culprits(self, comparison: Comparison) -> list[str]:
        """The columns that changed, most surely first."""
        return [
            name for name, column in _by_p(comparison) if column["p"] <= self.alpha and self._matters(column["effect"])
        ]


def _adjusted(found: Mapping[str, Comparison]) -> dict[str, float]:
    p = {name: one.p for name, one in found.items() if one.p is not None}
    return dict(zip(p, holm([*p.values()]).tolist(), strict=True))


def _by_p(comparison: Comparison) -> list[tuple[str, Mapping[str, float]]]:
    return sorted(comparison.columns.items(), key=lambda item: (item[1]["p"], -item[1]["effect"]))


def _shown(comparison: Comparison) -> dict[str, dict[str, float]]:
    return {name: dict(column) for name, column in _by_p(comparison)[:SHOWN]}


def _said(name: str, comparison: Comparison, p: float | None, culprits: list[str]) -> str:
    if p is None:
        return f"{name}: no decision ({comparison.note.rstrip('.')})"
    text = f"{name}: {comparison.effect:.2g} {comparison.unit}, p = {p:.2g}"
    if not culprits:
        return text
    more = f" and {len(culprits) - 3} more" if len(culprits) > 3 else ""
    return f"{text}, in column{'s' if len(culprits) > 1 else ''} {', '.join(culprits[:3])}{more}"
