"""The readers' test: are the names of segments those that a reader of their profiles would give?

    python benchmarks/readers.py write FOLDER OUT.txt KEY.json    segment every data set, write profiles without names
    python benchmarks/readers.py score KEY.json ANSWERS.txt...    compare what readers chose

A reader is given OUT.txt alone and answers one line per profile: its number, a colon, and a name of the list. A reader
is right where the name is that of the segment's kind; of a qualified name (Champions, lower spend) the kind counts.
"""

import argparse
import json
import random
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from customerbase.config import Config
from customerbase.report.numerals import write
from customerbase.segmentation.playbook import load_playbook
from customerbase.workflow import open_workspace, run

DATA_SETS = (
    ("online_retail_II.csv", None),
    ("online_retail_II.csv", "2011-09-10"),
    ("online_retail_II.csv", "2010-12-01"),
    ("cdnow/CDNOW_sample.txt", None),
    ("rfm/online_retail_ii_year1_clean.csv", None),
    ("behaviour/ecommerce_user_segmentation.csv", None),
    ("coupons/E-commerce_data.xlsx", None),
)
"""File and date. The second behaviour file has the customers of the first; the e-mail test names no customers."""

NAMED = ("life-cycle", "coupon-use", "behaviour", "coupons", "engagement")
TASK = """\
A shop's customers were divided into segments. For every segment below, choose the one name of the list that
describes it best. Look at all segments of a shop before you choose: what they say is relative to the customers of
that shop. A name may be given to two segments of one shop where both are of that kind. Answer with one line per
segment, its number, a colon and the name, such as `7: New customers`, and nothing else.
"""


def main() -> None:
    """Write the test, or score the answers."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    for name in ("folder", "text", "key"):
        writing.add_argument(name, type=Path)
    scoring = commands.add_parser("score")
    scoring.add_argument("key", type=Path)
    scoring.add_argument("answers", type=Path, nargs="+")
    asked = parser.parse_args()
    if asked.command == "write":
        write_test(asked.folder, asked.text, asked.key)
    else:
        for answers in asked.answers:
            score(json.loads(asked.key.read_text()), answers)


def write_test(folder: Path, text: Path, key: Path) -> None:
    """Segment every data set as `run` does, and write profiles in a drawn order, and their names apart."""
    kinds = {one.key: one for one in load_playbook().values() if one.kind in NAMED}
    drawn = random.Random(0)
    lines = [TASK, "NAMES", ""]
    lines += [f"* {one.name}: {one.description}" for one in drawn.sample(list(kinds.values()), len(kinds))]
    names: dict[str, str] = {}
    for number, (file, as_of) in enumerate(DATA_SETS, start=1):
        lines += ["", f"SHOP {number}", ""]
        segments = _segment(folder / file, as_of)
        for one in drawn.sample(segments, len(segments)):
            names[str(len(names) + 1)] = kinds[one["archetype"]].name if one["archetype"] in kinds else one["name"]
            revenue = "" if one["revenue_share"] is None else f", {write(one['revenue_share'], 'share')} of revenue"
            lines.append(f"{len(names)}. {write(one['share'], 'share')} of the customers{revenue}.")
            lines.append(f"   {'; '.join(one['traits'])}.")
            if one["contrasts"]:
                lines.append(f"   Beside the average customer: {'; '.join(one['contrasts'])}.")
    text.write_text("\n".join(lines) + "\n")
    key.write_text(json.dumps(names, indent=1) + "\n")
    print(f"{len(names)} segments of {len(DATA_SETS)} data sets: {text}, key {key}")


def _segment(file: Path, as_of: str | None) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "shop")
        run(workspace, [file], Config(as_of=as_of))
        segments: list[dict[str, Any]] = workspace.json("segments")["segments"]
        return segments


def score(key: dict[str, str], answers: Path) -> None:
    """Print how many names a reader chose as the product does, and where they differ."""
    given = {match[1]: match[2].strip(" .*`") for match in re.finditer(r"(\d+)\s*[.:]\s*(.+)", answers.read_text())}
    missing = set(key) - set(given)
    if missing:
        sys.exit(f"{answers} has no answer for {', '.join(sorted(missing, key=int))}.")
    same = [number for number in key if given[number].casefold() == key[number].casefold()]
    print(f"{answers.name}: {len(same)} of {len(key)} names the same ({len(same) / len(key):.0%})")
    for number in key:
        if number not in same:
            print(f"  {number}: product {key[number]}, reader {given[number]}")


if __name__ == "__main__":
    main()
