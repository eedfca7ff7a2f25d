"""Registers and lines of Lighthouse counters as documents give them; um, L/min, s."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import InputError, WireError
from automation.kernel.quantity import Instant
from fakes.lighthouse import build
from fakes.world import World
from instruments.drivers.lighthouse import wire
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framer, Framing

FILE = Path(__file__).parent / "vectors" / "lighthouse.yaml"
COUNTS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=16).map(lambda some: tuple(sorted(some)[::-1]))


class Line(TypedDict):
    """A printed line."""

    what: str
    line: str
    source: str


class Register(TypedDict):
    """A register as printed, and its address."""

    name: str
    shown: int
    address: int
    source: str


class Status(TypedDict):
    """The status of a record, and what it says."""

    what: str
    status: int
    faults: list[str]
    source: str


class Version(TypedDict):
    """A word as firmware version."""

    word: int
    version: str
    source: str


class Vectors(TypedDict):
    """All vectors."""

    requests: list[Line]
    registers: list[Register]
    records: list[Status]
    firmware: list[Version]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), Vectors)
START, EIGHT = (one["line"].encode() + b"\r\n" for one in VECTORS["requests"])

pytestmark = pytest.mark.requirement("C06")


def test_the_driver_starts_by_the_printed_line() -> None:
    """Command 11 into register 40002 of unit 1."""
    assert Framer(Framing.ASCII).framed(wire.command(1, wire.Command.START)).frame == START


def test_counts_of_eight_sizes_are_asked_for_by_the_printed_line() -> None:
    """They follow the head of the record, which the driver reads in the same exchange."""
    assert Framer(Framing.ASCII).framed(modbus.Read(1, wire.HEAD_WORDS, count=16, function=4)).frame == EIGHT
    assert wire.read_record(1, 8).frame[2:6] == bytes((0, 0, 0, 8 + 16))


def test_the_fake_acts_on_the_printed_line() -> None:
    """It echoes the write, and runs."""
    fake, now = build(World(1), "counter", {}), Instant(1_780_000_000.0)
    assert fake.feed(START, now) == START
    assert fake.acts["start"] == 1


@pytest.mark.parametrize("vector", VECTORS["registers"], ids=lambda one: one["name"])
def test_a_register_stands_where_the_map_has_it(vector: Register) -> None:
    """Register 40001 has address 0."""
    assert getattr(wire, vector["name"]) == vector["address"] == vector["shown"] - 40_001


def test_the_status_of_a_record_says_what_is_wrong() -> None:
    """The example of the register map."""
    [vector] = VECTORS["records"]
    assert wire.Record(0, 60, 1, vector["status"], (1,)).faults == tuple(vector["faults"])


def test_a_firmware_word_is_a_version() -> None:
    """Hundreds are the major version."""
    [vector] = VECTORS["firmware"]
    data = wire.identity_registers("SOLAIR", "3100", serial=5, firmware=vector["word"])
    assert wire.identity(data) == ("SOLAIR 3100", "5", vector["version"])


@given(counts=COUNTS)
def test_differential_counts_add_up_to_the_cumulative_ones(counts: tuple[int, ...]) -> None:
    """Whatever the counts; a record reads back as it was written."""
    alone = wire.differential(counts)
    assert [sum(alone[at:]) for at in range(len(alone))] == list(counts)
    assert wire.record(wire.record_registers(wire.Record(1, 60, -1, 0, counts))).counts == counts


def test_counts_that_are_not_cumulative_are_none() -> None:
    """More large particles than small ones: the words are in another order, or it is another register."""
    with pytest.raises(WireError, match=r"counts are \[3, 40\]"):
        wire.record(wire.record_registers(wire.Record(1, 60, 1, 0, (3, 40))))


@pytest.mark.parametrize(
    "text", ["", "0", "5.0,0.5", "0.5,0.5", "0.5;5", "0.5, 5", "a", ",".join(map(str, range(1, 18)))]
)
def test_sizes_that_are_none_are_refused(text: str) -> None:
    """At most sixteen, smallest first."""
    with pytest.raises(InputError, match="sizes is"):
        wire.sizes(text)
