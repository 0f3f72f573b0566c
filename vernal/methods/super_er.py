"""Super experience replay."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from vernal.base import check_range
from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.components import Complementary, PooledOutputs, Pooling, weighted_sum
from vernal.methods.method import Method
from vernal.methods.step import Network, Stage, Step
from vernal.models import shrink_and_perturb_
from vernal.space import loguniform
from vernal.tasks import mean_squared_error

FRESH, WARM = "fresh start", "warm start"


@dataclass
class SuperER(Method):
    r"""All that helps replay at once: stored logits, two averages of the weights, features, and a fresh start.

    With the new batch :math:`(x, y)` and three draws from memory, :math:`(x_1, z_1)` with the logits at storing time
    [1]_, :math:`(x_2, y_2)` and :math:`x_3`,

    .. math::
        \frac{1}{W} \Big( w \, \ell(f(x), y) + \alpha \, \lVert f(x_1) - z_1 \rVert_2^2 + \beta \, \ell(f(x_2), y_2)
        + \gamma \, \lVert f(x_2) - \bar f(x_2) \rVert_2^2 + \delta \, d(h(x_3), \hat h(x_3)) \Big) ,

    where :math:`\bar f` is the better of two averages of the weights [2]_, :math:`d` the distance of pooled features
    from the champion's [3]_, and :math:`W = w + \alpha + \beta + \gamma + \delta`. When a later update than the first
    begins, the weights are shrunk and perturbed [4]_: :math:`\theta \leftarrow s\,\theta + \sigma\,\epsilon`.

    It is Renate's combination. It costs three times as much as replay; see first whether a part of it is enough.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows in each of the three draws, at least 1, on top of the new batch.
        loss_weight: `w`, above 0.
        der_alpha: `alpha`, weight of the stored logits, at least 0.
        der_beta: `beta`, weight of the stored labels, at least 0.
        cls_alpha: `gamma`, weight of the distance to the averages, at least 0.
        pod_alpha: `delta`, weight of the features, at least 0.
        normalised: whether to divide by the sum of the weights. If not, weights change the size of the steps.
        plastic_decay: how much of the plastic average stays when it moves, from 0 to `stable_decay`.
        stable_decay: likewise of the stable average, up to 1.
        plastic_probability: how often the plastic average moves, above `stable_probability`, up to 1.
        stable_probability: how often the stable average moves, from 0.
        layers: names of the modules whose outputs are compared, as in `model.named_modules()`; none for what the
            classifier is given.
        pooling: how features are pooled, see `PODER`.
        normalised_features: whether only the direction of pooled features counts.
        shrink: what is left of the weights, `s`, above 0 and at most 1; 1 for all.
        sigma: how strong the noise is, at least 0.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        As in `DERpp`, `CLSER` and `PODER`; but predictions are made by the model, not by the stable average, as in
        Renate. Renate shrinks the fresh weights of a first model, too.

    References:
        .. [1] P. Buzzega et al. Dark experience for general continual learning: a strong, simple baseline.
           NeurIPS 2020. https://arxiv.org/abs/2004.07211
        .. [2] E. Arani, F. Sarfraz, B. Zonooz. Learning fast, learning slow: a general continual learning method based
           on complementary learning system. ICLR 2022. https://arxiv.org/abs/2201.12604
        .. [3] A. Douillard et al. PODNet: pooled outputs distillation for small-tasks incremental learning.
           ECCV 2020. https://arxiv.org/abs/2004.13513
        .. [4] J. Ash, R. Adams. On warm-starting neural network training. NeurIPS 2020.
           https://arxiv.org/abs/1910.08475
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    loss_weight: float = 1.0
    der_alpha: float = 1.0
    der_beta: float = 1.0
    cls_alpha: float = 0.1
    pod_alpha: float = 1.0
    normalised: bool = True
    plastic_decay: float = 0.999
    stable_decay: float = 0.999
    plastic_probability: float = 0.9
    stable_probability: float = 0.7
    layers: tuple[str, ...] = ()
    pooling: Pooling = "spatial"
    normalised_features: bool = True
    shrink: float = 0.95
    sigma: float = 0.001
    selection: Selection = "reservoir"

    card = Card(
        when="For those who used it in Renate, and where passes cost little and forgetting much.",
        keeps="rows and outputs, and two averages of the weights",
        tied=True,
        forward=7.0,
        backward=4.0,
        group="replay",
    )
    space = {
        "der_alpha": loguniform(0.1, 10),
        "der_beta": loguniform(0.1, 10),
        "cls_alpha": loguniform(0.01, 1),
        "pod_alpha": loguniform(0.1, 10),
    }

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        check_range("loss_weight", self.loss_weight, 1e-12)
        for name in ("der_alpha", "der_beta", "cls_alpha", "pod_alpha", "sigma"):
            check_range(name, getattr(self, name), 0)
        check_range("shrink", self.shrink, 1e-12, 1)
        self._warm = False
        self._averages = Complementary(
            self.plastic_decay, self.stable_decay, self.plastic_probability, self.stable_probability
        )
        self._features = PooledOutputs(self.layers, self.pooling, self.normalised_features)

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def stages(self, first: bool) -> tuple[Stage, ...]:
        """One training; a first one begins with weights that are fresh as they are."""
        return (Stage(FRESH if first else WARM),)

    def enter(self, stage: Stage) -> None:
        """Remember how it begins."""
        self._warm = stage.name == WARM

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The champion, shrunk and perturbed if it has learned anything."""
        self._features.check(champion)
        self._averages.attach(champion)
        if not self._warm:
            return champion
        model = copy.deepcopy(champion)
        shrink_and_perturb_(model, self.shrink, self.sigma)
        return model

    def loss(self, step: Step) -> Tensor:
        """The weighted losses on new rows, stored logits, stored labels, averages and features."""
        if not len(step.memory):
            return weighted_sum([(self.loss_weight, step.criterion(step.logits, step.y))], normalised=self.normalised)
        a, b, c = (step.memory.draw(self.memory_batch) for _ in range(3))
        with self._features.inside(step.model.module) as features:
            outputs, a_outputs, b_outputs, _ = step.forward(step.x, a["x"], b["x"], c["x"])
        terms = [
            (self.loss_weight, step.criterion(outputs, step.y)),
            (self.der_alpha, mean_squared_error(step.task.scores(a_outputs), a["z"], step.task.class_dim)),
            (self.der_beta, step.criterion(b_outputs, b["y"])),
            (self.cls_alpha, self._averages.consistency(step, b["x"], b["y"], b_outputs)),
            (self.pod_alpha, self._features.loss(step, c["x"], features)),
        ]
        return weighted_sum(terms, normalised=self.normalised)

    def after_step(self, model: nn.Module) -> None:
        """The averages move."""
        self._averages.after_step(model)

    def keep(self, model: Network, x: Any) -> dict[str, Tensor]:
        """The logits, or whatever the model gives."""
        return {"z": model.scores(x)}

    def state_dict(self) -> dict[str, Any]:
        """Both averages."""
        return self._averages.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._averages.load_state_dict(state)
