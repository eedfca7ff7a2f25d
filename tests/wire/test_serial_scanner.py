"""Reads as scanners send them, and reads that are refused because they went wrong on the way."""

from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from instruments.drivers.serial_scanner import wire

FILE = Path(__file__).parent / "vectors" / "serial_scanner.yaml"


class Good(TypedDict):
    """A line and what it says."""

    line: str
    text: str
    symbology: str
    source: str


class Translated(TypedDict):
    """A line that went through a keyboard layout."""

    line: str
    layout: str
    of: str
    source: str


class Vectors(TypedDict):
    """All vectors of scanners."""

    good: list[Good]
    translated: list[Translated]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), Vectors)

pytestmark = pytest.mark.requirement("C06", "F020")


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda vector: vector["line"])
def test_a_line_gives_its_text_and_its_symbology(vector: Good) -> None:
    """The AIM identifier is taken off, nothing else is touched."""
    assert wire.read(vector["line"].encode()) == wire.Read(vector["text"], vector["symbology"])


@pytest.mark.parametrize("vector", VECTORS["translated"], ids=lambda vector: vector["line"])
def test_a_read_through_a_foreign_keyboard_is_refused_with_a_hint_and_never_corrected(vector: Translated) -> None:
    """The hint names the layout and what to set."""
    read = wire.read(vector["line"].encode())
    assert isinstance(read, wire.Refused)
    assert f"another layout ({vector['layout']})" in read.hint
    assert "serial (USB-COM)" in read.hint


@pytest.mark.parametrize("layout", ["German", "French", "Swiss"])
@pytest.mark.parametrize("text", ["=A99992112345600", "=<S12954A0", "&>0273252359", "&/CHA999921ABC123"])
def test_every_structure_is_recognised_through_every_layout(layout: str, text: str) -> None:
    """What comes out wrong is noticed, also where only plain characters come out."""
    assert wire.typed(text, layout) != text
    assert isinstance(wire.read(wire.typed(text, layout).encode()), wire.Refused)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_encoding_of_the_scanner_does_not_hide_a_foreign_layout(encoding: str) -> None:
    """Some send UTF-8, some Windows characters."""
    assert isinstance(wire.read("\N{ACUTE ACCENT}A99992112345600".encode(encoding)), wire.Refused)


def test_a_code_of_our_own_without_such_signs_is_taken_as_it_is() -> None:
    """Percent and ampersand alone are no sign of a foreign layout."""
    assert wire.read(b"LOT%42&7") == wire.Read("LOT%42&7")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (b"A" * 513, "513 characters"),
        (b"=A9999\x00211234", "garbled"),
        ("=A9999ŧ11234".encode(), "garbled"),
        (b"]C0", "empty"),
        (b"   ", "empty"),
    ],
)
def test_what_no_label_carries_is_refused(line: bytes, hint: str) -> None:
    """Too long, garbled and empty reads each have their hint."""
    read = wire.read(line)
    assert isinstance(read, wire.Refused)
    assert hint in read.hint


def test_a_read_without_the_scanners_prefix_is_refused() -> None:
    """The beginning was lost, or it is another scanner."""
    assert wire.read(b"#=A99992112345600", prefix="#") == wire.Read("=A99992112345600")
    assert isinstance(wire.read(b"=A99992112345600", prefix="#"), wire.Refused)


@settings(deadline=None, derandomize=True)
@given(cuts=st.sets(st.integers(0, 40)), end=st.sampled_from([b"\r", b"\n", b"\r\n"]))
def test_any_split_of_the_bytes_gives_the_same_lines(cuts: set[int], end: bytes) -> None:
    """Pieces are joined, whatever ends a line."""
    data = b"=A99992112345600" + end + b"&>0273252359" + end
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    lines = wire.Lines()
    got = [line for here, there in pairwise(places) for line in lines.feed(data[here:there])]
    assert got == [b"=A99992112345600", b"&>0273252359"]
