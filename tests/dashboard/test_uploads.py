"""Uploads: names that mean harm, files that are no exports, and files that are too large."""

from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.dashboard.conftest import Served
from tests.dashboard.served import Looking

from customerbase.dashboard.serving import Serving, choose, chosen
from customerbase.dashboard.uploads import find_upload, plain_name, start_upload
from customerbase.errors import UsageError

_LARGE = b"order_id,customer_id\n" + b"1,2\n" * (1 << 19)
"""Two megabytes, where the server takes one."""


@pytest.fixture
def served_nothing(tmp_path: Path) -> Path:
    """An empty workspace, and where uploads would go."""
    choose(Serving(tmp_path / "shop", tmp_path / "uploads"))
    return chosen().uploads


@pytest.mark.parametrize("name", ["orders.exe", ".csv", "", "../../orders", "a/b"])
def test_what_is_no_export_cannot_be_uploaded(served_nothing: Path, name: str) -> None:
    """By the end of its name; nothing is written."""
    with pytest.raises(UsageError, match="An export ends in csv"):
        start_upload(served_nothing, name, b"x")
    assert not served_nothing.exists()


def test_an_upload_lands_in_its_own_workspace(served_nothing: Path) -> None:
    """Whatever path its name has; what is wrong with it is told."""
    upload = start_upload(served_nothing, "../../../etc/of <them>.csv", b"a,b\n1,2\n")
    assert upload.process.wait(timeout=120) != 0
    assert upload.workspace == served_nothing / "0001-of-them"
    assert [path.name for path in served_nothing.iterdir()] == ["0001-of-them"]
    assert sorted(path.name for path in (upload.workspace / "upload").iterdir()) == ["of-them-.csv", "run.log"]
    assert upload.has_failed
    assert "No known layout fits these columns" in upload.said
    assert find_upload(upload.key) is upload


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../x.csv", "x.csv"),
        ("..\\..\\x.csv", "x.csv"),
        ("<img src=x onerror=alert(1)>.csv", "img-src-x-onerror-alert-1-.csv"),
        ("x" * 300 + ".csv", "x" * 56 + ".csv"),
        ("x" + "-" * 300 + "y.csv", "y.csv"),
        ("-rf.csv", "rf.csv"),
        ("注文 1.csv", "注文-1.csv"),
        ("\x00\n\u202eorders\u202c.csv", "orders-.csv"),
    ],
)
def test_names_that_mean_harm_mean_nothing(name: str, plain: str) -> None:
    """No path, no markup, no option, no sign that turns text around, and not without end."""
    assert plain_name(name) == plain


@pytest.mark.parametrize("name", ["...", "....csv", "." * 300 + "csv", "x" + "." * 300 + "csv", "x" * 300])
def test_a_name_of_which_nothing_is_left_is_refused(name: str) -> None:
    """A name of dots is none, however many there are."""
    with pytest.raises(UsageError, match="An export ends in csv"):
        plain_name(name)


def test_an_empty_file_is_told_so(served_nothing: Path) -> None:
    """In plain words, and what was uploaded stays as it came, whatever it is called."""
    upload = start_upload(served_nothing, "log.txt", b"")
    assert upload.process.wait(timeout=120) != 0
    assert upload.said.endswith("log.txt is empty. Export the orders again.")
    assert (upload.workspace / "upload" / "log.txt").read_bytes() == b""


def test_what_is_too_large_is_refused(looking: Looking, served: Served, tmp_path: Path) -> None:
    """The page says what was wrong, the limit and what to do; nothing is kept, also when the page is passed by."""
    before = sorted(served.workspace.parent.rglob("*"))
    large, small = tmp_path / "large.csv", tmp_path / "small.csv"
    large.write_bytes(_LARGE)
    small.write_bytes(b"order_id,customer_id\n1,2\n")
    looking.open(page="New export")
    field, run = looking.page.locator("input[type=file]"), looking.page.get_by_role("button", name="Check up and run")
    field.set_input_files(large)
    refusal = looking.page.get_by_text("File must be 1.0MB or smaller")
    refusal.wait_for()
    assert refusal.bounding_box()["height"] > 12
    said = looking.text(".cb p.reading:has-text('nothing of it is kept')")
    assert "of at most 1 MB" in said
    assert "run 'customerbase -w" in said
    assert run.count() == 0
    with looking.page.expect_request(lambda asked: asked.method == "PUT") as coming:
        field.set_input_files(small)
    run.wait_for()
    address, token = urlsplit(coming.value.url), coming.value.all_headers()["x-xsrftoken"]
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in looking.page.context.cookies())
    start = b'--end\r\nContent-Disposition: form-data; name="f"; filename="large.csv"\r\n\r\n'
    headers = {"X-Xsrftoken": token, "Cookie": cookies, "Content-Type": "multipart/form-data; boundary=end"}
    bodies: tuple[bytes | Iterator[bytes], ...] = (start + _LARGE + b"\r\n--end--\r\n", _in_pieces(start))
    for body in bodies:  # one that tells its length beforehand, and one that does not
        connection = HTTPConnection(address.netloc, timeout=20)
        with suppress(BrokenPipeError, ConnectionResetError):  # the server may refuse before it has all of it
            connection.request("PUT", address.path, body, headers, encode_chunked=not isinstance(body, bytes))
        assert connection.getresponse().status == 413
        connection.close()
    assert sorted(served.workspace.parent.rglob("*")) == before


def _in_pieces(start: bytes) -> Iterator[bytes]:
    yield start
    yield from (_LARGE[place : place + 65_536] for place in range(0, len(_LARGE), 65_536))
    yield b"\r\n--end--\r\n"
