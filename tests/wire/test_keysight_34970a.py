"""Replies of the 34970A as documents show them, read by the wire module; units degC."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from fakes.keysight_34970a import FakeKeysight34970A
from instruments.drivers.keysight_34970a import wire

FILE = Path(__file__).parent / "vectors" / "keysight_34970a.yaml"


class Reading(TypedDict):
    """One documented scan."""

    reply: str
    channels: list[int]
    values: list[float | None]
    alarms: list[int]
    source: str
    disputed: str


class Block(TypedDict):
    """One documented block; ``body`` is None when the document prints a wrong length."""

    reply: str
    body: str | None
    source: str


class Named(TypedDict):
    """One answer to ``*IDN?``."""

    reply: str
    serial: str
    source: str


class Module(TypedDict):
    """One answer to ``SYSTem:CTYPe?``."""

    reply: str
    source: str


class Vectors(TypedDict):
    """All vectors of this instrument."""

    readings: list[Reading]
    blocks: list[Block]
    identities: list[Named]
    modules: list[Module]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), Vectors)

pytestmark = pytest.mark.requirement("C06")


@pytest.mark.parametrize("vector", VECTORS["readings"], ids=lambda vector: vector["reply"])
def test_a_documented_reading_is_read_in_either_order_of_its_fields(vector: Reading) -> None:
    """Two editions of the guide disagree; the channel that was asked for tells which order it is."""
    read = wire.samples(vector["reply"], tuple(vector["channels"]))
    assert [sample.value for sample in read] == vector["values"]
    assert [sample.alarm for sample in read] == vector["alarms"]


@pytest.mark.parametrize("vector", VECTORS["blocks"], ids=lambda vector: vector["reply"])
def test_a_documented_block_is_read_by_its_length(vector: Block) -> None:
    """A misprinted length is refused, not guessed."""
    if vector["body"] is None:
        with pytest.raises(WireError, match="stated length"):
            wire.unblock(vector["reply"])
    else:
        assert wire.unblock(vector["reply"]) == vector["body"]


@pytest.mark.parametrize("vector", VECTORS["identities"], ids=lambda vector: vector["reply"])
def test_the_34970a_does_not_know_its_serial_number(vector: Named) -> None:
    """Real units answer 0, so the rating plate has to say it."""
    assert wire.identification(vector["reply"]).serial == vector["serial"]


def test_the_fake_answers_as_real_units_do() -> None:
    """Its identity and its modules are among those that were logged."""
    fake = FakeKeysight34970A(1)
    assert fake.identity in {vector["reply"] for vector in VECTORS["identities"]}
    assert set(fake.modules.values()) == {vector["reply"] for vector in VECTORS["modules"]}


@pytest.mark.parametrize(
    "reply",
    [
        "+2.61950000E+01 C,00000000.017,102,0",
        "+2.61950000E+01 C,00000000.017,0",
        "+2.61950000E+01,00000000.017,101,0",
        "+2,61950000E+01 C,00000000.017,101,0",
        "+2.61950000E+01 C,00000000.017,101,7",
        "NAN C,00000000.017,101,0",
    ],
)
def test_a_reading_that_is_not_of_the_asked_channel_or_form_is_refused(reply: str) -> None:
    """Another channel, a missing field or unit, a decimal comma, an unknown alarm and a NaN are no readings."""
    with pytest.raises(WireError):
        wire.samples(reply, (101,))


def test_overload_of_either_sign_is_no_number() -> None:
    """An open thermocouple is a state."""
    reply = "-9.90000000E+37 C,00000000.017,101,0"
    assert wire.samples(reply, (101,))[0].value is None


@pytest.mark.parametrize("command", ["*RST", "CAL:SEC:CODE 1", "DATA:REM? 10", ":data:remove? 5", "r? 3"])
def test_calibration_reset_and_erasing_reads_are_never_framed(command: str) -> None:
    """They are on the list of commands that this project does not send."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.line(command)


def test_every_split_of_a_reply_gives_the_same_line() -> None:
    """A reply may arrive in any pieces."""
    reply = b"+2.61950000E+01 C,00000000.017,101,2\n"
    for cut in range(len(reply)):
        assert wire.line_complete(reply[:cut]) == 0
    assert wire.line_complete(reply + b"late") == len(reply)


def test_the_format_commands_come_after_the_configuration() -> None:
    """CONFigure switches time, channel, alarm and unit off."""
    commands = wire.configuration((101, 102), kind="T")
    last_conf = max(place for place, text in enumerate(commands) if text.startswith("CONF"))
    assert all(place > last_conf for place, text in enumerate(commands) if text.startswith("FORM"))
