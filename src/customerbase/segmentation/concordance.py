"""Concordance: how far several segmentations of the same customers agree, and whom all of them call the best."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.metrics import adjusted_rand_score

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.segments import Segmentation

__all__ = ["LOST_KINDS", "Agreement", "Concordance", "Contribution", "measure_concordance"]

LOST_KINDS = ("hibernating", "lost")
"""Kinds of the playbook whose customers are given up."""

CHAMPIONS = "champions"


@dataclass(frozen=True)
class Contribution:
    """What one segmentation says of the customers whom all of them place.

    Parameters
    ----------
    segmentation
        Its name.
    n_segments
        Segments with one of these customers.
    smallest_share
        Share of these customers that the smallest of them has.
    n_champions, n_lost
        How many it calls champions, and how many hibernating or lost; by the kinds of the playbook, not by the words.

    Examples
    --------
    >>> Contribution("klaviyo-6", 6, 0.031, 1_835, 1_287).n_champions
    1835
    """

    segmentation: str
    n_segments: int
    smallest_share: float
    n_champions: int
    n_lost: int


@dataclass(frozen=True)
class Agreement:
    """How far two segmentations agree: 1 where they make the same segments, about 0 where chance would agree as much.

    Examples
    --------
    >>> Agreement("cells-11", "rf-10", 0.45).adjusted_rand
    0.45
    """

    first: str
    second: str
    adjusted_rand: float


@dataclass(frozen=True)
class Concordance:
    """Several segmentations of the same customers, side by side.

    Parameters
    ----------
    as_of
        The date of all of them; None where they are undated.
    n_customers
        Customers whom all segmentations place.
    contributions
        One for each segmentation.
    agreements
        One for each pair, in the order of the segmentations.
    n_champions_of_all, champions_share
        Customers whom every segmentation that knows champions calls one, and their share of the customers.
    champions_revenue_share
        Their share of the gross revenue; None where nothing is known of money.
    n_champions_of_any
        Customers whom at least one calls a champion.
    n_contradicted
        Customers who are a champion to one segmentation, and hibernating or lost to another.
    crosstab
        `first, second, first_segment, second_segment, n_customers`: for each pair, how many have both segments; those
        with nobody are left out.
    champions
        `customer_id, n_champion, n_lost, n_segmentations, is_champion_of_all`: of each customer whom at least one calls
        a champion, how many do, how many call the same one lost, and how many place champions at all.

    Examples
    --------
    See `measure_concordance`.
    """

    as_of: date | None
    n_customers: int
    contributions: tuple[Contribution, ...]
    agreements: tuple[Agreement, ...]
    n_champions_of_all: int
    champions_share: float
    champions_revenue_share: float | None
    n_champions_of_any: int
    n_contradicted: int
    crosstab: ir.Table
    champions: ir.Table


def measure_concordance(features: ir.Table, segmentations: Mapping[str, Segmentation]) -> Concordance:
    """Hold several segmentations of the same customers against each other.

    Agreement is the adjusted Rand index (Hubert and Arabie 1985), which takes account of what chance gives. Champions
    and lost customers are those of the kinds of the playbook behind the names, whatever a scheme calls them.

    Parameters
    ----------
    features
        Features of the customers, for what they have spent: `gross_revenue`, else `monetary`, else nothing.
    segmentations
        At least two, of one date, by the name to show.

    Raises
    ------
    UsageError
        There are fewer than two segmentations, or they have different dates.
    DataError
        No customer is placed by all of them.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> from customerbase.segmentation.segments import segment
    >>> features = ibis.memtable({
    ...     "customer_id": ["a", "b", "c", "d", "e"], "as_of": [date(2024, 1, 1)] * 5,
    ...     "recency_days": [1, 20, 40, 90, 300], "frequency": [9, 3, 2, 1, 1], "monetary": [900, 150, 80, 30, 10],
    ...     "gross_revenue": [900, 150, 80, 60, 10],
    ... })
    >>> schemes = {name: segment(features, RFM(scheme=name)) for name in ("cells-11", "klaviyo-6")}
    >>> found = measure_concordance(features, schemes)
    >>> [(each.first, each.second, round(each.adjusted_rand, 2)) for each in found.agreements]
    [('cells-11', 'klaviyo-6', 0.0)]
    >>> found.n_champions_of_all, found.champions_share, found.champions_revenue_share
    (1, 0.2, 0.75)
    """
    as_of = _read_date(segmentations)
    placed = _place_all(segmentations)
    n_customers = len(placed)
    kinds = pd.DataFrame({name: _kinds(one, placed[name]) for name, one in segmentations.items()}, index=placed.index)
    # A scheme without champions cannot speak against one: only those that know the kind are asked.
    asked = [name for name, one in segmentations.items() if any(each.archetype == CHAMPIONS for each in one.segments)]
    n_champion = (kinds[asked] == CHAMPIONS).sum(axis=1)
    n_lost = kinds.isin(LOST_KINDS).sum(axis=1)
    is_of_all = (n_champion == len(asked)) & bool(asked)
    pairs = list(combinations(segmentations, 2))
    return Concordance(
        as_of=as_of,
        n_customers=n_customers,
        contributions=tuple(_contribute(name, placed[name], kinds[name]) for name in segmentations),
        agreements=tuple(
            Agreement(first, second, float(adjusted_rand_score(placed[first], placed[second])))
            for first, second in pairs
        ),
        n_champions_of_all=int(is_of_all.sum()),
        champions_share=float(is_of_all.mean()),
        champions_revenue_share=_revenue_share(features, is_of_all),
        n_champions_of_any=int((n_champion > 0).sum()),
        n_contradicted=int(((n_champion > 0) & (n_lost > 0)).sum()),
        crosstab=_cross(placed, segmentations, pairs),
        champions=_list_champions(n_champion, n_lost, is_of_all, len(asked)),
    )


def _read_date(segmentations: Mapping[str, Segmentation]) -> date | None:
    if len(segmentations) < 2:
        raise UsageError(
            f"The 'segmentations' parameter of measure_concordance must hold at least 2. Got {len(segmentations)} "
            "instead. Add one of another scheme or model."
        )
    dates = {one.as_of for one in segmentations.values()}
    if len(dates) > 1:
        said = ", ".join(sorted("undated" if day is None else str(day) for day in dates))
        raise UsageError(f"The segmentations are of different dates: {said}. Make all of them at one.")
    return dates.pop()


def _place_all(segmentations: Mapping[str, Segmentation]) -> pd.DataFrame:
    """Give the number of the segment of each customer whom all place: a row per customer, a column per segmentation."""
    numbers = []
    for name, one in segmentations.items():
        rows = one.assignments.select("customer_id", "segment_id").to_pandas()
        numbers.append(rows.set_index("customer_id").segment_id.rename(name))
    placed: pd.DataFrame = pd.concat(numbers, axis=1, join="inner").sort_index()
    if placed.empty:
        raise DataError("No customer is placed by all of the segmentations. Make all of them of one feature table.")
    return placed


def _kinds(segmentation: Segmentation, numbers: pd.Series) -> npt.NDArray[np.object_]:
    by_number = {one.id: one.archetype for one in segmentation.segments}
    return numbers.map(by_number).to_numpy(dtype=object)


def _contribute(name: str, numbers: pd.Series, kinds: pd.Series) -> Contribution:
    sizes = numbers.value_counts()
    return Contribution(
        segmentation=name,
        n_segments=len(sizes),
        smallest_share=float(sizes.min() / len(numbers)),
        n_champions=int((kinds == CHAMPIONS).sum()),
        n_lost=int(kinds.isin(LOST_KINDS).sum()),
    )


def _revenue_share(features: ir.Table, is_chosen: pd.Series) -> float | None:
    """Give the share of the money of the placed customers that the chosen ones have spent."""
    column = next((name for name in ("gross_revenue", "monetary") if name in features.columns), None)
    if column is None:
        return None
    rows = features.select("customer_id", amount=features[column].cast("float64")).order_by("customer_id").to_pandas()
    amounts = rows.set_index("customer_id").amount.reindex(is_chosen.index).fillna(0.0)
    total = float(amounts.sum())
    return float(amounts[is_chosen].sum()) / total if total else None


def _cross(placed: pd.DataFrame, segmentations: Mapping[str, Segmentation], pairs: list[tuple[str, str]]) -> ir.Table:
    names = {key: {one.id: one.name for one in each.segments} for key, each in segmentations.items()}
    rows = [
        {
            "first": first,
            "second": second,
            "first_segment": names[first][one],
            "second_segment": names[second][other],
            "n_customers": int(n_customers),
        }
        for first, second in pairs
        for one, other, n_customers in placed.groupby([first, second]).size().reset_index().to_numpy().tolist()
    ]
    return ibis.memtable(pa.Table.from_pylist(rows))


def _list_champions(n_champion: pd.Series, n_lost: pd.Series, is_of_all: pd.Series, n_asked: int) -> ir.Table:
    is_any = n_champion > 0
    n_rows = int(is_any.sum())
    columns = {
        "customer_id": pa.array(n_champion.index[is_any].to_numpy(), type=pa.string()),
        "n_champion": pa.array(n_champion[is_any].to_numpy(), type=pa.int64()),
        "n_lost": pa.array(n_lost[is_any].to_numpy(), type=pa.int64()),
        "n_segmentations": pa.array([n_asked] * n_rows, type=pa.int64()),
        "is_champion_of_all": pa.array(is_of_all[is_any].to_numpy(), type=pa.bool_()),
    }
    return ibis.memtable(pa.table(columns))
