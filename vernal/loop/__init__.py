"""The loop: data comes in, a trigger decides, an update learns, a gate judges; live or with another clock."""

from vernal.loop.judging import Judged, judge
from vernal.loop.learner import CHALLENGER, CHAMPION, Learner
from vernal.loop.lease import held
from vernal.loop.loop import FAILED, INCONCLUSIVE, KEPT, PROMOTED, REJECTED, Loop, Turn
from vernal.loop.opening import check_window, leases_of, open_loop, policy_of
from vernal.loop.policy import SCRATCH, STATEFUL, Labels, Policy, Predictions
from vernal.loop.presets import PRESETS, preset
from vernal.loop.state import LoopState, Piece
from vernal.loop.watch import Watch

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "FAILED",
    "INCONCLUSIVE",
    "Judged",
    "KEPT",
    "Labels",
    "Learner",
    "Loop",
    "LoopState",
    "PRESETS",
    "PROMOTED",
    "Piece",
    "Policy",
    "Predictions",
    "REJECTED",
    "SCRATCH",
    "STATEFUL",
    "Turn",
    "Watch",
    "check_window",
    "held",
    "judge",
    "leases_of",
    "open_loop",
    "policy_of",
    "preset",
]
