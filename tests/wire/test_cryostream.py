"""Packets of a Cryostream as its maker lays them out, read and written by the wire module; degC, K/min."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from instruments.drivers.cryostream import wire

FILE = Path(__file__).parent / "vectors" / "cryostream.yaml"


class Sent(TypedDict, total=False):
    """One command."""

    command: str
    rate: int
    kelvin: float
    frame: str
    source: str
    disputed: str


class Streamed(TypedDict):
    """One status packet, and what it says; temperatures in K, rate in K/h."""

    what: str
    packet: str
    mode: int
    phase: int
    set_point: float
    gas: float
    target: float
    rate: int
    alarm: str
    controller: int
    software: int
    source: str
    disputed: str


class Never(TypedDict):
    """One command that is never sent."""

    number: int
    source: str
    disputed: str


class Vectors(TypedDict):
    """All vectors."""

    commands: list[Sent]
    statuses: list[Streamed]
    never: list[Never]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), Vectors)
PACKETS = [bytes.fromhex(one["packet"]) for one in VECTORS["statuses"]]
PLAIN = {"stop": (wire.STOP,), "hold": (wire.HOLD,), "format": (wire.FORMAT, 1)}

pytestmark = pytest.mark.requirement("C06")


@pytest.mark.parametrize("vector", VECTORS["commands"], ids=lambda one: one["frame"])
def test_a_command_is_framed_as_published(vector: Sent) -> None:
    """Size, id, parameters with the high byte first."""
    if vector["command"] == "ramp":
        sent = wire.ramp(vector["rate"] / 60.0, vector["kelvin"] - 273.15)
    else:
        sent = wire.command(*PLAIN[vector["command"]])
    assert sent == bytes.fromhex(vector["frame"])


@pytest.mark.parametrize("vector", VECTORS["statuses"], ids=lambda one: one["what"])
def test_a_status_is_read_as_published(vector: Streamed) -> None:
    """Whole only with its last byte."""
    packet = bytes.fromhex(vector["packet"])
    assert [wire.status_complete(packet[:n]) for n in range(len(packet))] == [0] * len(packet)
    assert wire.status_complete(packet) == len(packet)
    found = wire.status(packet)
    assert (found.mode, found.phase, found.alarm_words) == (vector["mode"], vector["phase"], vector["alarm"])
    assert (found.controller, found.software) == (vector["controller"], vector["software"])
    kelvin = [one + 273.15 for one in (found.set_point, found.gas, found.target)]
    assert kelvin == pytest.approx([vector["set_point"], vector["gas"], vector["target"]])
    assert found.rate == pytest.approx(vector["rate"] / 60.0)


@pytest.mark.parametrize("packet", PACKETS, ids=lambda one: str(len(one)))
@pytest.mark.parametrize("cut", [1, 7, 16, 31])
def test_a_packet_is_found_behind_what_is_left_of_another(packet: bytes, cut: int) -> None:
    """Whoever begins to listen hears the end of a packet first."""
    heard = packet[cut:] + packet + packet[:5]
    end = wire.status_complete(heard)
    assert end == len(packet) - cut + len(packet)
    assert wire.status(heard[:end]) == wire.status(packet)


@pytest.mark.parametrize("vector", VECTORS["never"], ids=lambda one: str(one["number"]))
def test_what_would_warm_or_open_it_is_never_sent(vector: Never) -> None:
    """The list of what may be sent holds nothing of it."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.command(vector["number"])


@pytest.mark.parametrize(
    ("rate", "target", "said"),
    [(0.005, 0.0, "360 are known"), (7.0, 0.0, "360 are known"), (0.0125, 0.0, "whole K/h"), (1.0, -200.0, "possible")],
)
def test_a_ramp_that_it_does_not_know_is_refused(rate: float, target: float, said: str) -> None:
    """Nothing is rounded to another ramp."""
    with pytest.raises(RefusedError, match=said):
        wire.ramp(rate, target)


def test_so_much_noise_is_no_device() -> None:
    """A packet comes every second."""
    with pytest.raises(WireError, match="no status packet"):
        wire.status_complete(bytes(wire.LONGEST + 1))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(noise=st.binary(max_size=60), packet=st.sampled_from(PACKETS))
def test_any_noise_before_a_packet_hides_none(noise: bytes, packet: bytes) -> None:
    """A packet is found in the noise, or is the one behind it."""
    heard = noise + packet + packet
    end = wire.status_complete(heard)
    assert 0 < end <= len(heard)
    wire.status(heard[:end])
