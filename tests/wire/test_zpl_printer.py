"""What ZPL printers say as documents show it, and what we write for them; dots."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from instruments.drivers.zpl_printer.templates import Stock, draw
from instruments.drivers.zpl_printer.wire import status, symbol, zpl
from instruments.interfaces.label_printer import Label, PrinterStatus

FILE = Path(__file__).parent / "vectors" / "zpl_printer.yaml"


class Vector(TypedDict, total=False):
    """One documented reply or field, with what it says."""

    lines: list[str]
    faults: list[str]
    idle: bool
    line: str
    model: str
    firmware: str
    dots: int
    data: str
    text: str
    zpl: str
    rows: list[str]
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Vector]])

pytestmark = pytest.mark.requirement("C06", "F058")


def vectors(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented reply or field."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda vector: vector["source"][:40])


def test_every_vector_names_its_source() -> None:
    """A reply without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@vectors("status")
def test_a_documented_status_is_read(vector: Vector) -> None:
    """Three lines between STX and ETX CR LF; every flag has a name."""
    reply = b"".join(b"\x02" + line.encode() + b"\x03\r\n" for line in vector["lines"])
    until = status.Until(status.STATUS_LINES)
    assert [until(reply[:cut]) for cut in range(len(reply))] == [0] * len(reply)
    assert until(reply + b"\x02late") == len(reply)
    now = status.status(reply)
    assert (list(now.faults), now.idle) == (vector["faults"], vector["idle"])


@vectors("identification")
def test_a_documented_identification_is_read(vector: Vector) -> None:
    """With options or without."""
    reply = b"\x02" + vector["line"].encode() + b"\x03\r\n"
    said = status.identification(reply[: status.Until(1)(reply)])
    assert (said.model, said.firmware, said.dots) == (vector["model"], vector["firmware"], vector["dots"])


@vectors("escapes")
def test_characters_that_zpl_reads_itself_are_escaped_as_documented(vector: Vector) -> None:
    """Both ways."""
    assert zpl.escaped(vector["text"]) == vector["data"]
    assert zpl.unescaped(vector["data"]) == vector["text"]


@vectors("pictures")
def test_a_documented_picture_is_written_and_read_bit_by_bit(vector: Vector) -> None:
    """Most significant bit first, 1 is black."""
    dots = tuple(bytes(char == "#" for char in row) for row in vector["rows"])
    (picture,) = zpl.read(vector["zpl"]).pictures
    assert picture.dots == dots
    assert vector["zpl"] in zpl.write((zpl.Picture(50, 50, dots),), width=400, length=200)


@pytest.mark.parametrize(
    "reply",
    [
        b"\x02030,2,0,0956,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
        b"\x02030,0,0,0956,000,0,0,0,000,0,0\x03\r\n\x02000,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
        b"\x02030,0,0,0956,0 0,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
        b"\x021234,0\x03\r\n\x02030,0,0,0956,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,1,2,4,0,00000000,1,000\x03\r\n",
        b"\x021234,0\x03\r\n",
    ],
    ids=["a flag that is none", "a field too few", "no number", "another order", "a line alone"],
)
def test_a_status_of_another_form_is_a_wire_error(reply: bytes) -> None:
    """No flag is ever guessed."""
    with pytest.raises(WireError):
        status.status(reply)


@pytest.mark.parametrize("noise", [b"\xfe\xff\x00", b"HTTP/1.1 400\r\n", b"\x15"])
def test_what_does_not_begin_like_a_reply_is_a_wire_error(noise: bytes) -> None:
    """Another service, or noise."""
    with pytest.raises(WireError, match="begins with STX"):
        status.Until(3)(noise)


@given(
    flags=st.lists(st.booleans(), min_size=9, max_size=9),
    waiting=st.integers(0, 999),
    left=st.integers(0, 99_999_999),
    cut=st.integers(0, 80),
)
def test_any_status_reads_back_and_any_split_gives_the_same_frame(
    flags: list[bool], waiting: int, left: int, cut: int
) -> None:
    """Every flag stands at its own place."""
    paper, ribbon, head, pause, full, partial, ram, cold, hot = flags
    now = PrinterStatus(paper, ribbon, head, pause, full, waiting, left, partial, ram, cold, hot)
    reply = status.written(now, length=200)
    until = status.Until(status.STATUS_LINES)
    assert until(reply[: min(cut, len(reply) - 1)]) == 0
    assert until(reply) == len(reply)
    assert status.status(reply) == now


@given(text=st.text(st.characters(exclude_categories=("C", "Z")), max_size=30))
def test_no_text_becomes_a_command(text: str) -> None:
    """Field data holds neither caret nor tilde, is plain ASCII, and reads back the same."""
    data = zpl.escaped(text)
    assert data.isascii()
    assert not set(data) & set("^~\\")
    assert zpl.unescaped(data) == text


@pytest.mark.requirement("F058")
@given(code=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40))
def test_any_code_is_drawn_and_reads_back_exactly(code: str) -> None:
    """Also with the characters that escape sequences of printers begin with."""
    dots = symbol.draw(code, module=4)
    assert symbol.read(dots) == (code,)
    assert symbol.read(tuple(bytes(1 - dot for dot in row) for row in dots)) == ()


@pytest.mark.requirement("F058", refuses=True)
@pytest.mark.parametrize("code", ["", "two words", "tab\t", "=A1\x1d", "x" * 201])
def test_a_code_that_a_scanner_could_read_otherwise_is_refused(code: str) -> None:
    """Blanks and control characters are lost on the way through keyboards and line ends."""
    with pytest.raises(RefusedError, match="printable ASCII"):
        symbol.draw(code, module=4)


def test_a_whole_format_stands_as_it_was_agreed() -> None:
    """Template container 1: a change of one byte needs a new version, because printed labels name it."""
    format_ = draw(Label("L-1", "A", ("T^",), marks=("SIMULATED",)), Stock(50.0, 25.0))
    head, _, rest = format_.decode().partition("^GFA,")
    assert head == "^XA^CI28^LH0,0^PW400^LL200^FO12,12"
    assert rest.partition(",")[0] == "392"
    assert rest.partition("^FS")[2] == (
        "^FO76,12^A0N,17,17^FH^FDT_5E^FS^FO76,32^A0N,31,31^FH^FDSIMULATED^FS^FO76,68^A0N,17,17^FH^FDL-1^FS^PQ1^XZ"
    )
