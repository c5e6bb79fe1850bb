"""From a shop's order export to customer segments that can be trusted and acted on.

Names are loaded when they are first used, so that `import customerbase` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customerbase.checkup import FINDINGS as FINDINGS
    from customerbase.checkup import Checkup as Checkup
    from customerbase.checkup import Finding as Finding
    from customerbase.checkup import check_up as check_up
    from customerbase.cleaning import RULES as RULES
    from customerbase.cleaning import Audit as Audit
    from customerbase.cleaning import Cleaned as Cleaned
    from customerbase.cleaning import RuleOutcome as RuleOutcome
    from customerbase.cleaning import clean as clean
    from customerbase.engine import connect as connect
    from customerbase.errors import CustomerbaseError as CustomerbaseError
    from customerbase.errors import DataError as DataError
    from customerbase.errors import UsageError as UsageError
    from customerbase.errors import WorkspaceError as WorkspaceError
    from customerbase.exploration.explorations import EXPLORATIONS as EXPLORATIONS
    from customerbase.exploration.explorations import explore as explore
    from customerbase.exploration.findings import describe_exploration as describe_exploration
    from customerbase.features.customers import COUPON_FEATURES as COUPON_FEATURES
    from customerbase.features.customers import CUSTOMER_FEATURES as CUSTOMER_FEATURES
    from customerbase.features.customers import FEATURES as FEATURES
    from customerbase.features.customers import customer_features as customer_features
    from customerbase.features.customers import matrix as matrix
    from customerbase.features.targets import value_target as value_target
    from customerbase.ingest.layouts import LAYOUTS as LAYOUTS
    from customerbase.ingest.layouts import Layout as Layout
    from customerbase.ingest.reading import read as read
    from customerbase.report import charts as charts
    from customerbase.results import load_segmentation as load_segmentation
    from customerbase.schema import ORDER_LINES as ORDER_LINES
    from customerbase.schema import Dataset as Dataset
    from customerbase.schema import Field as Field
    from customerbase.segmentation.choice import Choice as Choice
    from customerbase.segmentation.choice import choose_n_segments as choose_n_segments
    from customerbase.segmentation.clustering import CLUSTERERS as CLUSTERERS
    from customerbase.segmentation.clustering import make_clusterer as make_clusterer
    from customerbase.segmentation.comparing.comparison import Comparison as Comparison
    from customerbase.segmentation.comparing.comparison import compare as compare
    from customerbase.segmentation.comparing.later_spend import Outcome as Outcome
    from customerbase.segmentation.concordance import Concordance as Concordance
    from customerbase.segmentation.concordance import measure_concordance as measure_concordance
    from customerbase.segmentation.conditions.coverage import Coverage as Coverage
    from customerbase.segmentation.conditions.coverage import check_conditions as check_conditions
    from customerbase.segmentation.conditions.model import Conditions as Conditions
    from customerbase.segmentation.conditions.model import read_conditions as read_conditions
    from customerbase.segmentation.conditions.moves import Moves as Moves
    from customerbase.segmentation.conditions.moves import compare_conditions as compare_conditions
    from customerbase.segmentation.explaining import explain_segments as explain_segments
    from customerbase.segmentation.fidelity import Fidelity as Fidelity
    from customerbase.segmentation.fidelity import measure_fidelity as measure_fidelity
    from customerbase.segmentation.foreseeing import foresee_segments as foresee_segments
    from customerbase.segmentation.inductive import InductiveClusterer as InductiveClusterer
    from customerbase.segmentation.out_of_time import OutOfTime as OutOfTime
    from customerbase.segmentation.out_of_time import measure_out_of_time as measure_out_of_time
    from customerbase.segmentation.projection import Projection as Projection
    from customerbase.segmentation.projection import place_on_projection as place_on_projection
    from customerbase.segmentation.projection import project as project
    from customerbase.segmentation.reasons import explain_customer as explain_customer
    from customerbase.segmentation.rfm import RFM as RFM
    from customerbase.segmentation.schemes import SCHEMES as SCHEMES
    from customerbase.segmentation.schemes import Scheme as Scheme
    from customerbase.segmentation.segments import Segment as Segment
    from customerbase.segmentation.segments import Segmentation as Segmentation
    from customerbase.segmentation.segments import assign as assign
    from customerbase.segmentation.segments import segment as segment
    from customerbase.segmentation.tailoring import tailor_strategies as tailor_strategies
    from customerbase.segmentation.value_tree import ValueTree as ValueTree
    from customerbase.synthetic import make_shop as make_shop
    from customerbase.workflow import Config as Config
    from customerbase.workflow import open_workspace as open_workspace
    from customerbase.workflow import run as run
    from customerbase.workspace import Workspace as Workspace

_HOMES = {
    "Audit": "cleaning",
    "CLUSTERERS": "segmentation.clustering",
    "COUPON_FEATURES": "features.customers",
    "CUSTOMER_FEATURES": "features.customers",
    "Checkup": "checkup",
    "Choice": "segmentation.choice",
    "Cleaned": "cleaning",
    "Comparison": "segmentation.comparing.comparison",
    "Concordance": "segmentation.concordance",
    "Conditions": "segmentation.conditions.model",
    "Config": "workflow",
    "Coverage": "segmentation.conditions.coverage",
    "CustomerbaseError": "errors",
    "DataError": "errors",
    "Dataset": "schema",
    "EXPLORATIONS": "exploration.explorations",
    "FEATURES": "features.customers",
    "FINDINGS": "checkup",
    "Fidelity": "segmentation.fidelity",
    "Field": "schema",
    "Finding": "checkup",
    "InductiveClusterer": "segmentation.inductive",
    "LAYOUTS": "ingest.layouts",
    "Layout": "ingest.layouts",
    "Moves": "segmentation.conditions.moves",
    "ORDER_LINES": "schema",
    "Outcome": "segmentation.comparing.later_spend",
    "Projection": "segmentation.projection",
    "OutOfTime": "segmentation.out_of_time",
    "RFM": "segmentation.rfm",
    "RULES": "cleaning",
    "RuleOutcome": "cleaning",
    "SCHEMES": "segmentation.schemes",
    "Scheme": "segmentation.schemes",
    "Segment": "segmentation.segments",
    "Segmentation": "segmentation.segments",
    "UsageError": "errors",
    "ValueTree": "segmentation.value_tree",
    "Workspace": "workspace",
    "WorkspaceError": "errors",
    "assign": "segmentation.segments",
    "charts": "report",
    "check_conditions": "segmentation.conditions.coverage",
    "check_up": "checkup",
    "choose_n_segments": "segmentation.choice",
    "clean": "cleaning",
    "compare": "segmentation.comparing.comparison",
    "compare_conditions": "segmentation.conditions.moves",
    "connect": "engine",
    "customer_features": "features.customers",
    "describe_exploration": "exploration.findings",
    "explain_customer": "segmentation.reasons",
    "explain_segments": "segmentation.explaining",
    "explore": "exploration.explorations",
    "foresee_segments": "segmentation.foreseeing",
    "load_segmentation": "results",
    "make_clusterer": "segmentation.clustering",
    "make_shop": "synthetic",
    "matrix": "features.customers",
    "measure_concordance": "segmentation.concordance",
    "measure_fidelity": "segmentation.fidelity",
    "measure_out_of_time": "segmentation.out_of_time",
    "open_workspace": "workflow",
    "place_on_projection": "segmentation.projection",
    "project": "segmentation.projection",
    "read": "ingest.reading",
    "read_conditions": "segmentation.conditions.model",
    "run": "workflow",
    "segment": "segmentation.segments",
    "tailor_strategies": "segmentation.tailoring",
    "value_target": "features.targets",
}

__all__ = sorted(_HOMES)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the names are of every kind
    if name not in _HOMES:
        raise AttributeError(f"module 'customerbase' has no attribute {name!r}")
    home = importlib.import_module(f"customerbase.{_HOMES[name]}")
    return getattr(home, name) if hasattr(home, name) else importlib.import_module(f"{home.__name__}.{name}")


def __dir__() -> list[str]:
    return list(__all__)
