"""Transfer: a file from a server, resumed where it broke off, as long as it is the same file."""

import http.client
import re
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from customerbase.errors import DataError

__all__ = ["discard", "fetch"]

_TIMEOUT_SECONDS = 30
_BLOCK_BYTES = 1 << 16
_TELL_BYTES = 1_000_000
_MOST_ATTEMPTS = 5

Tell = Callable[[int, int | None], None]


def fetch(address: str, part: Path, page: str, tell: Tell) -> None:
    """Bring what lies at an address into the file `part`; what breaks off is taken up again while something comes.

    Beside it, a file `….etag` keeps by what the server knows whether its file is still the same.

    Parameters
    ----------
    address
        Where the file is, http or https.
    part
        Where it goes; what stands there already is taken for its beginning.
    page
        Where a person finds more, for the messages.
    tell
        Told, every megabyte, how many bytes have come, and of how many if that is known.

    Raises
    ------
    DataError
        The server cannot be reached or refuses, or the transfer breaks off again and again.

    Examples
    --------
    >>> fetch("http://127.0.0.1:9/data.zip", Path("no-such-file.part"), "the page of the data", print)
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: http://127.0.0.1:9/data.zip cannot be ...
    """
    for _ in range(_MOST_ATTEMPTS):
        before = _size(part)
        try:
            if _transfer(address, part, tell):
                return
        except HTTPError as error:
            raise _refused(address, page, error) from error
        except (URLError, http.client.HTTPException) as error:
            if _size(part) == before:
                raise _unreachable(address, page, error) from error
    raise DataError(
        f"The transfer from {address} breaks off again and again. "
        f"{_size(part) / 1_000_000:.1f} MB have come and stay in {part}: run the same command later to go on."
    )


def discard(part: Path) -> None:
    """Remove what has come of a transfer, so that the next one begins at the first byte.

    Examples
    --------
    >>> discard(Path("no-such-file.part"))
    """
    for file in (part, _mark_of(part)):
        file.unlink(missing_ok=True)


def _transfer(address: str, part: Path, tell: Tell) -> bool:
    """Ask for what is missing, and append it; tell whether all is there."""
    start = _size(part)
    try:
        answer = _ask(address, start, _mark_of(part))
    except HTTPError as error:
        # Not satisfiable: the part is as long as the whole, or longer than what is there now.
        if not start or error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        if _total(error.headers) == start:
            return True
        discard(part)
        return False
    with answer:
        start = _begin(answer, part, start)
        total = _length(answer, start)
        with part.open("ab") as out:
            _copy(answer, out, start, lambda n_bytes: tell(n_bytes, total))
    return total is None or _size(part) == total


def _ask(address: str, start: int, mark: Path) -> http.client.HTTPResponse:
    request = Request(address, headers={"User-Agent": "customerbase"})  # noqa: S310 (not from the user)
    if start:
        request.add_header("Range", f"bytes={start}-")
        if mark.exists():
            request.add_header("If-Range", mark.read_text(encoding="ascii"))
    try:
        answer: http.client.HTTPResponse = urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310
    except HTTPError as error:
        error.close()
        raise
    except URLError:
        raise
    except OSError as error:
        raise URLError(error) from error
    return answer


def _begin(answer: http.client.HTTPResponse, part: Path, start: int) -> int:
    """Tell at which byte an answer begins: where the part ends if it is the rest of the same file, else at the first.

    A server may ignore what it was asked for, in which case all comes again.
    """
    mark = _mark_of(part)
    validator = _validator(answer)
    if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
        discard(part)
        if validator:
            mark.write_text(validator, encoding="ascii")
        return 0
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    is_other = bool(validator) and mark.exists() and mark.read_text(encoding="ascii") != validator
    if found is None or int(found[1]) != start or is_other:
        discard(part)
        raise http.client.HTTPException("another part came than was asked for")
    return start


def _validator(answer: http.client.HTTPResponse) -> str:
    """Give what tells whether the file at the server is still the same: a strong ETag, else the time of its change."""
    tag = answer.headers.get("ETag", "")
    validator = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
    return validator if validator.isascii() else ""


def _length(answer: http.client.HTTPResponse, start: int) -> int | None:
    length = answer.headers.get("Content-Length")
    return start + int(length) if length and length.isdigit() else None


def _total(headers: Message) -> int | None:
    found = re.fullmatch(r"bytes \*/(\d+)", headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _copy(answer: http.client.HTTPResponse, out: IO[bytes], n_bytes: int, tell: Callable[[int], None]) -> None:
    told = -_TELL_BYTES
    while block := _read_block(answer):
        out.write(block)
        n_bytes += len(block)
        if n_bytes - told >= _TELL_BYTES:
            tell(n_bytes)
            told = n_bytes


def _read_block(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_BLOCK_BYTES)
    except OSError as error:  # of the connection, which is not to be taken for one of the disk
        raise URLError(error) from error


def _refused(address: str, page: str, error: HTTPError) -> DataError:
    is_passing = error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR or error.code in {408, 425, 429}
    advice = (
        "Try again later; what has come so far is kept."
        if is_passing
        else f"It may have moved: look at {page}, download it there and run customerbase on the file."
    )
    return DataError(f"{address} cannot be had: the server answers {error.code} ({error.reason}). {advice}")


def _unreachable(address: str, page: str, error: Exception) -> DataError:
    reason = getattr(error, "reason", error)
    return DataError(
        f"{address} cannot be reached: {getattr(reason, 'strerror', None) or reason or type(reason).__name__}. "
        f"Check the network and run the same command again, or download it elsewhere from {page}."
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _mark_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")
