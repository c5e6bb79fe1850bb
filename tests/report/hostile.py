"""An export whose names come from strangers."""

from pathlib import Path

import pytest
from tests.once import make_once

from customerbase.workflow import Config, open_workspace, run

__all__ = ["HOSTILE", "make_hostile_shop", "write_hostile"]

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '=HYPERLINK("http://example.org";"click")',
    "x" * 5_000,
    "עט כחול ‮txt.exe",
    "🧸 teddy & <b>bear</b>",
    '" onload="alert(3)',
    "{{ 7 * 7 }} {% raw %}",
)


def write_hostile(folder: Path) -> Path:
    """Write 20 customers who buy these products in countries of such names, and send one back."""
    lines = ["order_id,customer_id,ordered_at,product_id,product_name,quantity,unit_price,country"]
    for number in range(160):
        product = number % len(HOSTILE)
        name = HOSTILE[product].replace('"', '""')
        country = HOSTILE[(number % 20) % 4].replace('"', '""')[:60]
        quantity = -1 if number % 40 == 39 else 1 + number % 5
        day = f"2024-{1 + number % 6:02}-{1 + number % 28:02} {8 + number % 9:02}:00"
        person = f"id-<i>{number % 20:03}</i>"
        lines.append(f'{number},{person},{day},p{product},"{name}",{quantity},{1 + number % 7}.50,"{country}"')
    path = folder / "<b>orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def make_hostile_shop(factory: pytest.TempPathFactory) -> Path:
    """Give a workspace of that export."""

    def make(folder: Path) -> None:
        run(open_workspace(folder / "shop"), [write_hostile(folder)], Config(n_segments=3))

    return make_once(factory, "hostile-shop", make) / "shop"
