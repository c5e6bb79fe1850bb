"""The published RFM schemes written out a second time, as cells, a grid and conditions: an oracle for schemes.toml."""

from collections.abc import Callable

CELLS_11 = {
    "Champions": "555 554 544 545 454 455 445",
    "Loyal": "543 444 435 355 354 345 344 335",
    "Potential Loyalist": "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 "
    "323",
    "New Customers": "512 511 422 421 412 411 311",
    "Promising": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "Need Attention": "535 534 443 434 343 334 325 324",
    "About To Sleep": "331 321 312 221 213 231 241 251",
    "At Risk": "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124",
    "Cannot Lose Them": "155 154 144 214 215 115 114 113",
    "Hibernating": "332 322 233 232 223 222 132 123 122 212 211",
    "Lost": "111 112 121 131 141 151",
}
KLAVIYO_6 = {
    "Champions": "333 332 323",
    "Loyal": "321 322 331 232 233",
    "Recent": "312 313 311 222 223",
    "Needs attention": "213 221 123 132 133",
    "At risk": "231 212 122 131 211",
    "Inactive": "111 112 113 121",
}
PYMC_6 = {
    "Premium": "333 334 343 344 433 434 443 444",
    "Repeat": "143 232 233 234 243 244 332",
    "Top Spender": "124 133 134 144 224 313 314 323 324 413 414 423 424",
    "At Risk": "122 123 132 212 214 222 223 312 322 412 422",
    "Inactive": "111 112 113 114 211 311 411",
}

RF_GRID = """
5 | new       | potential | potential | champions | champions
4 | promising | potential | potential | loyal     | loyal
3 | sleep     | sleep     | attention | loyal     | loyal
2 | hibernate | hibernate | risk      | risk      | lose
1 | hibernate | hibernate | risk      | risk      | lose
"""
"""The grid of ten names: recency score, then the frequency scores 1 to 5."""

RF_10 = {
    "new": "New Customers",
    "potential": "Potential Loyalists",
    "champions": "Champions",
    "promising": "Promising",
    "loyal": "Loyal Customers",
    "sleep": "About To Sleep",
    "attention": "Need Attention",
    "hibernate": "Hibernating",
    "risk": "At Risk",
    "lose": "Can't Lose",
}


def in_grid(r: int, column: int) -> str:
    """Look a place of the grid up."""
    rows = {int(line[0]): [word.strip() for word in line.split("|")[1:]] for line in RF_GRID.strip().splitlines()}
    return rows[r][column - 1]


def shopify(r: int, f: int, m: int) -> str:
    """The group by the table of ranges, with half scores rounded up."""
    fm = (f + m + 1) // 2
    if r >= 3 and fm >= 4:
        return "Champions" if r == 5 else "Loyal"
    if r >= 4:
        return "Active" if fm >= 2 else {5: "New", 4: "Promising"}[r]
    if r == 3:
        return "Needs attention" if fm == 3 else "Almost lost"
    return {5: "Previously loyal", 4: "At risk", 3: "At risk"}.get(fm, "Dormant")


def putler(r: int, f: int, m: int) -> str:
    """The first rule that fits, in doubled values so that halves are whole."""
    rules = [
        ("Champions", 4, 5, 8, 10),
        ("Loyal Customers", 2, 5, 6, 10),
        ("Potential Loyalist", 3, 5, 2, 6),
        ("Recent/New Customers", 4, 5, 0, 2),
        ("Promising", 3, 4, 0, 2),
        ("Customers Needing Attention", 2, 3, 4, 6),
        ("About To Sleep", 2, 3, 0, 4),
        ("At Risk", 0, 2, 4, 10),
        ("Can't Lose Them", 0, 1, 8, 10),
        ("Hibernating", 1, 2, 2, 4),
        ("Lost", 0, 2, 0, 4),
    ]
    return next(name for name, r_low, r_high, low, high in rules if r_low <= r <= r_high and low <= f + m <= high)


def churned(r: int, f: int, m: int) -> str:
    """Putler's rules with the names of Churned, and no others between."""
    rules = [
        ("Champion", 4, 5, 8, 10),
        ("Loyalist", 2, 5, 6, 10),
        ("Potential", 3, 5, 2, 6),
        ("New", 4, 5, 0, 2),
        ("Need attention", 2, 3, 4, 6),
        ("At risk", 0, 2, 4, 10),
        ("Hibernating", 1, 2, 2, 4),
        ("Lost", 0, 2, 0, 4),
    ]
    return next(name for name, r_low, r_high, low, high in rules if r_low <= r <= r_high and low <= f + m <= high)


def rsquared(r: int, f: int, m: int) -> str:
    """The bounds of the package as one condition after the other."""
    if (r, f, m) == (5, 5, 5):
        return "Champions"
    if r in {3, 4, 5} and f in {3, 4, 5} and m in {2, 3, 4, 5}:
        return "Potential Loyalist"
    if {r, f, m} <= {2, 3, 4}:
        return "Loyal Customers"
    if r in {3, 4} and f in {1, 2, 3} and m in {3, 4, 5}:
        return "Promising"
    if r in {4, 5} and f in {1, 2, 3}:
        return "New Customers"
    if r in {1, 2} and f in {3, 4} and m in {4, 5}:
        return "Can't Lose Them"
    if r in {1, 2} and f in {2, 3, 4, 5} and m in {4, 5}:
        return "At Risk"
    if r in {1, 2, 3} and f in {3, 4, 5} and m in {3, 4, 5}:
        return "Need Attention"
    if r in {2, 3} and f in {1, 2, 3} and m in {1, 2, 3, 4}:
        return "About To Sleep"
    return "Lost" if r == 1 else "Others"


def rsquared_older(r: int, f: int, m: int) -> str:
    """The bounds of the older vignette, where f and m have the same ones."""
    low, high = min(f, m), max(f, m)
    if r >= 4 and low >= 4:
        return "Champions"
    if r >= 2 and low >= 3:
        return "Loyal Customers"
    if r >= 3 and high <= 3:
        return "Potential Loyalist"
    if r in {2, 3} and low >= 2 and high <= 3:
        return "Need Attention"
    if r in {2, 3} and high <= 2:
        return "About To Sleep"
    if r <= 2 and low >= 2:
        return "At Risk"
    return "Lost" if r <= 2 and high <= 2 else "Others"


PUBLISHED: dict[str, Callable[[int, int, int], str]] = {
    "cells-11": lambda r, f, m: listed(CELLS_11, r, f, m),
    "rf-10": lambda r, f, _: RF_10[in_grid(r, f)],
    "klaviyo-6": lambda r, f, m: listed(KLAVIYO_6, r, f, m),
    "shopify-11": shopify,
    "putler-grid": putler,
    "churned-8": churned,
    "rsquared-10": rsquared,
    "rsquared-10-older": rsquared_older,
    "pymc-6": lambda r, f, m: listed(PYMC_6, r, f, m),
}


def listed(table: dict[str, str], r: int, f: int, m: int) -> str:
    """Look a cell up in a table of cells; the rest is Other."""
    return next((name for name, found in table.items() if f"{r}{f}{m}" in found.split()), "Other")
