"""Bits of Modbus as its specification prints them, asked for by the driver's side and told by the device's side."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framer, Framing, heard

FILE = Path(__file__).parent / "vectors" / "digital_inputs.yaml"


class Read(TypedDict):
    """One exchange; ``bits`` from the first input on."""

    what: str
    function: int
    start: int
    count: int
    request: str
    reply: str
    bits: str
    source: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Read]])

pytestmark = pytest.mark.requirement("C06")

each = pytest.mark.parametrize("vector", VECTORS["reads"], ids=lambda one: one["what"])


@each
def test_bits_are_asked_for_and_read_as_specified(vector: Read) -> None:
    """The first input is the lowest bit of the first byte."""
    asked = modbus.ReadBits(1, vector["start"], count=vector["count"], function=vector["function"])
    reply = bytes.fromhex(vector["reply"])
    assert asked.frame == bytes.fromhex(vector["request"])
    assert [asked.complete(reply[:n]) for n in range(1, len(reply))] == [0] * (len(reply) - 1)
    assert asked.complete(reply) == len(reply)
    assert "".join(str(int(bit)) for bit in asked.bits(reply)) == vector["bits"]


@each
def test_bits_are_told_as_specified(vector: Read) -> None:
    """What is behind the last bit of the last byte is 0."""
    [told], rest = heard(Framing.RTU, bytes.fromhex(vector["request"]))
    assert (told.asked.start, told.asked.size, rest) == (vector["start"], vector["count"], b"")
    bits = tuple(bit == "1" for bit in vector["bits"])
    assert modbus.reply_bits(told.asked, bits) == bytes.fromhex(vector["reply"])


@each
@pytest.mark.parametrize("framing", list(Framing))
def test_bits_go_over_every_line(vector: Read, framing: Framing) -> None:
    """Request and reply are understood at both ends."""
    asked = modbus.ReadBits(1, vector["start"], count=vector["count"], function=vector["function"])
    framed = Framer(framing).framed(asked)
    [told], _ = heard(framing, framed.frame)
    said = told.answer(bytes.fromhex(vector["reply"]))
    assert framed.complete(said) == len(said)
    assert "".join(str(int(bit)) for bit in asked.bits(framed.rtu(said))) == vector["bits"]


def test_an_exception_and_a_reply_of_another_size_are_no_bits() -> None:
    """The device says no, or answers something else."""
    asked = modbus.ReadBits(1, 0, count=8)
    refused = modbus.seal(b"\1\x82\2")
    assert asked.complete(refused) == len(refused)
    with pytest.raises(RefusedError, match="illegal data address"):
        asked.bits(refused)
    with pytest.raises(WireError, match="does not answer"):
        asked.complete(modbus.seal(b"\1\2\2\0\0"))
