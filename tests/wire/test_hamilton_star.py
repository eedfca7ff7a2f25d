"""Frames of a STAR as PyLabRobot's own tests show them, read by the wire module and answered by the fake."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import WireError
from automation.kernel.quantity import Instant
from fakes.hamilton_star import FakeHamiltonStar
from fakes.world import World
from instruments.drivers.hamilton_star import wire
from instruments.labware.deck import load

FILE = Path(__file__).parent / "vectors" / "hamilton_star.yaml"
NOW, LATER = Instant(1_800_000_000.0), Instant(1_800_001_000.0)

pytestmark = pytest.mark.requirement("C03", "C06")


class Command(TypedDict):
    """One command that PyLabRobot sends."""

    text: str
    source: str


class Answer(TypedDict):
    """One answer that PyLabRobot reads, and what it makes of it."""

    text: str
    id: int
    error: list[int]
    channels: dict[int, list[int]]
    source: str


class Vectors(TypedDict):
    """The file."""

    commands: list[Command]
    answers: list[Answer]
    no_frames: list[str]


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8")), Vectors)


@pytest.mark.parametrize("vector", VECTORS["commands"], ids=lambda vector: vector["text"][:10] + vector["source"][-22:])
def test_a_command_is_read_to_its_last_letter(vector: Command) -> None:
    """Put together again, its parts are the text."""
    frame = wire.read_command(vector["text"])
    parts = "".join(name + value for name, value in frame.parameters.items())
    assert f"{frame.what}id{frame.id:04}{parts}" == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["answers"], ids=lambda vector: vector["text"][:34])
def test_an_answer_is_read_with_its_errors(vector: Answer) -> None:
    """The master's own, and those of the channels."""
    answer = wire.read_answer(vector["text"])
    assert (answer.id, list(answer.error)) == (vector["id"], vector["error"])
    assert {channel: list(code) for channel, code in answer.channels.items()} == vector["channels"]


@pytest.mark.parametrize("text", VECTORS["no_frames"])
def test_what_is_no_frame_is_refused(text: str) -> None:
    """Nothing is guessed out of plain text, or of a frame that was cut."""
    with pytest.raises(WireError):
        wire.read_answer(text)
    with pytest.raises(WireError):
        wire.read_command(text)


def test_the_values_of_channels_are_numbers() -> None:
    """Two channels at work of three named: 107.2 uL each, at y 145.7 and 136.7 mm."""
    text = next(v["text"] for v in VECTORS["commands"] if v["text"].startswith("C0ASid0003"))
    frame = wire.read_command(text)
    assert frame.numbers("tm") == (0, 0, 0, 0, 1, 1, 0)
    assert frame.numbers("av") == (1072,) * 7
    assert frame.numbers("yp")[4:6] == (1457, 1367)
    assert frame.numbers("no") == ()


@pytest.mark.parametrize("vector", VECTORS["commands"], ids=lambda vector: vector["text"][:10] + vector["source"][-22:])
def test_the_fake_answers_every_command_that_pylabrobot_s_tests_show(vector: Command) -> None:
    """With the echo of module, command and id, and without an error of the master's own."""
    fake = FakeHamiltonStar(World(1), "star", load("final-day-star"))
    fake.feed(wire.transfer("C0DIid0001"), NOW)
    said = wire.transfers(fake.feed(wire.transfer(vector["text"]), NOW) + fake.unasked(LATER))[0][-1]
    answer, frame = wire.read_answer(said), wire.read_command(vector["text"])
    assert (answer.module, answer.command, answer.id) == (frame.module, frame.command, frame.id)
    assert answer.error in {(0, 0), (99, 0)}


@pytest.mark.parametrize("what", ["C0RUid0002", "C0UAid0001"])
def test_the_fake_says_of_its_arm_what_a_real_machine_said(what: str) -> None:
    """Letter for letter, as PyLabRobot's tests have it."""
    fake = FakeHamiltonStar(World(1), "star", load("final-day-star"))
    said = fake.feed(wire.transfer(what), NOW)
    assert [said] == [wire.transfer(v["text"]) for v in VECTORS["answers"] if v["text"].startswith(what)]


CODES = st.tuples(st.integers(1, 33), st.integers(0, 99))


@given(st.dictionaries(st.integers(1, 16), CODES, min_size=1), st.integers(0, 9999))
def test_errors_of_channels_are_read_as_they_are_written(channels: dict[int, wire.Code], number: int) -> None:
    """Whichever channels, whichever codes."""
    text = wire.write_answer(wire.Frame("C0", "AS", number), channels=channels)
    answer = wire.read_answer(text)
    assert (answer.id, answer.error, answer.channels) == (number, (99, 0), channels)


@given(st.binary(max_size=300))
def test_any_bytes_are_frames_or_an_error_of_the_wire(data: bytes) -> None:
    """Nothing else is raised, and nothing beyond the bytes is claimed."""
    try:
        length = wire.answered(data, wire.Frame("C0", "RT", 1))
    except WireError:
        return
    assert 0 <= length <= len(data)


def test_an_answer_that_was_given_up_is_passed_over() -> None:
    """The late answer stands before the one that is waited for."""
    late, mine = wire.transfer("C0ASid0007er00/00"), wire.transfer("C0RTid0008er00/00rt0")
    to = wire.Frame("C0", "RT", 8)
    assert wire.answered(late, to) == 0
    assert wire.answered(late + mine + b"more", to) == len(late + mine)
    assert wire.last(late + mine) == "C0RTid0008er00/00rt0"
