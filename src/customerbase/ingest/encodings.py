"""Encodings: which letters the bytes of a text file stand for, and the file as plain UTF-8 wherever it is not."""

import codecs
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from customerbase.errors import DataError, UsageError
from customerbase.ingest.compression import decompress

__all__ = ["Encoding", "Text", "check_encoding", "detect_encoding", "open_text"]

_CHUNK_BYTES = 1 << 20
_MAX_WORDS = 20_000
_CANDIDATES = ("windows-1252", "windows-1250", "iso-8859-1", "mac-roman")
_NAMES = {"cp1252": "windows-1252", "cp1250": "windows-1250", "iso8859-1": "latin-1", "mac-roman": "mac-roman"}
"""Name that chardet gives → name that people know."""
_LIKELIEST = "windows-1252"
_LAST_ASCII = 0x7F
_UTF8 = "utf-8-sig"
"""UTF-8 with or without a mark."""
_WIDE = ("utf-16", "utf-32")
_MARK, _UNREADABLE, _ZERO = "\ufeff", "\ufffd", "\0"
_MARKS = (
    (codecs.BOM_UTF8, _UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_QUOTED_OR_LINE_END = re.compile(r'"(?:[^"]|"")*"|\r\n|\r|\n')
_MOST_UTF8_SHARE = 0.2
"""With more words than this that are UTF-8, a text is damaged UTF-8, or made of two encodings: any other is wrong."""
_NO_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1a]")
"""Bytes of pictures and programs; a zero alone is what some systems fill a cell with."""
_LEAST_ZERO_SHARE = 0.2
"""Digits and delimiters of a table in UTF-16 have a byte of zero: more than this share of all characters."""


@dataclass(frozen=True)
class Encoding:
    """How a file is decoded: `name` as Python knows it, and in `note` what the audit says of it."""

    name: str
    note: str


@dataclass(frozen=True)
class Text:
    """A text file as UTF-8: `file` for as long as it is open, and in `notes` what was done for it."""

    file: Path
    notes: tuple[str, ...]


def check_encoding(name: str) -> str:
    """Give the name of an encoding back, if there is such an encoding of text.

    Raises
    ------
    UsageError
        There is none.

    Examples
    --------
    >>> check_encoding("windows-1250")
    'windows-1250'
    >>> check_encoding("windows-1")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The option 'encoding' must be the name of an encoding, such as utf-8, utf-16,
    windows-1252, windows-1250, latin-1 or mac-roman. Got 'windows-1' instead.
    """
    try:
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise UsageError(
            "The option 'encoding' must be the name of an encoding, such as utf-8, utf-16, windows-1252, windows-1250, "
            f"latin-1 or mac-roman. Got {name!r} instead."
        ) from error
    return name


def detect_encoding(path: Path, given: str | None = None, *, called: Path | None = None) -> Encoding:
    r"""Tell how a text file is encoded, from its mark or from all of its words that are not ASCII.

    Parameters
    ----------
    path
        The file, not compressed.
    given
        Name of the encoding where it is known; then nothing is guessed.
    called
        What messages call the file; by default its path.

    Returns
    -------
    Encoding
        UTF-8 wherever the whole file is; else UTF-16, Windows-1252, Windows-1250, Latin-1 or Mac Roman.

    Raises
    ------
    DataError
        The file is no text, or UTF-8 with damage.
    UsageError
        The encoding that is given does not exist.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders.csv")
    ...     _ = file.write_bytes("Kraków;Łódź;Gdańsk;Wrocław;Poznań".encode("windows-1250"))
    ...     detect_encoding(file)
    Encoding(name='windows-1250', note='encoding windows-1250, by 5 words that are not ASCII')
    """
    with path.open("rb") as file:
        head = file.read(_CHUNK_BYTES)
    encoding = _of_name(given) if given is not None else _of_mark(head)
    if encoding is None and b"\0" in head:
        encoding = _of_zero_bytes(head)
        if encoding is None and _NO_TEXT.search(head):
            raise DataError(
                f"{called or path} is not a table of text: it holds bytes that no text has. "
                "Give a CSV, JSON, Parquet or XLSX file."
            )
    if encoding is not None and encoding.name != _UTF8:
        return encoding
    if _is_utf8(path):
        return encoding or Encoding(_UTF8, "encoding UTF-8")
    if encoding is not None:
        raise _not_in(encoding.name, path, called or path)
    return _of_words(path, called or path)


@contextmanager
def open_text(path: Path, given: str | None = None) -> Iterator[Text]:
    r"""Open a text file as UTF-8 with line feeds; any other is rewritten for the time that it is open.

    Parameters
    ----------
    path
        The file; one that ends in `.gz`, `.zst` or `.zip` is unpacked.
    given
        Name of its encoding; by default it is detected.

    Raises
    ------
    DataError
        The file is no text, or has bytes that its encoding has not.
    UsageError
        The encoding that is given does not exist.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders.csv")
    ...     _ = file.write_bytes("who,where\rann,Köln\r".encode("utf-16"))
    ...     with open_text(file) as text:
    ...         text.file.read_text(encoding="utf-8"), text.notes
    ('who,where\nann,Köln\n', ('encoding UTF-16', 'line ends CR'))
    """
    with tempfile.TemporaryDirectory(prefix="customerbase-") as folder:
        plain, notes = decompress(path, Path(folder))
        encoding = detect_encoding(plain, given, called=path)
        if has_cr_ends := _has_cr_ends(plain, encoding.name):
            notes += ("line ends CR",)
        n_zeros = 0 if encoding.name.startswith(_WIDE) else _count_zeros(plain)
        if n_zeros:
            notes += (f"{n_zeros} bytes of zero left out",)
        if encoding.name != _UTF8 or has_cr_ends or n_zeros:
            try:
                plain = _rewrite(plain, encoding.name, Path(folder, "text"), has_cr_ends=has_cr_ends)
            except UnicodeError as error:
                raise _not_in(encoding.name, plain, path) from error
        yield Text(plain, (encoding.note, *notes))


def _of_name(given: str) -> Encoding:
    name = codecs.lookup(check_encoding(given)).name
    return Encoding(_UTF8 if name == "utf-8" else name, f"encoding {given}, as given")


def _of_mark(head: bytes) -> Encoding | None:
    return next((Encoding(codec, f"encoding {name}") for mark, codec, name in _MARKS if head.startswith(mark)), None)


def _of_zero_bytes(head: bytes) -> Encoding | None:
    """Tell the order of bytes in UTF-16 without a mark by the zero beside each digit, delimiter and Latin letter."""
    least = _LEAST_ZERO_SHARE * (len(head) // 2)
    n_even, n_odd = head[::2].count(0), head[1::2].count(0)
    if max(n_even, n_odd) < least or min(n_even, n_odd) * 10 > max(n_even, n_odd):
        return None
    name = "utf-16-le" if n_odd > n_even else "utf-16-be"
    return Encoding(name, f"encoding {name.upper()}, by its bytes of zero")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                # To decode costs four times as much as to look; but a letter may lie over the end of a chunk.
                if decoder.getstate()[0] or not chunk.isascii():
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _of_words(path: Path, called: Path) -> Encoding:
    import chardet  # takes a while, and most files are UTF-8

    words = _words_beyond_ascii(path)
    n_utf8 = sum(map(_is_sound_utf8, words))
    if n_utf8 > _MOST_UTF8_SHARE * len(words):
        raise _not_in(_UTF8, path, called)
    found = chardet.detect(b" ".join(sorted(words)), include_encodings=_CANDIDATES, compat_names=False)
    name = _NAMES.get(str(found["encoding"]), _LIKELIEST)
    n_letters = len({byte for word in words for byte in word if byte > _LAST_ASCII})
    reason = "one character only" if n_letters == 1 else f"{len(words)} words that are not ASCII"
    advice = "; pass --encoding to change it" if n_letters == 1 else ""
    return Encoding(name, f"encoding {name}, by {reason}{advice}")


def _words_beyond_ascii(path: Path) -> set[bytes]:
    """Give the words of a file that are not ASCII, each once; the first `_MAX_WORDS` of a file that has more."""
    words: set[bytes] = set()
    with path.open("rb") as file:
        while (lines := file.readlines(_CHUNK_BYTES)) and len(words) < _MAX_WORDS:
            for line in lines:
                if not line.isascii():
                    words.update(_WORD.findall(line))
    return words


def _is_sound_utf8(word: bytes) -> bool:
    try:
        word.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_cr_ends(path: Path, name: str) -> bool:
    """Tell whether the first line ends with a carriage return alone; quoted cells may have line ends of their own."""
    with path.open("rb") as file:
        head = file.read(_CHUNK_BYTES).decode(name, errors="ignore").lstrip()
    return next((end for end in _QUOTED_OR_LINE_END.findall(head) if not end.startswith('"')), "") == "\r"


def _rewrite(path: Path, name: str, target: Path, *, has_cr_ends: bool) -> Path:
    newline = None if has_cr_ends else ""
    with path.open(encoding=name, newline=newline) as text, target.open("w", encoding="utf-8", newline="") as out:
        out.write(text.read(_CHUNK_BYTES).removeprefix(_MARK).replace(_ZERO, ""))
        while chunk := text.read(_CHUNK_BYTES):
            out.write(chunk.replace(_ZERO, ""))
    return target


def _count_zeros(path: Path) -> int:
    with path.open("rb") as file:
        # To look is four times as fast as to count.
        return sum(chunk.count(0) for chunk in iter(lambda: file.read(_CHUNK_BYTES), b"") if 0 in chunk)


def _not_in(name: str, path: Path, called: Path) -> DataError:
    """Say which line has bytes that the encoding has not."""
    shown = "UTF-8" if name == _UTF8 else name
    with path.open(encoding=name, errors="replace", newline="\n") as file:
        line = next((number for number, line in enumerate(file, start=1) if _UNREADABLE in line), 1)
    return DataError(
        f"{called} is not text in {shown}: line {line} has other bytes. "
        "Save it as 'CSV UTF-8' and try again, or say its encoding (--encoding windows-1252)."
    )
