"""Frames and registers as documents print them: for the driver by map, and for the fake of the same map; degC, %."""

import asyncio
from pathlib import Path
from typing import NotRequired, TypedDict

import msgspec
import pytest
from ruamel.yaml import YAML

from automation.kernel.errors import WireError
from automation.kernel.quantity import Instant
from fakes.modbus_map import build
from fakes.world import World
from instruments.drivers.modbus_map.driver import FACTORY, ModbusMap
from instruments.drivers.modbus_map.wire import values
from instruments.drivers.modbus_map.wire.model import Kind, Order, Place, Span
from instruments.interfaces.measuring import Quality
from instruments.transport import Link, MemoryStream
from instruments.transport.modbus_lines import from_ascii, to_ascii

FILE = Path(__file__).parent / "vectors" / "modbus_map.yaml"
NOON = Instant(1_780_000_000.0)
SETTINGS = {"map": "thermo_ult"}


class Exchanged(TypedDict):
    """An exchange, and what the channel reads by it; no value where it reads none."""

    what: str
    request: str
    reply: str
    channel: str
    value: NotRequired[float]
    source: str
    disputed: str


class Sensed(Exchanged):
    """An exchange with a sensor of a map, in bytes."""

    map: str


class Held(TypedDict):
    """Registers, and the value in them."""

    what: str
    registers: str
    word_order: str
    value: float
    source: str


class Framed(TypedDict):
    """An ASCII frame, and its body."""

    frame: str
    body: str
    source: str


class Vectors(TypedDict):
    """All vectors of maps."""

    thermo: list[Exchanged]
    hamilton: list[Sensed]
    floats: list[Held]
    ascii: list[Framed]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), Vectors)

pytestmark = pytest.mark.requirement("C06")


@pytest.mark.parametrize("vector", VECTORS["ascii"], ids=lambda one: one["frame"])
def test_an_ascii_frame_is_written_and_read_as_documents_print_it(vector: Framed) -> None:
    """Colon, capitals, check, CR LF."""
    frame, body = vector["frame"].encode() + b"\r\n", bytes.fromhex(vector["body"])
    assert to_ascii(body) == frame
    assert from_ascii(frame) == body


@pytest.mark.parametrize("vector", VECTORS["thermo"], ids=lambda one: one["what"])
def test_a_freezer_is_asked_and_understood_as_its_manual_prints_it(vector: Exchanged) -> None:
    """The driver sends the printed request and takes the printed reply, with its odd check."""
    asked: list[bytes] = []

    async def main() -> tuple[float | None, Quality]:
        stream = MemoryStream()

        def answer(data: bytes) -> None:
            asked.append(data)
            ours = data == vector["request"].encode() + b"\r\n"
            stream.deliver(vector["reply"].encode() + b"\r\n" if ours else fake.feed(data, NOON))

        stream.peer = answer
        fake, link = build(World(1), "freezer", SETTINGS), Link(stream)
        await link.open()
        driver = FACTORY.build(link, SETTINGS, control=False)
        assert isinstance(driver, ModbusMap)
        seen = {one.channel: one for one in (await driver.look()).readings}
        return seen[vector["channel"]].value, seen[vector["channel"]].quality

    expected = (vector["value"], Quality.GOOD) if "value" in vector else (None, Quality.BEYOND)
    assert asyncio.run(main()) == expected
    assert vector["request"].encode() + b"\r\n" in asked


@pytest.mark.parametrize("vector", VECTORS["hamilton"], ids=lambda one: one["what"])
def test_a_sensor_is_asked_for_its_whole_block_and_understood(vector: Sensed) -> None:
    """Ten registers at once; a unit that is not the map's makes the value none."""
    asked: list[bytes] = []

    async def main() -> tuple[float | None, Quality]:
        stream, given = MemoryStream(), {"map": vector["map"]}

        def answer(data: bytes) -> None:
            asked.append(data)
            ours = data == bytes.fromhex(vector["request"])
            stream.deliver(bytes.fromhex(vector["reply"]) if ours else fake.feed(data, NOON))

        stream.peer = answer
        fake, link = build(World(1), "sensor", given), Link(stream)
        await link.open()
        driver = FACTORY.build(link, given, control=False)
        assert isinstance(driver, ModbusMap)
        seen = {one.channel: one for one in (await driver.look()).readings}
        return seen[vector["channel"]].value, seen[vector["channel"]].quality

    value, quality = asyncio.run(main())
    assert bytes.fromhex(vector["request"]) in asked
    assert value == (pytest.approx(vector["value"]) if "value" in vector else None)
    assert quality is (Quality.GOOD if "value" in vector else Quality.FAULT)


def test_no_other_wrong_check_is_taken() -> None:
    """Only the one that the manual prints, and only where the map says so."""
    reply = VECTORS["thermo"][0]["reply"].encode() + b"\r\n"
    assert from_ascii(reply, off=-4)[-2:] == b"\xfc\xe0"
    with pytest.raises(WireError, match="wrong LRC"):
        from_ascii(reply)
    with pytest.raises(WireError, match="wrong LRC"):
        from_ascii(reply[:-4] + b"03\r\n", off=-4)


def test_the_fake_answers_the_printed_request_by_the_right_check() -> None:
    """Minus 80 degC, as the manual has it but for the check."""
    vector = VECTORS["thermo"][0]
    fake = build(World(1), "freezer", {**SETTINGS, "set point": "-80"})
    said = fake.feed(vector["request"].encode() + b"\r\n", NOON)
    assert said == vector["reply"][:-2].encode() + b"06\r\n"


@pytest.mark.parametrize("vector", VECTORS["floats"], ids=lambda one: one["what"])
def test_two_registers_are_one_value_in_the_documented_order(vector: Held) -> None:
    """In the other order it would be another number."""
    kind, scale = (Kind.FLOAT32, 1.0) if vector["value"] > 0 else (Kind.INT32, 0.1)
    place = Place(Span(3, 0, 2), kind, Order(vector["word_order"]), scale)
    data = bytes.fromhex(vector["registers"])
    raw = values.number(place, data)
    assert raw is not None
    assert raw * scale == pytest.approx(vector["value"], abs=1e-5)
    assert values.registers(place, vector["value"]) == data


def test_every_vector_names_its_source() -> None:
    """A vector without one could come from our own encoder."""
    every = (*VECTORS["thermo"], *VECTORS["floats"], *VECTORS["ascii"])
    assert all(vector["source"] for vector in every)
