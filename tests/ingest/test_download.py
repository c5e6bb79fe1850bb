"""Downloads: from a server on this machine that breaks off, refuses, and changes its mind."""

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.front_end import CommandLine, listing

from customerbase.errors import DataError, UsageError
from customerbase.ingest import transfer
from customerbase.ingest.download import DATASETS, PublicDataset, describe, download
from customerbase.ingest.reading import read

HEADER = DATASETS["online-retail-ii"].header
ROW = [489434, "85048", "CHRISTMAS GLASS BALL", 12, "2009-12-01 07:45:00", 6.95, 13085, "United Kingdom"]
FILE = "online_retail_II.xlsx"


def make_workbook(*n_rows: int, header: tuple[str, ...] = HEADER) -> bytes:
    """Make a workbook with a sheet of so many rows each; what is random in it makes the packed file of some size."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for number in n_rows:
            sheet = book.add_worksheet()
            for row, cells in enumerate([header, *[ROW] * number]):
                sheet.write_row(row, 0, cells)
    return content.getvalue()


def pack(content: bytes, member: str = FILE) -> bytes:
    """Pack a file as the repository does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, content)
    return packed.getvalue()


WORKBOOK = make_workbook(3, 2)
PACKED = pack(WORKBOOK)


@dataclass
class Site:
    """What the server holds, how it behaves, and what it was asked for."""

    content: bytes = PACKED
    etag: str = '"first"'
    modified: str = ""
    status: int = 200
    knows_ranges: bool = True
    knows_if_range: bool = True
    says_length: bool = True
    is_chunked: bool = False
    break_offs: list[int] = field(default_factory=list)
    """After how many bytes each answer breaks off, one after the other; then none does."""
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    """Range and If-Range of each request."""
    address: str = ""
    after_request: Callable[[], object] = lambda: None

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        wanted, condition = request.headers.get("Range"), request.headers.get("If-Range")
        self.asked.append((wanted, condition))
        if self.status != 200:
            request.send_error(self.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.knows_ranges else 0
        if condition not in {None, self.etag or self.modified} and self.knows_if_range:
            start = 0
        if start and start >= len(self.content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        self._send_head(request, start)
        body = self.content[start:]
        n_sent = self.break_offs.pop(0) if self.break_offs else len(body)
        self._send_body(request, body[:n_sent], is_whole=n_sent >= len(body))
        self.after_request()

    def _send_head(self, request: BaseHTTPRequestHandler, start: int) -> None:
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        for name, value in {"ETag": self.etag, "Last-Modified": self.modified}.items():
            if value:
                request.send_header(name, value)
        if self.is_chunked:
            request.send_header("Transfer-Encoding", "chunked")
        elif self.says_length:
            request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()

    def _send_body(self, request: BaseHTTPRequestHandler, body: bytes, *, is_whole: bool) -> None:
        if self.is_chunked:
            for at in range(0, len(body), 1_000):
                chunk = body[at : at + 1_000]
                request.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            request.wfile.write(b"0\r\n\r\n" if is_whole else b"")
        else:
            request.wfile.write(body)
        request.close_connection = True


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    held = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            held.answer(self)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        held.address = f"http://127.0.0.1:{server.server_port}/online+retail+ii.zip"
        yield held
        server.shutdown()


@pytest.fixture
def tiny(site: Site) -> PublicDataset:
    """The record of a data set of the same form, of five rows in two sheets."""
    return replace(
        DATASETS["online-retail-ii"], name="tiny", address=site.address, n_bytes=len(PACKED), sheet_rows=(3, 2)
    )


def part_of(folder: Path, content: bytes, etag: str = '"first"') -> Path:
    """Leave what has come of an earlier transfer."""
    part = folder / f"{FILE}.part"
    part.write_bytes(content)
    if etag:
        (folder / f"{FILE}.part.etag").write_text(etag, encoding="ascii")
    return part


def test_the_file_stands_there_verified(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """In a folder that is made for it, with nothing beside it; and it is read like any export."""
    told: list[str] = []
    file = download(tiny, tmp_path / "data" / "raw", progress=told.append)
    assert file == tmp_path / "data" / "raw" / FILE
    assert file.read_bytes() == WORKBOOK
    assert list(listing(file.parent)) == [FILE]
    assert read(file).order_lines.count().execute() == 5
    assert site.asked == [(None, None)]
    assert told == ["Downloading tiny: 0 of 0 MB", "Verifying tiny"]


def test_what_stands_there_stays(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """Unless it may be overwritten; nothing is asked of the server."""
    (tmp_path / FILE).write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"exists already. Pass --force \(overwrite=True\) to replace it"):
        download(tiny, tmp_path)
    assert site.asked == []
    assert (tmp_path / FILE).read_bytes() == b"mine"
    assert download(tiny, tmp_path, overwrite=True).read_bytes() == WORKBOOK


def test_a_failure_leaves_the_old_file(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """It goes only when the new one is there and verified."""
    (tmp_path / FILE).write_bytes(b"mine")
    site.content = b"<html>Please sign in</html>"
    with pytest.raises(DataError):
        download(tiny, tmp_path, overwrite=True)
    assert listing(tmp_path).keys() == {FILE}
    assert (tmp_path / FILE).read_bytes() == b"mine"


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_transfer_that_breaks_off_goes_on(
    site: Site, tiny: PublicDataset, tmp_path: Path, *, is_chunked: bool
) -> None:
    """From the byte where it broke off, as long as something comes each time."""
    site.is_chunked = is_chunked
    site.break_offs = [2_000, 1_000, 1_500]
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK
    assert site.asked[0] == (None, None)
    starts = [int(str(wanted).removeprefix("bytes=").rstrip("-")) for wanted, _ in site.asked[1:]]
    assert starts == sorted(set(starts))
    assert {condition for _, condition in site.asked[1:]} == {'"first"'}
    if not is_chunked:
        assert starts == [2_000, 3_000, 4_500]


def test_a_transfer_that_always_breaks_off_is_given_up(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """What has come is kept, the final name stays free, and the next call asks for the rest alone."""
    site.break_offs = [100] * 5
    with pytest.raises(DataError, match=r"breaks off again and again.*run the same command later to go on\.") as caught:
        download(tiny, tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / f"{FILE}.part").read_bytes() == PACKED[:500]
    assert not (tmp_path / FILE).exists()
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK
    assert site.asked[-1] == ("bytes=500-", '"first"')
    assert list(listing(tmp_path)) == [FILE]


def test_the_part_of_an_earlier_call_is_used(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """A server without marks is asked for the rest all the same: what is put together is verified."""
    site.etag = ""
    part_of(tmp_path, PACKED[:700], etag="")
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK
    assert site.asked == [("bytes=700-", None)]


def test_a_part_that_is_the_whole(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """Stopped between transfer and verification, nothing comes again."""
    part_of(tmp_path, PACKED)
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK
    assert site.asked == [(f"bytes={len(PACKED)}-", '"first"')]


def test_a_part_that_is_longer_than_the_whole(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """All comes again."""
    part_of(tmp_path, PACKED + b"more")
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK
    assert site.asked[1:] == [(None, None)]


def test_a_server_that_ignores_ranges(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """All comes again, and is not put behind what was there."""
    site.knows_ranges = False
    part_of(tmp_path, PACKED[:700])
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK


@pytest.mark.parametrize("knows_if_range", [True, False])
@pytest.mark.parametrize("mark", ["etag", "modified"])
def test_a_file_that_changed_meanwhile(
    site: Site, tiny: PublicDataset, tmp_path: Path, mark: str, *, knows_if_range: bool
) -> None:
    """Two halves of two files are never put together, even where the server takes no note of If-Range."""
    site.etag, site.modified = ('"second"', "") if mark == "etag" else ("", "Tue, 02 Jan 2024 00:00:00 GMT")
    site.knows_if_range = knows_if_range
    part_of(tmp_path, b"x" * 700, etag='"first"' if mark == "etag" else "Mon, 01 Jan 2024 00:00:00 GMT")
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK
    assert len(site.asked) == (1 if knows_if_range else 2)


def test_a_weak_mark_is_none(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """Two files of one weak ETag may differ, so the time of the change is taken."""
    site.etag, site.modified, site.break_offs = 'W/"1"', "Mon, 01 Jan 2024 00:00:00 GMT", [400]
    site.knows_if_range = False
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK
    assert site.asked[1] == ("bytes=400-", site.modified)


def test_a_file_that_changed_without_a_mark_is_found_out(site: Site, tiny: PublicDataset, tmp_path: Path) -> None:
    """What is put together is no data set; the next call begins anew."""
    site.etag = ""
    part_of(tmp_path, b"x" * 700, etag="")
    with pytest.raises(DataError, match=r"is not tiny: it is no ZIP file, or a damaged one\. Nothing of it is kept\."):
        download(tiny, tmp_path)
    assert listing(tmp_path) == {}
    assert download(tiny, tmp_path).read_bytes() == WORKBOOK


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, r"the server answers 404 \(Not Found\)\. It may have moved: look at https://archive\.ics\.uci\.edu/"),
        (503, r"the server answers 503 \(Service Unavailable\)\. Try again later; what has come so far is kept\."),
        (429, r"the server answers 429 \(Too Many Requests\)\. Try again later"),
    ],
)
def test_a_server_that_refuses(site: Site, tiny: PublicDataset, tmp_path: Path, status: int, message: str) -> None:
    """One line says what it answered and what to do, and what came before is kept."""
    site.status = status
    part = part_of(tmp_path, PACKED[:700])
    with pytest.raises(DataError, match=message) as caught:
        download(tiny, tmp_path)
    assert "\n" not in str(caught.value)
    assert part.read_bytes() == PACKED[:700]
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://127.0.0.1:9/x.zip", "Connection refused"), ("http://no-such-host.invalid/x.zip", "")],
    ids=["refused", "no such host"],
)
def test_without_a_network(tiny: PublicDataset, tmp_path: Path, address: str, reason: str) -> None:
    """One line says so, and where to find the data set with a browser."""
    expected = rf"^{address} cannot be (reached|had): .*{reason}.*https://archive\.ics\.uci\.edu/dataset/502/"
    with pytest.raises(DataError, match=expected) as caught:
        download(replace(tiny, address=address), tmp_path)
    assert "\n" not in str(caught.value)
    assert listing(tmp_path) == {}


def test_a_server_that_falls_silent(
    site: Site, tiny: PublicDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for without end, and what has come is kept."""
    monkeypatch.setattr(transfer, "_TIMEOUT_SECONDS", 0.2)
    silence = threading.Event()
    site.break_offs, site.after_request = [0], lambda: silence.wait(5)
    with pytest.raises(DataError, match=r"cannot be reached: .*timed out"):
        download(tiny, tmp_path)
    silence.set()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>Please sign in</html>", "it is no ZIP file, or a damaged one"),
        (b"", "it is no ZIP file, or a damaged one"),
        (PACKED[:700], "it is no ZIP file, or a damaged one"),
        (PACKED[:-30], "it is cut off, or there is no online_retail_II.xlsx in it"),
        (PACKED[:500] + bytes(200) + PACKED[700:], "it is no ZIP file, or a damaged one"),
        (pack(WORKBOOK, "readme.txt"), "it is cut off, or there is no online_retail_II.xlsx in it"),
        (pack(b"no workbook"), "online_retail_II.xlsx cannot be read"),
        (pack(make_workbook(3)), r"it has 3 rows, and should have 3 \+ 2"),
        (pack(make_workbook(2, 3)), r"it has 2 \+ 3 rows, and should have 3 \+ 2"),
        (
            pack(make_workbook(3, 2, header=(*HEADER[:6], "CustomerID", "Country"))),
            r"online_retail_II.xlsx#Sheet1 has the columns Invoice, .*, CustomerID, Country",
        ),
    ],
    ids=[
        "page",
        "empty",
        "truncated",
        "end cut off",
        "damaged",
        "member",
        "no workbook",
        "one sheet",
        "rows",
        "header",
    ],
)
def test_what_is_not_the_data_set(site: Site, tiny: PublicDataset, tmp_path: Path, content: bytes, reason: str) -> None:
    """It is told why, and nothing of it is kept: neither under the final name nor to be resumed."""
    site.content, site.says_length = content, False
    with pytest.raises(DataError, match=rf"is not tiny: {reason}\. Nothing of it is kept\.") as caught:
        download(tiny, tmp_path)
    assert "\n" not in str(caught.value)
    assert listing(tmp_path) == {}


def test_a_folder_that_is_a_file(tiny: PublicDataset, tmp_path: Path) -> None:
    """One line says that the file cannot be written."""
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(DataError, match=r"online_retail_II\.xlsx cannot be written: .*\. Choose another folder"):
        download(tiny, tmp_path / "data")


def test_the_record_is_that_of_the_real_data() -> None:
    """Its rows are those that are published, and its address is that of the repository."""
    real = DATASETS["online-retail-ii"]
    assert sum(real.sheet_rows) == 1_067_371
    assert real.address.startswith("https://archive.ics.uci.edu/static/public/502/")
    assert "CC BY 4.0" in describe(real.name)


@pytest.mark.data
def test_the_real_workbook_is_verified(
    site: Site, tmp_path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data set itself, packed and served from this machine, passes under its own record."""
    site.content = pack((data_folder / FILE).read_bytes())
    site.break_offs = [20_000_000]
    monkeypatch.setitem(DATASETS, "online-retail-ii", replace(DATASETS["online-retail-ii"], address=site.address))
    told: list[str] = []
    download("online-retail-ii", tmp_path, progress=told.append)
    assert listing(tmp_path).keys() == {FILE}
    assert told[0] == "Downloading online-retail-ii: 0 of 39 MB"


def test_the_verb(customerbase: CommandLine, site: Site, tiny: PublicDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells the file, the rows, whom to cite, and what to run next; a second call asks for --force."""
    monkeypatch.setitem(DATASETS, "tiny", tiny)
    out = customerbase.good("download", "tiny", "my data").out
    assert out == (
        "Wrote my data/online_retail_II.xlsx: 5 rows in 2 sheets. Chen, D. (2012). Online Retail II. UCI Machine "
        "Learning Repository. doi:10.24432/C5CG6D (CC BY 4.0). "
        "Next: customerbase run 'my data/online_retail_II.xlsx'\n"
    )
    again = customerbase("download", "tiny", "my data")
    assert again.status == 2
    assert again.err == (
        "Error: my data/online_retail_II.xlsx exists already. Pass --force (overwrite=True) to replace it.\n"
    )
    assert customerbase.good("-q", "download", "tiny", "my data", "--force").out == ""
    assert not Path("shop").exists()
    assert len(site.asked) == 2


def test_the_verb_without_such_a_data_set(customerbase: CommandLine) -> None:
    """The names that there are stand in the message."""
    answer = customerbase("download", "online-retail-iii")
    assert answer.status == 2
    assert answer.err == ("Error: The data sets to download are online-retail-ii. Got 'online-retail-iii' instead.\n")
