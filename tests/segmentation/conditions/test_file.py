"""Files of own segments: what they may say, and one line for each thing that is wrong."""

from pathlib import Path

import pytest

from customerbase.errors import UsageError
from customerbase.segmentation.conditions.file import parse_file, read_text
from customerbase.segmentation.conditions.syntax import Comparison

SLEEPING = '[segments]\nSleeping = "recency_days > 180"\n'


def test_a_file_with_all_that_it_may_say() -> None:
    """Segments keep the order of the file, short and long forms mixed; what is said of them is kept."""
    made = parse_file(
        """
        overlap = "error"
        rest = "The others"
        [segments]
        "Big ones" = "monetary > 1_000"
        New.when = "age_days <= 60"
        New.archetype = "new"
        New.color = "#3366cc"
        New.strategy = { goal = "Win the second order.", actions = ["Write to them."] }
        Sleeping = { when = "recency_days > 180", description = "Silent for half a year." }
        """
    )
    assert made.names == ("Big ones", "New", "Sleeping", "The others")
    assert made.overlap == "error"
    assert made.segments[0].condition == Comparison("monetary", ">", 1000)
    new, sleeping = made.segments[1:]
    assert (new.archetype, new.color, sleeping.description) == ("new", "#3366cc", "Silent for half a year.")
    assert new.strategy == {"goal": "Win the second order.", "actions": ["Write to them."]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "A table [segments] with 1 to 100 lines"),
        ("[segments]", "A table [segments] with 1 to 100 lines"),
        ("segments = 3", "A table [segments] with 1 to 100 lines"),
        ("segments = [", "It is not valid TOML"),
        ("x = " + "[" * 5_000, "It is not"),
        ("#" * 200_001, "It has more than 200,000 characters."),
        ("[segments]\n" + "\n".join(f"s{n} = 'x > {n}'" for n in range(101)), "Got 101 instead."),
        (f"[segment]\n{SLEEPING}", "'segment' has no place in a file of own segments. It may"),
        (f"overlap = 'last'\n{SLEEPING}", "'overlap' must be one of first, error. Got 'last' instead."),
        (f"rest = 3\n{SLEEPING}", "The name of a segment must have 1 to 80 printable characters"),
        (f"rest = 'sleeping'\n{SLEEPING}", "Two segments have the name 'sleeping'."),
        ("[segments]\n'' = 'x > 1'", "The name of a segment must have 1 to 80 printable characters"),
        ("[segments]\n'a ' = 'x > 1'", "without spaces around them. Got 'a ' instead."),
        ('[segments]\n"a\\nb" = "x > 1"', "printable characters, without spaces around them. Got 'a\\nb' instead."),
        ("[segments]\na = 'x > 1'\nA = 'x > 2'", "Two segments have the name 'A'."),
        ("[segments]\na = 'x > 1'\na = 'x > 2'", "It is not valid TOML: Cannot overwrite a value"),
        ("[segments]\na = 3", "Segment 'a': it must be a condition in quotes, or a table with 'when'. Got 3 instead."),
        ("[segments]\na = ''", "Segment 'a', position 1: the condition is empty."),
        ("[segments]\na = 'x >'", "Segment 'a', position 4: a value should stand here. Got the end instead."),
        ("[segments]\na = 'x > 5 and x < 3'", "Segment 'a': no customer can meet 'x > 5 and x < 3'."),
        ("[segments]\na = { color = '#000000' }", "Segment 'a': it has no condition. Give it one with 'when'."),
        ("[segments]\na = { when = 3 }", "Segment 'a': 'when' must be a text. Got 3 instead."),
        ("[segments]\na = { when = 'x > 1', size = 3 }", "Segment 'a': 'size' is no part of a segment. They are when,"),
        ("[segments]\na = { when = 'x > 1', color = 'red' }", "'color' must be written as #rrggbb, such as #007744."),
        ("[segments]\na = { when = 'x > 1', archetype = 'x' }", "'archetype' must be one of the playbook: champions,"),
        ('[segments]\na = { when = "x > 1", description = "\\u001b[31m" }', "'description' must be one line of"),
        ("[segments]\na = { when = 'x > 1', description = '' }", "'description' must be one line of"),
        ("[segments]\na = { when = 'x > 1', strategy = 'x' }", "'strategy' must be a table. Got 'x' instead."),
        ("[segments]\na = { when = 'x > 1', strategy = { aim = 'x' } }", "'aim' is no part of a strategy."),
        ("[segments]\na = { when = 'x > 1', strategy = { goal = 3 } }", "'goal' of the strategy must be one line"),
        ("[segments]\na = { when = 'x > 1', strategy = { actions = [] } }", "'actions' of the strategy must be"),
    ],
)  # fmt: skip
def test_files_that_are_refused(text: str, message: str) -> None:
    """Each fault gets one line that names it."""
    with pytest.raises(UsageError) as refused:
        parse_file(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory. Name a TOML file with a table [segments]."),
        (b"\xff\xfe\x00", "is no text in UTF-8."),
        (b"[segments]\na = 'x >'", "my.toml: Segment 'a', position 4"),
        (b"#" * 900_000, "my.toml: It has more than 200,000 characters."),
    ],
    ids=["missing", "bytes", "wrong", "long"],
)
def test_files_that_cannot_be_read(content: bytes | None, message: str, tmp_path: Path) -> None:
    """What is wrong with a file is told with its name."""
    path = tmp_path / "my.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_text(path)
    assert message in str(refused.value)


def test_a_file_of_windows_is_read(tmp_path: Path) -> None:
    """A mark of byte order and Windows' line ends do no harm."""
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SLEEPING.replace("\n", "\r\n").encode())
    assert parse_file(read_text(path)).names == ("Sleeping", "Everyone else")
