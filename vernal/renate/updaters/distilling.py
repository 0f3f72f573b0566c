"""The hyperparameters of the updaters that replay and distil, under Renate's names and with its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vernal.methods import RD, Method, SuperER
from vernal.methods.components import Pooling
from vernal.renate import defaults
from vernal.renate.updaters.cls_er import RenateCLSER
from vernal.renate.updaters.pod_er import RenatePODER
from vernal.renate.updaters.settings import Replaying, Weighing


@dataclass(frozen=True)
class PODER(Weighing):
    """Pooled outputs distillation on rows from memory.

    Args:
        alpha: weight of the features.
        distillation_type: how features are pooled.
        normalize: 1 to compare only the direction of pooled features, 0 their size as well.
        layers: names of the modules whose outputs are compared; none for what the classifier is given. Renate asked
            the model to cache them, and compared nothing if it did not.
    """

    alpha: float = defaults.POD_ALPHA
    distillation_type: Pooling = defaults.POD_DISTILLATION_TYPE
    normalize: int = defaults.POD_NORMALIZE
    layers: tuple[str, ...] = ()

    kind: ClassVar[type[Method]] = RenatePODER

    def method(self) -> Method:
        """With Renate's weights."""
        return RenatePODER(
            self.memory_size,
            self.memory_batch,
            self.loss_weight,
            self.alpha,
            self.layers,
            self.distillation_type,
            bool(self.normalize),
            self.normalized,
            self.mask_unused_classes,
        )


@dataclass(frozen=True)
class CLSER(Weighing):
    """Replay with complementary learning systems.

    Args:
        alpha: weight of the loss on replayed rows.
        beta: weight of the distance to the averages.
        stable_model_update_weight: how much of the stable average stays when it moves.
        plastic_model_update_weight: likewise of the plastic average.
        stable_model_update_probability: how often the stable average moves.
        plastic_model_update_probability: how often the plastic average moves.
    """

    alpha: float = defaults.CLS_ALPHA
    beta: float = defaults.CLS_BETA
    stable_model_update_weight: float = defaults.CLS_STABLE_MODEL_UPDATE_WEIGHT
    plastic_model_update_weight: float = defaults.CLS_PLASTIC_MODEL_UPDATE_WEIGHT
    stable_model_update_probability: float = defaults.CLS_STABLE_MODEL_UPDATE_PROBABILITY
    plastic_model_update_probability: float = defaults.CLS_PLASTIC_MODEL_UPDATE_PROBABILITY

    kind: ClassVar[type[Method]] = RenateCLSER

    def method(self) -> Method:
        """With Renate's weights."""
        return RenateCLSER(
            self.memory_size,
            self.memory_batch,
            self.loss_weight,
            self.alpha,
            self.beta,
            self.plastic_model_update_weight,
            self.stable_model_update_weight,
            self.plastic_model_update_probability,
            self.stable_model_update_probability,
            self.normalized,
            self.mask_unused_classes,
        )


@dataclass(frozen=True)
class SuperExperienceReplay(Weighing):
    """All of these at once.

    Args:
        der_alpha: weight of the distance to the stored logits.
        der_beta: weight of the loss on stored labels.
        sp_shrink_factor: what is left of the weights when an update begins, at most 1.
        sp_sigma: how strong the noise is that they get then.
        cls_alpha: weight of the distance to the averages.
        cls_stable_model_update_weight: how much of the stable average stays when it moves.
        cls_plastic_model_update_weight: likewise of the plastic average.
        cls_stable_model_update_probability: how often the stable average moves.
        cls_plastic_model_update_probability: how often the plastic average moves.
        pod_alpha: weight of the features.
        pod_distillation_type: how features are pooled.
        pod_normalize: 1 to compare only the direction of pooled features, 0 their size as well.
        layers: names of the modules whose outputs are compared; none for what the classifier is given.
    """

    der_alpha: float = defaults.SER_DER_ALPHA
    der_beta: float = defaults.SER_DER_BETA
    sp_shrink_factor: float = defaults.SER_SP_SHRINK_FACTOR
    sp_sigma: float = defaults.SER_SP_SIGMA
    cls_alpha: float = defaults.SER_CLS_ALPHA
    cls_stable_model_update_weight: float = defaults.SER_CLS_STABLE_MODEL_UPDATE_WEIGHT
    cls_plastic_model_update_weight: float = defaults.SER_CLS_PLASTIC_MODEL_UPDATE_WEIGHT
    cls_stable_model_update_probability: float = defaults.SER_CLS_STABLE_MODEL_UPDATE_PROBABILITY
    cls_plastic_model_update_probability: float = defaults.SER_CLS_PLASTIC_MODEL_UPDATE_PROBABILITY
    pod_alpha: float = defaults.SER_POD_ALPHA
    pod_distillation_type: Pooling = defaults.SER_POD_DISTILLATION_TYPE
    pod_normalize: int = defaults.SER_POD_NORMALIZE
    layers: tuple[str, ...] = ()

    kind: ClassVar[type[Method]] = SuperER
    masks: ClassVar[bool] = False

    def method(self) -> Method:
        """vernal's own, which is Renate's."""
        return SuperER(
            memory_size=self.memory_size,
            memory_batch=self.memory_batch,
            loss_weight=self.loss_weight,
            der_alpha=self.der_alpha,
            der_beta=self.der_beta,
            cls_alpha=self.cls_alpha,
            pod_alpha=self.pod_alpha,
            normalised=self.normalized,
            plastic_decay=self.cls_plastic_model_update_weight,
            stable_decay=self.cls_stable_model_update_weight,
            plastic_probability=self.cls_plastic_model_update_probability,
            stable_probability=self.cls_stable_model_update_probability,
            layers=self.layers,
            pooling=self.pod_distillation_type,
            normalised_features=bool(self.pod_normalize),
            shrink=self.sp_shrink_factor,
            sigma=self.sp_sigma,
        )


@dataclass(frozen=True)
class RepeatedDistillation(Replaying):
    """Repeated distillation: as many rows are replayed as are new, on top of them."""

    kind: ClassVar[type[Method]] = RD

    def method(self) -> Method:
        """vernal's own."""
        return RD(self.memory_size, self.batch_size)

    def new_rows(self, has_memory: bool) -> int:  # noqa: ARG002
        """The whole batch."""
        return self.batch_size

    def epochs(self, max_epochs: int, has_memory: bool) -> int:
        """As many for the expert as for the consolidation; in a first update there is none."""
        return 2 * max_epochs if has_memory else max_epochs
