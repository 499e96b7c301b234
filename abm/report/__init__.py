"""Reports: one self-contained page per run or comparison, readable without knowing the program."""

from abm.report.data import ComparisonData, MemberRun, comparison_data
from abm.report.pages import comparison_report, run_report

__all__ = ["ComparisonData", "MemberRun", "comparison_data", "comparison_report", "run_report"]
