"""What a policy would have been worth: history replayed through the same loop with another clock."""

from vernal.backtest.backtest import Backtest, Estimate, Lives, is_stateless
from vernal.backtest.course import Course, Lived
from vernal.backtest.findings import findings
from vernal.backtest.hindsight import Hindsight, look_back
from vernal.backtest.history import History
from vernal.backtest.models import Measured, Models

__all__ = [
    "Backtest",
    "Course",
    "Estimate",
    "Hindsight",
    "History",
    "Lived",
    "Lives",
    "Measured",
    "Models",
    "findings",
    "is_stateless",
    "look_back",
]
