"""Whether the gradient of a program is the gradient of its equations: identical, convergent, inconsistent, or undecided."""

from adjointdesign.verification.consistency.case import Case, Outcome, run_case
from adjointdesign.verification.consistency.comparison import Comparison, Sample, compare, compare_samples
from adjointdesign.verification.consistency.registry import cases, find_case
from adjointdesign.verification.consistency.verdict import Verdict, judge

__all__ = [
    "Case", "Comparison", "Outcome", "Sample", "Verdict", "cases", "compare", "compare_samples", "find_case", "judge", "run_case",
]  # fmt: skip
