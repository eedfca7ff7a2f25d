"""Lines of our own handler, written out on paper, and whatever else keeps to its grammar; volumes in nL."""

import contextlib
from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import WireError
from automation.kernel.quantity import Microlitres
from instruments.drivers.own_handler import wire
from instruments.interfaces.liquid_handler import Aspirate, Cause, ChannelResult, HandlerStatus, Outcome

FILE = Path(__file__).parent / "vectors" / "own_handler.yaml"


class Asked(TypedDict):
    """A request and what it asks."""

    line: str
    tag: str
    word: str
    orders: list[wire.Order]


class Answered(TypedDict):
    """A reply and what it says."""

    line: str
    tag: str
    word: str
    rest: str


class Broken(TypedDict):
    """A line that is none."""

    line: str
    why: str


class Vectors(TypedDict):
    """All vectors of our handler."""

    requests: list[Asked]
    replies: list[Answered]
    broken: list[Broken]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), Vectors)
VOLUMES = st.integers(1, 1_000_000)
CHANNELS = st.lists(st.integers(1, 16), min_size=1, max_size=16, unique=True)
TAGS = st.text("0123456789abcdef", min_size=8, max_size=8)

pytestmark = pytest.mark.requirement("C06")


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=lambda vector: vector["word"])
def test_a_request_is_read_and_closed_as_written_out(vector: Asked) -> None:
    """The checksum is the public one."""
    body = vector["line"].rpartition(" ")[0]
    assert wire.line(body) == vector["line"].encode() + b"\n"
    asked = wire.Request(vector["tag"], vector["word"], tuple(vector["orders"]))
    assert wire.read_request(vector["line"].encode()) == asked


@pytest.mark.parametrize("vector", VECTORS["replies"], ids=lambda vector: vector["line"])
def test_a_reply_is_read_as_written_out(vector: Answered) -> None:
    """Its end is found, its word and the rest."""
    data = vector["line"].encode() + b"\n"
    assert wire.ended(vector["tag"], data) == len(data)
    assert wire.answer(data, vector["tag"]) == (vector["word"], vector["rest"])


@pytest.mark.parametrize("vector", VECTORS["broken"], ids=lambda vector: vector["line"] or "nothing")
def test_a_broken_reply_is_never_an_answer(vector: Broken) -> None:
    """A wrong checksum, a changed letter, a cut line, and the device's own complaint."""
    with pytest.raises(WireError, match=vector["why"]):
        wire.answer(vector["line"].encode() + b"\n", "1a2b3c4e")


@settings(deadline=None, derandomize=True, max_examples=200)
@given(tag=TAGS, channels=CHANNELS, volume=VOLUMES, mix=st.tuples(VOLUMES, st.integers(0, 20)))
def test_any_motion_is_read_as_it_was_written(tag: str, channels: list[int], volume: int, mix: tuple[int, int]) -> None:
    """To the nanolitre."""
    drawn, mixed, cycles = Microlitres(volume / 1000), Microlitres(mix[0] / 1000), mix[1]
    moves = tuple(Aspirate(c, "vials.A1", drawn, drawn, mix_volume=mixed, mix_cycles=cycles) for c in channels)
    read = wire.read_request(wire.line(f"{tag} asp {wire.arguments(moves)}"))
    stirred = (mix[0], cycles) if cycles else (0, 0)
    assert read == wire.Request(tag, "asp", tuple(wire.Order(c, "vials.A1", volume, *stirred) for c in channels))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(tag=TAGS, number=st.integers(0, 10**9), channels=CHANNELS, cause=st.sampled_from(Cause), data=st.data())
def test_any_result_is_read_as_it_was_written(
    tag: str, number: int, channels: list[int], cause: Cause, data: st.DataObject
) -> None:
    """In the reply and in the answer to the question for the last motion."""
    how = data.draw(st.sampled_from(Outcome if cause is Cause.NONE else [Outcome.NOT_DONE, Outcome.UNKNOWN]))
    results = tuple(ChannelResult(channel, how, cause) for channel in channels)
    told = wire.read_did(wire.did(number, results).removeprefix("did "), tag=tag)
    assert [(one.channel, one.outcome, one.cause) for one in told.results] == [(c, how, cause) for c in channels]
    assert wire.read_last(wire.last(told).removeprefix("is ")) == told


@settings(deadline=None, derandomize=True)
@given(tips=st.lists(st.booleans(), min_size=1, max_size=16), ready=st.booleans())
def test_any_status_is_read_as_it_was_written(tips: list[bool], ready: bool) -> None:  # noqa: FBT001  drawn
    """Tips, readiness and what is wrong."""
    seen = HandlerStatus(len(tips), tuple(tips), ready, "" if ready else "not set up")
    assert wire.read_status(wire.status(seen).removeprefix("is ")) == seen


@settings(deadline=None, derandomize=True, max_examples=300)
@given(data=st.binary(max_size=60))
def test_rubbish_is_refused_and_breaks_nothing(data: bytes) -> None:
    """Any bytes: no reader raises anything but WireError."""
    with pytest.raises(WireError):
        wire.read_request(data)
    for read in (wire.read_results, wire.read_last, wire.read_status):
        with contextlib.suppress(WireError):
            assert read(data.decode("latin-1")) is not None


@settings(deadline=None, derandomize=True, max_examples=200)
@given(at=st.integers(0, 30), bit=st.integers(0, 7))
def test_one_wrong_bit_anywhere_is_noticed(at: int, bit: int) -> None:
    """The line is refused, or is not taken for the reply to this request."""
    line = wire.line("1a2b3c4e did 17 1+ 2-noliquid")
    wrong = bytearray(line)
    wrong[at % len(line)] ^= 1 << bit
    with contextlib.suppress(WireError):
        assert wire.ended("1a2b3c4e", bytes(wrong)) == 0


def test_a_late_reply_to_something_else_is_passed_over() -> None:
    """The reply to the question comes after it."""
    late, mine = wire.line("1a2b3c4e did 17 1+"), wire.line("q3 is 17 1a2b3c4e 1+")
    assert wire.ended("q3", late) == 0
    assert wire.ended("q3", late + mine[:-1]) == 0
    assert wire.ended("q3", late + mine) == len(late + mine)
    assert wire.answer(late + mine, "q3") == ("is", "17 1a2b3c4e 1+")
