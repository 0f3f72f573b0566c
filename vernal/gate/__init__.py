"""Whether a challenger takes the champion's place: statistics of frozen answers. Knows no models and no stores."""

from vernal.gate.case import Case, Scored
from vernal.gate.forced import force
from vernal.gate.gate import Gate
from vernal.gate.metric import Metric
from vernal.gate.required_labels import required_labels
from vernal.gate.sequential import EProcess
from vernal.gate.sequential_gate import SequentialGate
from vernal.gate.spelling import read_gate

__all__ = ["Case", "EProcess", "Gate", "Metric", "Scored", "SequentialGate", "force", "read_gate", "required_labels"]
