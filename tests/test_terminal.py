"""What a person sees in a terminal."""

from typing import Any

import pytest

from customerbase.terminal import print_fault, print_rows, print_segments, print_summary, show_progress

SUMMARY: dict[str, Any] = {
    "sources": [{"source": "[red]may[/].csv", "layout": "online-retail"}, {"source": "june.csv", "layout": "mapped"}],
    "rows_in": 1_200,
    "rows_kept": 900,
    "set_aside": [{"rows": 300, "share": 0.25, "reason": "name no customer"}],
    "marked": [
        {"rule": "is_return", "rows": 20, "reason": "are returns"},
        {"rule": "is_product", "rows": 880, "reason": "sell a product"},
    ],
    "base": "orders",
    "n_customers": 1_000,
    "n_without_purchase": 3,
    "n_left_out": 0,
    "as_of": "2011-12-10",
    "gross_revenue": 12_345.678,
    "monetary": 12_000.0,
    "segments": [
        {
            "name": "Loyal [b]",
            "n_customers": 1_000,
            "share": 1.0,
            "revenue_share": 1.0,
            "strategy": {"actions": ["Thank them.", "Ask them."]},
        }
    ],
    "workspace": "shop",
    "notes": ["the last order is 40 days older than 2011-12-10; is that the date you meant?"],
    "findings": [{"finding": "matched_returns", "amount": -1250.5}, {"finding": "time_zone", "amount": 0.0}],
    "files": ["shop/runs/0001/" + "a" * 200 + ".parquet"],
}


def test_a_fault_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever line ends its message has."""
    print_fault("The disk\n is full.\r\nFree some space.")
    assert capsys.readouterr() == ("", "Error: The disk is full. Free some space.\n")


def test_the_summary_says_what_came_in_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Names that look like markup are printed as they are, and paths are not broken."""
    print_summary(SUMMARY)
    out = capsys.readouterr().out
    assert "1,200 rows read from [red]may[/].csv (online-retail), june.csv (mapped)" in out
    assert "900 kept (75.0%)" in out
    assert "300 set aside (25.0%): name no customer" in out
    assert "20 of those kept are returns" in out
    assert "sell a product" not in out
    assert "2 things are worth a look, first matched returns (1,250.50 at stake): customerbase checkup" in out
    assert "1,000 customers with a purchase before 2011-12-10, gross revenue 12,345.68; 3 more have only returns" in out
    assert "Note: the last order is 40 days older" in out
    assert "Loyal [b]" in out
    assert "Thank them." in out
    assert "Ask them." not in out
    assert f"\n  {SUMMARY['files'][0]}\n" in out


def test_commands_speak_of_the_workspace(capsys: pytest.CaptureFixture[str]) -> None:
    """They can be typed as they are printed."""
    print_summary(SUMMARY, "customerbase -w toys")
    out = capsys.readouterr().out
    assert "(each with its rule and its cells: customerbase -w toys show quarantine)" in out
    assert "(1,250.50 at stake): customerbase -w toys checkup" in out


@pytest.mark.parametrize(
    ("known", "line"),
    [
        (
            {"base": "coupons", "gross_revenue": None, "monetary": None, "n_without_purchase": 0},
            "1,000 customers with a coupon before 2011-12-10",
        ),
        (
            {"base": "customers", "as_of": "undated", "gross_revenue": None},
            "1,000 customers (undated), monetary value 12,000.00; 3 more neither ordered nor spent anything",
        ),
        (
            {"base": "customers", "gross_revenue": None, "monetary": None, "n_without_purchase": 0},
            "1,000 customers as of 2011-12-10",
        ),
    ],
    ids=["coupons", "undated", "dated"],
)
def test_the_summary_suits_what_is_known(known: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Customers are those with a coupon, or of a file; what is not known of money is not told."""
    print_summary({**SUMMARY, **known})
    assert line in capsys.readouterr().out.splitlines()


def test_without_revenue_there_is_no_column_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in the table nor beside a segment stand zeros that nobody has counted."""
    segments = [{**SUMMARY["segments"][0], "revenue_share": None}]
    print_summary({**SUMMARY, "segments": segments})
    assert "Revenue" not in capsys.readouterr().out
    strategy = {"goal": "Keep.", "actions": ["Thank."], "channel": "Post.", "avoid": "Noise.", "measure": "Orders."}
    print_segments([{**segments[0], "traits": ["claim many coupons"], "strategy": strategy}])
    assert capsys.readouterr().out.startswith("Loyal [b]: 1,000 customers (100.0%)\n")


def test_rows_are_a_table_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing is a dash; numbers stand to the right."""
    rows: list[dict[str, Any]] = [
        {"name": "[b]a", "rows": 1_234, "share": 0.123456, "on": True},
        {"name": None, "rows": 7, "share": 2.5, "on": False},
    ]
    print_rows(rows, n_rows=9)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "name  rows    share  on",
        "[b]a  1234   12.35%  True",
        "–        7  250.00%  False",
        "2 of 9 rows; --csv and --json give all of them.",
    ]


def test_columns_that_do_not_fit_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Rather than broken into single letters; the first stays however wide it is."""
    print_rows([{f"column_{number}": "a" * 50 for number in range(9)}], n_rows=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["a" * 50] * 3
    assert lines[2] == "1 rows and 3 of 9 columns; --csv and --json give all of them."


def test_no_rows_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Rather than nothing at all."""
    print_rows([], n_rows=0)
    assert capsys.readouterr().out == "No rows.\n"


@pytest.mark.parametrize(("quiet", "verbose"), [(True, False), (False, False), (True, True)])
def test_progress_goes_to_standard_error_or_nowhere(
    capsys: pytest.CaptureFixture[str], quiet: bool, verbose: bool
) -> None:
    """Not a sign of it in a pipe, but for -v."""
    with show_progress(quiet=quiet, verbose=verbose) as progress:
        progress("Reading the export")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(" s  Reading the export\n") if verbose else err == ""
