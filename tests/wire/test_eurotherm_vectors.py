"""Frames of the Eurotherm 2400 as documents give them, for the driver's side of the wire and for the fake's."""

from pathlib import Path
from typing import NotRequired, TypedDict

import msgspec
import pytest
from ruamel.yaml import YAML

from automation.kernel.errors import InputError
from fakes.eurotherm import EurothermFreezer
from fakes.eurotherm_bisynch import EurothermBisynchFreezer
from fakes.world import World
from instruments.drivers.eurotherm import driver_modbus
from instruments.drivers.eurotherm.wire import bisynch, registers
from instruments.transport import Link, MemoryStream, modbus
from tests.support.freezers import SHORT, START, enter

FILE = Path(__file__).parent / "vectors" / "eurotherm.yaml"


class Checked(TypedDict):
    """Bytes with their CRC."""

    data: str
    crc: int
    source: str
    disputed: str


class Exchanged(TypedDict):
    """A Modbus request, perhaps with its reply."""

    what: str
    request: str
    reply: NotRequired[str]
    value: NotRequired[int]
    source: str
    disputed: str


class Placed(TypedDict):
    """An address of program data."""

    program: int
    segment: int
    offset: int
    address: int
    source: str
    disputed: str


class Asked(TypedDict):
    """An EI-Bisynch request."""

    what: str
    request: str
    mnemonic: str
    text: str | None
    source: str
    disputed: str


class Said(TypedDict):
    """An EI-Bisynch reply."""

    reply: str
    mnemonic: str
    value: float
    source: str
    disputed: str


class Vectors(TypedDict):
    """All vectors of this controller."""

    crc: list[Checked]
    modbus: list[Exchanged]
    addresses: list[Placed]
    bisynch: list[Asked]
    bisynch_replies: list[Said]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), Vectors)
READ, START_PROGRAM, MINUS = VECTORS["modbus"]

pytestmark = pytest.mark.requirement("C05.1", "C06")


def wired() -> EurothermFreezer:
    """Give a fake that stands alone."""
    return EurothermFreezer(World(1), "freezer")


def test_every_vector_names_its_source() -> None:
    """A vector without one could come from our own encoder."""
    every = (
        *VECTORS["crc"],
        *VECTORS["modbus"],
        *VECTORS["addresses"],
        *VECTORS["bisynch"],
        *VECTORS["bisynch_replies"],
    )
    assert all(vector["source"] for vector in every)


def test_the_crc_is_the_catalogued_one() -> None:
    """The catalogue's check string gives the catalogue's check value."""
    (vector,) = VECTORS["crc"]
    assert modbus.crc(bytes.fromhex(vector["data"])) == vector["crc"]


def test_the_driver_writes_the_documented_modbus_requests() -> None:
    """Reading a block, reading a word and starting a program."""
    assert modbus.Read(1, 1, count=5).frame.hex(" ") == READ["request"]
    assert modbus.Read(1, 2, count=1).frame.hex(" ") == MINUS["request"]
    assert modbus.WriteOne(1, registers.STATUS, value=registers.Status.RUN).frame.hex(" ") == START_PROGRAM["request"]


def test_the_driver_reads_the_documented_modbus_reply() -> None:
    """-12.3 with one decimal shown is the word -123."""
    asked, reply = modbus.Read(1, 2, count=1), bytes.fromhex(MINUS.get("reply", ""))
    assert asked.complete(reply) == len(reply)
    assert registers.signed(asked.data(reply)) == MINUS.get("value")


def test_the_fake_answers_the_documented_block_read() -> None:
    """Five words from PV on."""
    reply = wired().feed(bytes.fromhex(READ["request"]), START)
    assert reply[:3] == bytes((1, 3, 10))


def test_the_fake_answers_the_documented_word() -> None:
    """A set point of -12.3 is shown as in the document."""
    fake = wired()
    fake.hand("panel", {"register": registers.TARGET_SP, "value": -12.3}, START)
    assert fake.feed(bytes.fromhex(MINUS["request"]), START).hex(" ") == MINUS.get("reply")


def test_the_fake_starts_on_the_documented_frame() -> None:
    """It echoes the frame and its programmer runs."""
    fake = wired()
    enter(fake, SHORT)
    assert fake.feed(bytes.fromhex(START_PROGRAM["request"]), START).hex(" ") == START_PROGRAM.get("reply")
    assert fake.acts["start"] == 1


@pytest.mark.parametrize("vector", VECTORS["addresses"], ids=lambda vector: str(vector["address"]))
def test_program_data_stand_where_the_handbook_says(vector: Placed) -> None:
    """Program, segment and offset give the handbook's own examples, except where it contradicts itself."""
    found = registers.block(vector["program"], vector["segment"]) + vector["offset"]
    assert (found == vector["address"]) is not bool(vector["disputed"])


def test_programs_whose_place_is_disputed_are_not_offered() -> None:
    """A program read back from the wrong place would look right, so only 1 to 3 may be named."""
    disputed = min(vector["program"] for vector in VECTORS["addresses"] if vector["disputed"])
    with pytest.raises(InputError, match=f"program is '{disputed}'; a whole number from 1 to {disputed - 1}"):
        driver_modbus.build(Link(MemoryStream()), {"program": str(disputed)}, control=True)


@pytest.mark.parametrize("vector", VECTORS["bisynch"], ids=lambda vector: vector["what"])
def test_the_driver_writes_the_documented_bisynch_requests(vector: Asked) -> None:
    """Asking and telling."""
    text, mnemonic = vector["text"], vector["mnemonic"]
    frame = bisynch.Ask(1, mnemonic).frame if text is None else bisynch.Tell(1, mnemonic, text=text).frame
    assert frame.hex(" ") == vector["request"]


@pytest.mark.parametrize("vector", VECTORS["bisynch"], ids=lambda vector: vector["what"])
def test_the_fake_understands_the_documented_bisynch_requests(vector: Asked) -> None:
    """A value is answered with STX, a setting with ACK."""
    reply = EurothermBisynchFreezer(World(1), "freezer").feed(bytes.fromhex(vector["request"]), START)
    assert reply[0] == (bisynch.STX if vector["text"] is None else bisynch.ACK)


@pytest.mark.parametrize("vector", VECTORS["bisynch_replies"], ids=lambda vector: vector["mnemonic"])
def test_the_driver_reads_the_documented_bisynch_reply(vector: Said) -> None:
    """The number is the one that the document says."""
    asked, reply = bisynch.Ask(1, vector["mnemonic"]), bytes.fromhex(vector["reply"])
    assert asked.complete(reply) == len(reply)
    assert bisynch.number(asked.text(reply)) == vector["value"]
