"""Documents from records: what updates did to a model, as one HTML page."""

from vernal.report.comparison import comparison_report
from vernal.report.story import lineage_report

__all__ = ["comparison_report", "lineage_report"]
