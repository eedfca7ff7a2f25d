"""Registers, numbers and frames of the Watlow F4T against its sources, kept in vectors/watlow_f4t.yaml."""

from typing import Any

import pytest

from automation.kernel.errors import WireError
from instruments.drivers.watlow_f4t import wire
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framer, Framing
from tests.fuzz.vectors import vectors

pytestmark = pytest.mark.requirement("C05.3", "C07")

GOLDEN: dict[str, Any] = dict(vectors("watlow_f4t"))  # groups of different shapes


def test_every_register_is_that_of_its_source() -> None:
    """Each by its name, with where it is said."""
    assert {name: getattr(wire, name) for name in GOLDEN["registers"]} == {
        name: number for name, (number, _) in GOLDEN["registers"].items()
    }


def test_the_registers_of_steps_are_170_apart() -> None:
    """Those of the first and of the second step."""
    for name, (first, second) in GOLDEN["steps"].items():
        offset = getattr(wire, name)
        assert (wire.step(1) + offset, wire.step(2) + offset) == (first, second)


def test_every_number_means_what_its_source_says() -> None:
    """Commands, types of steps and states; which states are assumed is said."""
    assert {name: getattr(wire, name) for name in GOLDEN["numbers"]} == GOLDEN["numbers"]
    assert {one.name: int(one) for one in wire.Kind} == GOLDEN["kinds"]
    assert {one.name: int(one) for one in wire.Running} == GOLDEN["running"] | GOLDEN["running_assumed"]


@pytest.mark.parametrize("one", GOLDEN["floats"], ids=lambda one: str(one["value"]))
def test_a_float_stands_low_word_first(one: dict[str, Any]) -> None:
    """And is read so."""
    data = bytes.fromhex(one["words"])
    assert wire.pack_number(one["value"]) == data
    assert wire.number(data) == one["value"]


def test_a_profile_is_started_by_the_frames_of_the_guides_example() -> None:
    """Number 5 is chosen, then told to start."""
    framer = Framer(Framing.TCP)
    for one in GOLDEN["frames"]:
        asked = modbus.WriteOne(1, one["register"], value=one["value"])
        assert framer.framed(asked).frame == bytes.fromhex(one["frame"])


def test_texts_and_long_numbers_come_back() -> None:
    """A text has one character in each register; what is not ASCII is a question mark."""
    assert wire.text(wire.pack_text("COMP-20 µ", wire.NAME_WORDS)) == "COMP-20 ?"
    assert wire.long(wire.pack_long(-4711)) == -4711


@pytest.mark.requirement("C05.3", refuses=True)
def test_what_no_source_lists_is_refused() -> None:
    """Another state, another type of step, a float that is none, a text with control characters."""
    for bad in (
        lambda: wire.running(150),
        lambda: wire.kind(0),
        lambda: wire.number(bytes.fromhex("0000 7fc0")),
        lambda: wire.text(bytes((0, 7) * 4)),
    ):
        with pytest.raises(WireError):
            bad()
