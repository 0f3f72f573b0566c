"""Documents from records: what updates, policies and loops did to a model, as one HTML page."""

from vernal.report.backtest import backtest_report
from vernal.report.comparison import comparison_report
from vernal.report.loop import loop_report
from vernal.report.operation import Operation
from vernal.report.story import lineage_report

__all__ = ["Operation", "backtest_report", "comparison_report", "lineage_report", "loop_report"]
