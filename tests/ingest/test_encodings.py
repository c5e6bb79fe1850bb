"""Encodings: the right letters, whatever the file was written in, and a plain word where nothing can be decided."""

from pathlib import Path

import pytest

from customerbase.errors import DataError, UsageError
from customerbase.ingest.encodings import check_encoding, detect_encoding, open_text

GERMAN = ["Müller;Köln;Große Schüssel für Gemüse", "Schäfer;Düsseldorf;Weiße Gläser, grün", "Jäger;München;Übertöpfe"]
FRENCH = [
    "Hélène;Orléans;Théière décorée à fleurs",
    "François;Nîmes;Boîte à gâteaux",
    "Zoé;Besançon;Étagère côté forêt",
]
POLISH = ["Łukasz;Łódź;Świeca żółta, duża", "Małgorzata;Kraków;Pończochy ciepłe", "Zdzisław;Gdańsk;Łyżka do zupy, mała"]
CZECH = ["Jiří;Plzeň;Hrníček s květinou", "Tomáš;Třebíč;Dřevěná lžíce", "Božena;Ústí;Svíčka žlutá, vůně růží"]
SPANISH = [
    "Íñigo;Logroño;Plato pequeño de cerámica",
    "Begoña;Cádiz;Jarrón español",
    "Andrés;Málaga;Lámpara de salón, año",
]
CASES = [
    pytest.param(lines, encoding, id=f"{language}-{encoding}")
    for language, lines, encodings in (
        ("german", GERMAN, ("windows-1252", "latin-1", "mac-roman")),
        ("french", FRENCH, ("windows-1252", "latin-1", "mac-roman")),
        ("spanish", SPANISH, ("windows-1252", "latin-1", "mac-roman")),
        ("polish", POLISH, ("windows-1250",)),
        ("czech", CZECH, ("windows-1250",)),
    )
    for encoding in (*encodings, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
]


def write(folder: Path, content: bytes) -> Path:
    """Write a file and give its path."""
    path = folder / "orders.csv"
    path.write_bytes(content)
    return path


def read_back(path: Path, given: str | None = None) -> str:
    """Give the text of a file as it is opened."""
    with open_text(path, given) as text:
        return text.file.read_bytes().decode("utf-8-sig")


@pytest.mark.parametrize(("lines", "encoding"), CASES)
def test_the_letters_are_those_that_were_written(tmp_path: Path, lines: list[str], encoding: str) -> None:
    """Each of these decodes without an error into wrong letters in at least one other encoding."""
    text = "\n".join(["name;city;product", *lines]) + "\n"
    assert read_back(write(tmp_path, text.encode(encoding))) == text


@pytest.mark.parametrize(("lines", "encoding"), CASES)
def test_letters_far_down_decide_as_well(tmp_path: Path, lines: list[str], encoding: str) -> None:
    """A head of plain ASCII, longer than what detectors look at, says nothing of the letters below it."""
    text = "\n".join(["name;city;product", *["ann;Rome;mug"] * 100_000, *lines]) + "\n"
    assert read_back(write(tmp_path, text.encode(encoding))) == text


@pytest.mark.parametrize(
    ("content", "name", "note"),
    [
        (b"a,b\n1,2\n", "utf-8-sig", "encoding UTF-8"),
        (b"\xef\xbb\xbfa,b\n1,2\n", "utf-8-sig", "encoding UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-16", "encoding UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-be"), "utf-16-be", "encoding UTF-16-BE, by its bytes of zero"),
        (
            "\n".join(POLISH).encode("windows-1250"),
            "windows-1250",
            "encoding windows-1250, by 13 words that are not ASCII",
        ),
        (
            b"price\n\xa312.50\n\xa38.00\n",
            "windows-1252",
            "encoding windows-1252, by one character only; pass --encoding to change it",
        ),
    ],
)
def test_the_ground_of_a_decision_is_told(tmp_path: Path, content: bytes, name: str, note: str) -> None:
    """The audit says which encoding was taken and why; one sign alone decides nothing, and that is said."""
    found = detect_encoding(write(tmp_path, content))
    assert (found.name, found.note) == (name, note)


