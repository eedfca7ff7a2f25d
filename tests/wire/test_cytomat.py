"""Telegrams of a Cytomat as PyLabRobot's back end and tests have them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylabrobot.storage.cytomat.constants import ErrorRegister
from pylabrobot.storage.cytomat.errors import error_map
from pylabrobot.storage.cytomat.schemas import OverviewRegisterState

from automation.kernel.errors import WireError
from instruments.drivers.cytomat import wire
from instruments.drivers.cytomat.wire import Command, Overview

pytestmark = pytest.mark.requirement("C06")

TAKEN = {  # what is asked, what comes back, its words
    "ch:bs": (Command("ch", "bs"), b"bs 82\r\n", ("bs", "82")),
    "mv:ts 001": (Command("mv", "ts", ("001",)), b"ok 05\r\n", ("ok", "05")),
    "ch:it": (Command("ch", "it"), b"it +37.0 +36.9\r\n", ("it", "+37.0", "+36.9")),
    "rs:be": (Command("rs", "be"), b"ok 02\r\n", ("ok", "02")),
    "ll:gp 002": (Command("ll", "gp", ("002",)), b"er 42\r\n", ("er", "42")),
}
NONE = {
    "another register": (Command("ch", "bs"), b"bw 00\r\n"),
    "an acknowledgement of a question": (Command("ch", "bs"), b"ok 00\r\n"),
    "a register for an action": (Command("mv", "ts", ("001",)), b"bs 00\r\n"),
    "no hexadecimal": (Command("ch", "bs"), b"bs 0G\r\n"),
    "one number of two": (Command("ch", "it"), b"it +37.0\r\n"),
    "no number": (Command("ch", "it"), b"it +37.0 nan\r\n"),
    "an error that nobody knows": (Command("ch", "it"), b"er 99\r\n"),
    "nothing": (Command("ch", "it"), b"\r\n"),
    "no text": (Command("ch", "it"), b"\xff\xfe\r\n"),
}


@pytest.mark.parametrize("text", TAKEN)
def test_a_telegram_is_read_whole(text: str) -> None:
    """Command and answer; the answer ends where its line ends."""
    command, said, words = TAKEN[text]
    assert wire.read_command(text.encode()) == command
    assert wire.complete(said) == len(said)
    assert wire.answer(said, command) == words


@pytest.mark.parametrize("what", NONE)
def test_what_does_not_answer_the_command_is_none(what: str) -> None:
    """Nothing is made of it."""
    command, said = NONE[what]
    with pytest.raises(WireError):
        wire.answer(said, command)


@pytest.mark.parametrize("line", [b"", b"ch", b"ch:bsx", b"xx:bs", b"mv:ts 1 2 3 4", b"mv:ts \xff"])
def test_what_is_no_command_is_refused(line: bytes) -> None:
    """Kind, colon, word, and at most three arguments."""
    with pytest.raises(WireError):
        wire.read_command(line)


def test_the_overview_register_goes_there_and_back() -> None:
    """Eight bits, the transfer station first."""
    assert [wire.overview(code).code for code in range(256)] == list(range(256))


def test_the_bits_of_the_overview_are_those_of_pylabrobot() -> None:
    """Its own reading of its own register."""
    for bit in range(8):
        theirs = OverviewRegisterState.from_resp(f"{1 << bit:02X}")
        ours = wire.overview(1 << bit)
        assert [ours.station_occupied, ours.door_open, ours.gate_open, ours.handler_occupied] == [
            theirs.transfer_station_occupied,
            theirs.device_door_open,
            theirs.automatic_gate_open,
            theirs.handler_occupied,
        ]
        assert [ours.error, ours.warning, ours.ready, ours.busy] == [
            theirs.error_register_set,
            theirs.warning_register_set,
            theirs.ready_bit_set,
            theirs.busy_bit_set,
        ]
    assert wire.overview(0) == Overview()


def test_the_codes_are_those_of_pylabrobot() -> None:
    """Every refusal and every error that its back end knows."""
    assert set(wire.CODES) == set(error_map)
    assert set(wire.ERRORS) == {int(one.value, 16) for one in ErrorRegister}


@given(st.binary(max_size=200))
def test_noise_is_refused_or_waited_for(noise: bytes) -> None:
    """Nothing else comes of it."""
    with contextlib.suppress(WireError):
        end = wire.complete(noise)
        assert end == 0 or wire.answer(noise[:end], Command("ch", "bs"))
