"""What is odd about an order export, with the money at stake."""

from customerbase.checkup.finding import Finding
from customerbase.checkup.registry import FINDINGS, Checkup, check_up

__all__ = ["FINDINGS", "Checkup", "Finding", "check_up"]