@pytest.mark.parametrize(("sign", "byte"), [("£", b"\xa3"), ("€", b"\x80")])
def test_a_lone_currency_sign_is_taken_as_the_most_likely(tmp_path: Path, sign: str, byte: bytes) -> None:
    """A pound or a euro sign beside numbers is that of Windows."""
    assert read_back(write(tmp_path, b"price\n" + byte + b"12.50\n")) == f"price\n{sign}12.50\n"


def test_an_encoding_that_is_given_is_not_questioned(tmp_path: Path) -> None:
    """Who knows the encoding says it; the same bytes are other letters then."""
    path = write(tmp_path, b"price\n\xa312.50\n")
    assert read_back(path, "windows-1250") == "price\nŁ12.50\n"
    assert detect_encoding(path, "windows-1250").note == "encoding windows-1250, as given"


@pytest.mark.parametrize("given", ["utf-8", "UTF8", "utf-8-sig"])
def test_utf8_can_be_given(tmp_path: Path, given: str) -> None:
    """With or without a mark it is the same text, and the mark is no part of it."""
    assert read_back(write(tmp_path, b"\xef\xbb\xbfcaf\xc3\xa9\n"), given) == "café\n"


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", "", "a\0b"])
def test_an_unknown_encoding_is_refused(tmp_path: Path, name: str) -> None:
    """The message lists encodings that there are."""
    with pytest.raises(UsageError, match="such as utf-8"):
        check_encoding(name)
    with pytest.raises(UsageError, match="such as utf-8"):
        detect_encoding(write(tmp_path, b"a,b\n1,2\n"), name)


@pytest.mark.parametrize(
    ("content", "given", "message"),
    [
        ("Łódź\nKraków\n".encode() + b"Gda\xc5sk\n", None, r"orders\.csv is not text in UTF-8: line 3 "),
        (b"\xef\xbb\xbfa,b\n1,\xe9\n", None, "UTF-8: line 2 "),
        (b"a,b\n1,2\n3,\xe9\n", "utf-8", "UTF-8: line 3 "),
        (b"a,b\n1,2\n3,\x81\n", "windows-1252", "cp1252: line 3 "),
        ("a,b\n1,2\n".encode("utf-16")[:-1], None, "utf-16: line "),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", None, "is not a table of text"),
        (bytes(range(256)) * 4, None, "is not a table of text"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes, given: str | None, message: str) -> None:
    """UTF-8 with damage is not read as something else; the message names the file and the line."""
    with pytest.raises(DataError, match=message) as caught, open_text(write(tmp_path, content), given):
        pass
    assert str(tmp_path / "orders.csv") in str(caught.value)


def test_a_sound_file_is_read_where_it_lies(tmp_path: Path) -> None:
    """UTF-8 is not copied."""
    path = write(tmp_path, "a,é\r\n1,2\r\n".encode())
    with open_text(path) as text:
        assert text.file == path


def test_what_was_rewritten_is_removed(tmp_path: Path) -> None:
    """Nothing of the customers stays behind in the folder for temporary files."""
    with open_text(write(tmp_path, "a,é\n".encode("utf-16"))) as text:
        assert text.file.exists()
    assert not text.file.parent.exists()


@pytest.mark.parametrize("quoted", ["x", '"x\ny"', '"x\r\ny"'])
def test_line_ends_of_old_systems(tmp_path: Path, quoted: str) -> None:
    """Carriage returns alone become line feeds; what stands in the quotes of the header decides nothing."""
    expected = f"a,{quoted}\n1,2\n".replace("\r\n", "\n")
    assert read_back(write(tmp_path, f"a,{quoted}\r1,2\r".encode())) == expected


def test_other_line_ends_stay(tmp_path: Path) -> None:
    """A file that is rewritten for its letters keeps its line ends and those in its cells."""
    text = 'a,é\r\n1,"x\ry"\r\n'
    assert read_back(write(tmp_path, text.encode("windows-1252")), "windows-1252") == text
