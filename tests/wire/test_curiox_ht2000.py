"""Commands and answers of an HT2000 as a public program has them, read and written by the wire module."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from instruments.drivers.curiox_ht2000 import wire

FILE = Path(__file__).parent / "vectors" / "curiox_ht2000.yaml"


class Line(TypedDict, total=False):
    """One command or answer."""

    payload: str
    frame: str
    washes: int
    volume: int
    flow: int
    channel: int
    reply: str
    status: int
    operating: bool
    error: str
    out: bool
    spilled: bool
    loaded: bool
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C04", "C06")


def each(key: str) -> pytest.MarkDecorator:
    """Give one case for each line."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda one: one.get("payload", one.get("reply")))


@each("commands")
def test_a_command_is_framed_and_heard_as_published(vector: Line) -> None:
    """Marks, length, payload, sum, end; a washer hears the same payload, however it is cut."""
    frame = bytes.fromhex(vector["frame"])
    assert wire.command(vector["payload"]) == frame
    assert [wire.payload(frame[:n]) for n in range(len(frame))] == [(None, 0)] * len(frame)
    assert wire.payload(frame) == (vector["payload"], len(frame))


@each("washes")
def test_a_wash_is_written_as_published(vector: Line) -> None:
    """Repeats, volume, flow, channel, and fifteen digits that nobody explains."""
    payload = wire.wash(
        washes=vector["washes"], volume=vector["volume"], flow=vector["flow"], channel=vector["channel"]
    )
    assert payload == vector["payload"]
    assert wire.payload(wire.command(payload))[0] == payload


@each("pings")
def test_a_ping_is_read_as_published(vector: Line) -> None:
    """Whole with its fifteenth byte."""
    reply, answer = bytes.fromhex(vector["reply"]), wire.Answer(wire.PING)
    assert [answer(reply[:n]) for n in range(len(reply) + 1)] == [0] * len(reply) + [len(reply)]
    found = wire.ping(reply)
    assert (found.status, found.operating, found.error) == (vector["status"], vector["operating"], vector["error"])


@each("reports")
def test_a_report_is_read_as_published(vector: Line) -> None:
    """Where the tray is, and what lies on it."""
    found = wire.report(bytes.fromhex(vector["reply"]))
    wanted = (vector["status"], vector["out"], vector["spilled"], vector["loaded"])
    assert (found.status, found.out, found.spilled, found.loaded) == wanted


@each("acknowledgements")
def test_an_acknowledgement_is_read_as_published(vector: Line) -> None:
    """One digit that counts."""
    assert wire.acknowledged(bytes.fromhex(vector["reply"])) == vector["status"]


@each("never")
def test_what_is_not_published_is_never_sent(vector: Line) -> None:
    """The list of what may be sent holds nothing of it."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.command(vector["payload"])


@pytest.mark.parametrize("code", [*wire.ERRORS, "99"])
def test_every_error_is_told_in_words(code: str) -> None:
    """One that is not listed too."""
    found = wire.ping(b"\0" * 8 + f"02{code}".encode() + b"\0" * 3)
    assert found.error == f"error {code}: {wire.ERRORS.get(code, 'not listed')}"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"washes": 20}, "washes is 20"),
        ({"volume": 100}, "volume is 100"),
        ({"flow": 1}, "flow"),
        ({"channel": 6}, "6"),
    ],
)
def test_a_wash_that_it_does_not_know_is_refused(changed: dict[str, int], said: str) -> None:
    """Nothing is clipped."""
    with pytest.raises(RefusedError, match=said):
        wire.wash(**{"washes": 3, "volume": 50, "flow": 5, "channel": 0, **changed})


@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.binary(min_size=42, max_size=42))
def test_any_bytes_are_read_or_a_wire_error(data: bytes) -> None:
    """Nothing else comes out of the readers."""
    for read in (wire.report, wire.ping, wire.acknowledged):
        try:
            found = read(data)
        except WireError:
            continue
        status = found if isinstance(found, int) else found.status
        assert wire.READY <= status <= wire.STOPPED
