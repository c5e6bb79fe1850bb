"""A user's own layout as a file: all that a layout can say, and one line for every mistake."""

from dataclasses import fields
from pathlib import Path

import pytest

from customerbase.errors import UsageError
from customerbase.ingest.layout import Condition, Join, Layout
from customerbase.ingest.layout_file import read_layout
from customerbase.ingest.reading import read

WHOLE = """
name = "till"
optional = ["product_name"]
percentages = ["cart_abandonment_rate"]
cancelling = ["C"]
adjusting = ["A"]
grain = "order"
amounts = "Without tax."
refunded = ["Back", "Total"]
goods_total = "Goods"
is_filled_down = true
time_of_day = "Time"

[columns]
customer_id = "Who"
ordered_at = "When"
product_name = "Article"

[spellings]
customer_id = ["Client", "Guest"]

[[void_when]]
column = "State"
pattern = "void|test"

[[return_when]]
column = "Kind"
pattern = "sale"
is_negated = true

[[not_products]]
code = "TIP"
column = "Article"
pattern = "tip.*"

[[joins]]
table = "positions"
column = "Belongs to"
to = "tickets"
key = "Ticket"
"""

COLUMNS = '[columns]\ncustomer_id = "Who"\n'


def write(folder: Path, text: str) -> Path:
    """Write a layout file."""
    path = folder / "my-shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_can_say_all_that_a_layout_can(tmp_path: Path) -> None:
    """Each field of a layout is read from the key of its name."""
    assert read_layout(write(tmp_path, WHOLE)) == Layout(
        "till",
        {"customer_id": "Who", "ordered_at": "When", "product_name": "Article"},
        optional=frozenset({"product_name"}),
        cancelling=("C",),
        adjusting=("A",),
        spellings={"customer_id": ("Client", "Guest")},
        grain="order",
        amounts="Without tax.",
        void_when=(Condition("State", "void|test"),),
        return_when=(Condition("Kind", "sale", is_negated=True),),
        not_products=(("TIP", Condition("Article", "tip.*")),),
        refunded=("Back", "Total"),
        goods_total="Goods",
        is_filled_down=True,
        time_of_day="Time",
        percentages=frozenset({"cart_abandonment_rate"}),
        joins=(Join("positions", "Belongs to", "tickets", "Ticket"),),
    )
    assert all(f"{field.name}" in WHOLE for field in fields(Layout))


def test_the_name_is_that_of_the_file(tmp_path: Path) -> None:
    """Unless it says another one."""
    assert read_layout(write(tmp_path, COLUMNS)).name == "my-shop"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colums = 1", r"A layout has no 'colums'. It has name, columns, optional"),
        ('grain = "line"', r"needs a table \[columns\] with lines such as customer_id"),
        ('[columns]\ncustomer = "Who"', r"'columns' knows the names order_id, .*Got 'customer' instead"),
        ("[columns]\ncustomer_id = 3", r"'columns.customer_id' must be a text. Got 3 instead"),
        ('columns = "Who"', r"'columns' must be a table, \[columns\]. Got 'Who' instead"),
        (f'optional = ["colour"]\n{COLUMNS}', r"'optional' knows the names .* Got 'colour' instead"),
        (f'cancelling = "C"\n{COLUMNS}', r"'cancelling' must be a list of texts. Got 'C' instead"),
        (f'grain = "week"\n{COLUMNS}', r"'grain' must be one of line, order.* Got 'week' instead"),
        (f'refunded = ["Back"]\n{COLUMNS}', r"'refunded' must be two columns"),
        (f'is_filled_down = "yes"\n{COLUMNS}', r"'is_filled_down' must be true or false. Got 'yes' instead"),
        (f"{COLUMNS}[spellings]\ncustomer_id = 3", r"'spellings.customer_id' must be a list of texts"),
        (f'{COLUMNS}[void_when]\ncolumn = "State"', r"'void_when' must be one or more tables, \[\[void_when\]\]"),
        (f'{COLUMNS}[[void_when]]\ncolumn = "State"', r"\[\[void_when\]\] needs 'pattern'"),
        (f'{COLUMNS}[[joins]]\nfrom = "a"', r"\[\[joins\]\] has no 'from'. It has table, column, to, key"),
        (
            f'{COLUMNS}[[void_when]]\ncolumn = "State"\npattern = "(void"',
            r"has the pattern '\(void', which is no regular expression: .*missing \)",
        ),
        (
            f'{COLUMNS}[[void_when]]\ncolumn = "State"\npattern = "(?=void)"',
            r"has the pattern '\(\?=void\)', which is no regular expression",
        ),
        ("customer_id = Who", r"is not valid TOML: .*line 1"),
    ],
)
def test_every_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    """The file, what is wrong in it, and what is allowed."""
    with pytest.raises(UsageError, match=message) as caught:
        read_layout(write(tmp_path, text))
    assert str(caught.value).startswith(str(tmp_path / "my-shop.toml"))
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A name that ends in .toml is a file, and it is looked for before anything is read."""
    with pytest.raises(UsageError, match=r"The layout file .*shop\.toml cannot be read: No such file"):
        read(tmp_path / "no-orders.csv", layout=str(tmp_path / "shop.toml"))


def test_a_file_is_read_by_its_layout(tmp_path: Path) -> None:
    """What the file says of orders that do not count and of tips holds for the lines."""
    layout = write(
        tmp_path,
        """
        columns = { customer_id = "Who", ordered_at = "When", amount = "Sum", product_id = "Article" }
        void_when = [{ column = "State", pattern = "void" }]
        not_products = [{ code = "TIP", column = "Article", pattern = "tip.*" }]
        """,
    )
    (tmp_path / "a.csv").write_text(
        "Who,When,Sum,Article,State\nann,2024-01-01,5,mug,VOID\nann,2024-01-02,1,Tip jar,ok\n"
    )
    lines = read(tmp_path / "a.csv", layout=str(layout)).order_lines.order_by("source_row")
    assert lines.is_void.to_list() == [True, False]
    assert lines.product_id.to_list() == ["mug", "TIP"]
