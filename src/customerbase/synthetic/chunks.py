"""A part of a generated shop that fits in memory: some buyers, with all that they ever ordered and returned."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import count
from math import ceil
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from customerbase.synthetic.baskets import Lines, add_postage, fill_baskets, take_back
from customerbase.synthetic.buyers import Buyers, draw_buyers
from customerbase.synthetic.catalogue import Catalogue
from customerbase.synthetic.orders import Documents, place_orders
from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.population import Population

__all__ = ["Chunk", "draw_chunks"]

Columns = TypeVar("Columns", Buyers, Documents, Lines)
IntArray = npt.NDArray[np.int64]

LINES_PER_CHUNK = 1_000_000


@dataclass(frozen=True)
class Chunk:
    """Buyers, documents (`n_orders` orders, then returns) and lines, earliest first.

    `buyers_before`, `orders_before` and `returns_before` count what earlier chunks hold, so that numbers go on.
    """

    buyers: Buyers
    documents: Documents
    lines: Lines
    n_orders: int
    buyers_before: int = 0
    orders_before: int = 0
    returns_before: int = 0

    @property
    def n_lines(self) -> int:
        """Lines of all documents."""
        return len(self.lines.document)

    @property
    def n_buyers(self) -> int:
        """Customers and guests."""
        return len(self.buyers.type)

    @property
    def n_returns(self) -> int:
        """Documents that are not orders."""
        return len(self.documents.buyer) - self.n_orders

    @property
    def orders_per_buyer(self) -> IntArray:
        """Orders of each buyer."""
        return np.bincount(self.documents.buyer[: self.n_orders], minlength=self.n_buyers)


def draw_chunks(
    parameters: ShopParameters,
    population: Population,
    catalogue: Catalogue,
    lines_per_chunk: int = LINES_PER_CHUNK,
) -> Iterator[Chunk]:
    """Draw chunk after chunk, until their lines are exactly as many as wanted.

    Each chunk has a generator of its own, seeded by the shop's seed and the number of the chunk.

    Examples
    --------
    >>> from customerbase.synthetic.catalogue import make_catalogue
    >>> from customerbase.synthetic.population import make_population
    >>> parameters = ShopParameters(n_lines=2_000)
    >>> catalogue = make_catalogue(np.random.default_rng(0), 200)
    >>> sum(chunk.n_lines for chunk in draw_chunks(parameters, make_population(parameters), catalogue))
    2000
    """
    lines_per_buyer = population.orders_per_buyer * parameters.lines_per_order
    n_buyers = ceil(min(parameters.n_lines, lines_per_chunk) / lines_per_buyer)
    n_left, previous = parameters.n_lines, None
    for number in count(1):
        rng = np.random.default_rng([parameters.random_state, number])
        previous = _numbered(_cut(_draw(rng, population, catalogue, n_buyers), n_left), previous)
        yield previous
        n_left -= previous.n_lines
        if n_left == 0:
            return


def _draw(rng: np.random.Generator, population: Population, catalogue: Catalogue, n_buyers: int) -> Chunk:
    buyers = draw_buyers(rng, population, n_buyers)
    orders = place_orders(rng, buyers, population)
    bought = fill_baskets(rng, orders, buyers, catalogue)
    returns, returned = take_back(rng, bought, orders, buyers, population.seasons[0])
    n_orders = len(orders.buyer)
    returned = replace(returned, document=returned.document + n_orders)
    documents = _stacked(orders, returns)
    lines = _stacked(bought, add_postage(bought, orders, catalogue), returned)
    rank = np.argsort(np.argsort(documents.second, kind="stable"))
    return Chunk(buyers, documents, _taken(lines, np.argsort(rank[lines.document], kind="stable")), n_orders)


def _cut(chunk: Chunk, n_lines: int) -> Chunk:
    """Keep the first buyers who have this many lines together; of the last of them, only the earliest lines."""
    if chunk.n_lines <= n_lines:
        return chunk
    buyer = chunk.documents.buyer[chunk.lines.document]
    kept = np.sort(np.argsort(buyer, kind="stable")[:n_lines])
    lines = _taken(chunk.lines, kept)
    present, document = np.unique(lines.document, return_inverse=True)
    return Chunk(
        buyers=_taken(chunk.buyers, np.arange(buyer[kept].max() + 1)),
        documents=_taken(chunk.documents, present),
        lines=replace(lines, document=document),
        n_orders=int((present < chunk.n_orders).sum()),
    )


def _numbered(chunk: Chunk, previous: Chunk | None) -> Chunk:
    if previous is None:
        return chunk
    return replace(
        chunk,
        buyers_before=previous.buyers_before + previous.n_buyers,
        orders_before=previous.orders_before + previous.n_orders,
        returns_before=previous.returns_before + previous.n_returns,
    )


def _stacked(*parts: Columns) -> Columns:
    names = [field.name for field in fields(parts[0])]
    return type(parts[0])(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _taken(columns: Columns, rows: IntArray) -> Columns:
    return type(columns)(**{field.name: getattr(columns, field.name)[rows] for field in fields(columns)})
