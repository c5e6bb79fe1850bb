"""Verbs: which command makes what a workspace holds."""

from collections.abc import Mapping

__all__ = ["DATED_VERBS", "VERBS"]

VERBS: Mapping[str, str] = {
    "ingested_lines": "ingest FILE",
    "ingested_customers": "ingest FILE",
    "ingested_coupon_events": "ingest FILE",
    "cells": "ingest FILE",
    "formats": "ingest FILE",
    "order_lines": "clean",
    "customers": "clean",
    "coupon_events": "clean",
    "quarantine": "clean",
    "set_aside": "clean",
    "checkup": "checkup",
    "returns": "checkup",
    "audit": "clean",
    "database": "run URL",
    "features": "features",
    "assignments": "segment",
    "borderline": "segment",
    "segments": "segment",
    "models": "segment",
    "projection": "project",
    "projection_facts": "project",
    "tsne": "project --method tsne",
    "tsne_facts": "project --method tsne",
    "out_of_time": "evaluate",
    "comparison": "compare",
    "elbow": "compare",
    "silhouettes": "compare",
    "bic": "compare",
    "stability": "compare",
    "dendrogram": "compare",
    "comparison_facts": "compare",
    "concordance": "concordance",
    "concordance_crosstab": "concordance",
    "concordance_facts": "concordance",
    "champions": "concordance",
    "report": "report",
    "scored": "score FILE",
    "fidelity": "explain",
    "confusion": "explain",
    "importances": "explain",
    "surrogate_rules": "explain",
    "foresight": "foresee",
}
"""The command that makes each table, for the advice when one is missing."""

DATED_VERBS = (
    "features",
    "segment",
    "project",
    "explore",
    "evaluate",
    "compare",
    "concordance",
    "report",
    "explain",
    "run",
)
"""The commands that take --as-of."""
