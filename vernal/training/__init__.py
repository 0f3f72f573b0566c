"""Training on Lightning Fabric: the loop, batches, replay, checkpoints, predictions."""

from vernal.training.checkpoint import Checkpoint
from vernal.training.defaults import optimizer_fn
from vernal.training.fabric import Fabric, listened_to, make_fabric
from vernal.training.feed import EpochFeed, Feed, Transforms
from vernal.training.fit import Fitted, Job, Looks, fit, lower_is_better
from vernal.training.losses import mean_loss, row_losses
from vernal.training.options import Training
from vernal.training.predict import Predictions, evaluating, predict
from vernal.training.progress import Logged, Reporter, Silent
from vernal.training.randomness import isolated
from vernal.training.replay import MemoryReplay
from vernal.training.speaking import speaking

__all__ = [
    "Checkpoint",
    "EpochFeed",
    "Fabric",
    "Feed",
    "Fitted",
    "Job",
    "Logged",
    "Looks",
    "MemoryReplay",
    "Predictions",
    "Reporter",
    "Silent",
    "Training",
    "Transforms",
    "evaluating",
    "fit",
    "isolated",
    "listened_to",
    "lower_is_better",
    "make_fabric",
    "mean_loss",
    "optimizer_fn",
    "predict",
    "row_losses",
    "speaking",
]
