"""Searchers that learn from the trials so far, by Optuna (the extra `tuning`)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vernal.base import ConfigError, check_whole, require
from vernal.tuning.one_level import at_one_level
from vernal.tuning.optuna_study import optuna_quietly, optuna_seed, replayed, study_of, suggestion
from vernal.tuning.scheduler import Suggestion
from vernal.tuning.view import View

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@dataclass(frozen=True)
class TPE:
    """Configurations that look like the good ones so far: tree-structured Parzen estimators [1]_.

    Good for most spaces, also for those with conditions and many options, and together with schedulers that stop trials
    early: what a paused trial has reached counts, after all that were trained further. Hyperparameters that exist
    together are drawn together, and a trial that is running counts as bad, so that workers spread.

    Args:
        startup: how many trials end or pause before the estimators are used; until then, configurations are random.

    Raises:
        MissingExtra: Optuna is not installed.

    References:
        .. [1] J. Bergstra et al. Algorithms for hyper-parameter optimization. NeurIPS 2011.
    """

    startup: int = 10

    def __post_init__(self) -> None:
        check_whole("startup", self.startup, 1)

    def suggest(self, view: View) -> Suggestion:
        """The default configuration for the first trial, then one from the estimators."""
        with optuna_quietly() as optuna:
            if not view.trials:
                return Suggestion(view.default, "default")
            sampler = optuna.samplers.TPESampler(
                seed=optuna_seed(view), n_startup_trials=self.startup, multivariate=True, group=True, constant_liar=True
            )
            return suggestion(view, study_of(view, sampler), "tpe")


@dataclass(frozen=True)
class BO:
    """Bayesian optimisation: where a Gaussian process expects the largest improvement [1]_.

    Good for few trials of few hyperparameters, most of them numbers. It compares trials that were trained equally long:
    complete ones, or, while there are fewer of these than `startup`, all trials at the highest level that so many have
    reached. Hyperparameters that exist only under a condition are drawn as `TPE` does it, one by one.

    Args:
        startup: how many trials are compared at the least; until there are so many, configurations are random.

    Raises:
        MissingExtra: Optuna is not installed.

    References:
        .. [1] J. Snoek, H. Larochelle, R. P. Adams. Practical Bayesian optimization of machine learning algorithms.
           NeurIPS 2012. https://arxiv.org/abs/1206.2944
    """

    startup: int = 10

    def __post_init__(self) -> None:
        check_whole("startup", self.startup, 1)

    def suggest(self, view: View) -> Suggestion:
        """The default configuration for the first trial, then one from the process."""
        with optuna_quietly() as optuna:
            if not view.trials:
                return Suggestion(view.default, "default")
            seed, samplers = optuna_seed(view), optuna.samplers
            one_by_one = samplers.TPESampler(seed=seed, n_startup_trials=self.startup, multivariate=False)
            sampler = samplers.GPSampler(
                seed=seed,
                n_startup_trials=self.startup,
                independent_sampler=one_by_one,
                warn_independent_sampling=False,
            )
            return suggestion(view, study_of(at_one_level(view, self.startup), sampler), "bo")


@dataclass(frozen=True)
class NSGA2:
    """Children of the best configurations, for several objectives at once: the genetic algorithm NSGA-II [1]_.

    Only complete trials have children. What breaks constraints comes after all that does not.

    Args:
        population: how many trials make a generation, at least 2. The first one is random.

    Raises:
        MissingExtra: Optuna is not installed.

    Deviations:
        The paper has generations of 100; a search that trains models seldom has as many trials in all.

    References:
        .. [1] K. Deb et al. A fast and elitist multiobjective genetic algorithm: NSGA-II. IEEE Transactions on
           Evolutionary Computation 6(2), 2002.
    """

    population: int = 10

    def __post_init__(self) -> None:
        check_whole("population", self.population, 2)

    def suggest(self, view: View) -> Suggestion:
        """The default configuration for the first trial, then those of the first generation, then children."""
        with optuna_quietly() as optuna:
            if not view.trials:
                return Suggestion(view.default, "default")
            sampler = optuna.samplers.NSGAIISampler(seed=optuna_seed(view), population_size=self.population)
            return suggestion(view, replayed(view, sampler), "nsga2")


@dataclass(frozen=True)
class OptunaSearcher:
    """Any sampler of Optuna's, or for Optuna.

    The sampler itself is never changed: each suggestion comes from a copy of it, whose random numbers are seeded by the
    view. A sampler that keeps notes on the study (generations of CMA-ES, points of a Sobol sequence) is asked again for
    all earlier trials and told what they came to, which takes as long as these suggestions took together. The same view
    gives the same suggestion, also after a restart, if the sampler draws its random numbers as Optuna's own do; give
    others, and `QMCSampler`, a seed. What a sampler remembers in itself, and not on the study, is lost.

    Options of a choice go by their place, and numbers with a step by theirs, in what the sampler sees.

    Args:
        sampler: this.

    Raises:
        ConfigError: it is no sampler, or one that cannot work so.
        MissingExtra: Optuna is not installed.

    Examples:
        >>> import optuna
        >>> from vernal.space import Space, uniform
        >>> from vernal.tuning import Goal, Objective
        >>> view = View(Space({"alpha": uniform(0, 1)}), {"alpha": 0.25}, Goal((Objective("loss", False),)))
        >>> OptunaSearcher(optuna.samplers.RandomSampler()).suggest(view)
        Suggestion(config={'alpha': 0.25}, origin='default')
    """

    sampler: BaseSampler

    def __post_init__(self) -> None:
        samplers = require("optuna", "tuning").samplers
        if not isinstance(self.sampler, samplers.BaseSampler):
            raise ConfigError(f"{self.sampler!r} is no sampler of Optuna's. Give an object such as `CmaEsSampler()`.")
        if isinstance(self.sampler, samplers.GridSampler):
            raise ConfigError(
                "GridSampler knows what has been tried only within one process. Use BruteForceSampler, on ranges of "
                "options, whole numbers and numbers with a step."
            )

    def suggest(self, view: View) -> Suggestion:
        """The default configuration for the first trial, then what the sampler suggests."""
        with optuna_quietly() as optuna:
            if not view.trials:
                return Suggestion(view.default, "default")
            sampler = copy.deepcopy(self.sampler)
            _seed(sampler, np.random.default_rng(optuna_seed(view)))
            samplers = optuna.samplers
            takes_no_notes = (
                samplers.TPESampler,
                samplers.GPSampler,
                samplers.RandomSampler,
                samplers.BruteForceSampler,
            )
            told = study_of if isinstance(sampler, takes_no_notes) else replayed
            return suggestion(view, told(view, sampler), type(sampler).__name__)


def _seed(sampler: BaseSampler, rng: np.random.Generator) -> None:
    """Seed all random numbers of a sampler, and of the samplers that it uses.

    Optuna's own `reseed_rng` seeds from the operating system.
    """
    for part in vars(sampler).values():
        if isinstance(part, require("optuna", "tuning").samplers.BaseSampler):
            _seed(part, rng)
        elif isinstance(numbers := _numbers(part), np.random.RandomState):
            numbers.seed(int(rng.integers(2**32)))


def _numbers(part: Any) -> Any:
    """The generator that a part is, or makes when it is first looked at."""
    return part if isinstance(part, np.random.RandomState) else getattr(part, "rng", None)
