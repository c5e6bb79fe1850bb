"""Download: public data sets, brought whole, resumed when broken off, and verified by what is in them."""

import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from customerbase.engine import connect
from customerbase.errors import DataError, UsageError
from customerbase.ingest.readers import read_file
from customerbase.ingest.transfer import discard, fetch

__all__ = ["DATASETS", "PublicDataset", "describe", "download"]

_MB = 1_000_000


@dataclass(frozen=True)
class PublicDataset:
    """Where a public data set is, what may be done with it, and how it is known to be whole.

    At `address` lies a ZIP file of about `n_bytes` with the file `member`. Each of its sheets has exactly the columns
    `header`, and as many rows as `sheet_rows` says. `page` is for people.

    Examples
    --------
    >>> sum(DATASETS["online-retail-ii"].sheet_rows)
    1067371
    """

    name: str
    address: str
    page: str
    member: str
    n_bytes: int
    licence: str
    citation: str
    header: tuple[str, ...]
    sheet_rows: tuple[int, ...]


DATASETS: dict[str, PublicDataset] = {
    "online-retail-ii": PublicDataset(
        "online-retail-ii",
        address="https://archive.ics.uci.edu/static/public/502/online+retail+ii.zip",
        page="https://archive.ics.uci.edu/dataset/502/online+retail+ii",
        member="online_retail_II.xlsx",
        n_bytes=45_622_418,
        licence="CC BY 4.0",
        citation="Chen, D. (2012). Online Retail II. UCI Machine Learning Repository. doi:10.24432/C5CG6D",
        header=("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"),
        sheet_rows=(525_461, 541_910),
    ),
}
"""Name → data set. A new one is an entry here."""

Progress = Callable[[str], None]


def _quiet(message: str) -> None:
    """Say nothing."""


def download(
    dataset: PublicDataset | str, folder: str | Path = ".", *, overwrite: bool = False, progress: Progress = _quiet
) -> Path:
    """Bring a data set into a folder, and give the file; it stands there whole and verified, or not at all.

    What has come of a transfer that breaks off stays in a file `….part`, and the next call goes on from there, unless
    the server says that the data set has changed.

    Parameters
    ----------
    dataset
        Name of one of `DATASETS`, or a record like them.
    folder
        Where the file goes; it is made if it does not exist.
    overwrite
        Whether a file that stands there may go.
    progress
        Told how much has come.

    Raises
    ------
    DataError
        There is no network, the server does not give the file, what it gives is not the data set, or it cannot be
        written.
    UsageError
        There is no such data set, or the file stands there already.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "online_retail_II.xlsx").write_bytes(b"mine")
    ...     download("online-retail-ii", folder)
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: .../online_retail_II.xlsx exists already. Pass --force (overwrite=True) to ...
    """
    dataset = _known(dataset) if isinstance(dataset, str) else dataset
    target = Path(folder, dataset.member)
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already. Pass --force (overwrite=True) to replace it.")
    with _plain_faults(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        fetch(dataset.address, part, dataset.page, lambda n_bytes, total: progress(_how_much(dataset, n_bytes, total)))
        progress(f"Verifying {dataset.name}")
        _finish(dataset, part, target)
    return target


def describe(name: str) -> str:
    """Say how much is in a data set, who made it, and what may be done with it.

    Examples
    --------
    >>> describe("online-retail-ii")
    '1,067,371 rows in 2 sheets. Chen, D. (2012). Online Retail II. ... doi:10.24432/C5CG6D (CC BY 4.0).'
    """
    dataset = _known(name)
    rows, sheets = sum(dataset.sheet_rows), len(dataset.sheet_rows)
    return f"{rows:,} rows in {sheets} sheets. {dataset.citation} ({dataset.licence})."


def _known(name: str) -> PublicDataset:
    if name not in DATASETS:
        raise UsageError(f"The data sets to download are {', '.join(DATASETS)}. Got {name!r} instead.")
    return DATASETS[name]


@contextmanager
def _plain_faults(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{target} cannot be written: {error.strerror or error}. Choose another folder, or make room for it."
        ) from error


def _how_much(dataset: PublicDataset, n_bytes: int, total: int | None) -> str:
    return f"Downloading {dataset.name}: {n_bytes / _MB:.0f} of {(total or dataset.n_bytes) / _MB:.0f} MB"


def _finish(dataset: PublicDataset, part: Path, target: Path) -> None:
    """Unpack and verify beside the target, and put the file there if it is the data set."""
    unpacked = part.with_name(f"{part.name}{target.suffix}")
    try:
        _unpack(dataset, part, unpacked)
        _verify(dataset, unpacked)
        unpacked.replace(target)
    except DataError:
        discard(part)  # what is not the data set is not worth resuming
        raise
    finally:
        unpacked.unlink(missing_ok=True)
    discard(part)


def _unpack(dataset: PublicDataset, packed: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(packed) as archive, archive.open(dataset.member) as member, target.open("wb") as out:
            shutil.copyfileobj(member, out)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise _wrong(dataset, "it is no ZIP file, or a damaged one") from error
    except KeyError as error:
        raise _wrong(dataset, f"it is cut off, or there is no {dataset.member} in it") from error


def _verify(dataset: PublicDataset, file: Path) -> None:
    """Read the file as any other export, and hold its columns and rows against the record."""
    connection = connect()
    try:
        sheets = read_file(file, dataset.member, connection)
        rows = tuple(int(sheet.cells.count().execute()) for sheet in sheets)
    except DataError as error:
        raise _wrong(dataset, f"{dataset.member} cannot be read") from error
    finally:
        connection.disconnect()
    if rows != dataset.sheet_rows:
        raise _wrong(dataset, f"it has {_list(rows)} rows, and should have {_list(dataset.sheet_rows)}")
    for sheet in sheets:
        if sheet.header != dataset.header:
            raise _wrong(dataset, f"{sheet.source} has the columns {', '.join(sheet.header)}")


def _list(rows: tuple[int, ...]) -> str:
    return " + ".join(f"{n_rows:,}" for n_rows in rows)


def _wrong(dataset: PublicDataset, reason: str) -> DataError:
    return DataError(
        f"What came from {dataset.address} is not {dataset.name}: {reason}. Nothing of it is kept. "
        f"Try again, or look at {dataset.page}."
    )
