"""The rehearsal memory: what to keep (policies), where it lies (columns on disk), what to replay (draws)."""

from vernal.memory.balanced import Balanced
from vernal.memory.changed import Change, Changed
from vernal.memory.draws import Shuffled
from vernal.memory.everything import Everything
from vernal.memory.gradient_matching import GradientMatching
from vernal.memory.herding import Herding
from vernal.memory.index import Index, Plan, Segment
from vernal.memory.k_center import KCenter
from vernal.memory.kept import Annotate
from vernal.memory.keys import row_keys
from vernal.memory.memory import Memory
from vernal.memory.named import Selection, make_policy
from vernal.memory.policy import Candidates, Policy
from vernal.memory.reservoir import Reservoir
from vernal.memory.segment_file import Blobs
from vernal.memory.shares import fair_shares
from vernal.memory.window import SlidingWindow

__all__ = [
    "Annotate",
    "Balanced",
    "Blobs",
    "Candidates",
    "Change",
    "Changed",
    "Everything",
    "GradientMatching",
    "Herding",
    "Index",
    "KCenter",
    "Memory",
    "Plan",
    "Policy",
    "Reservoir",
    "Segment",
    "Selection",
    "Shuffled",
    "SlidingWindow",
    "fair_shares",
    "make_policy",
    "row_keys",
]
