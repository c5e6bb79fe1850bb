"""Which rows are set aside, which are marked, and what that is in rows, customers and money."""

from customerbase.cleaning.audit import Audit, RuleOutcome, TableCount
from customerbase.cleaning.cleaned import Cleaned, clean
from customerbase.cleaning.rules import RULES, Rule

__all__ = ["RULES", "Audit", "Cleaned", "Rule", "RuleOutcome", "TableCount", "clean"]
