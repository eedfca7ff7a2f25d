"""Lines of MT-SICS balances as documents show them, read by the wire module; units g."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import FailedError, RefusedError, WireError
from automation.kernel.quantity import Grams
from instruments.drivers.mt_sics import wire

FILE = Path(__file__).parent / "vectors" / "mt_sics.yaml"


class Line(TypedDict, total=False):
    """One documented line, with what it says."""

    line: str
    command: str
    status: str
    value: float
    says: str
    fields: list[str]
    lines: list[str]
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C06")


def lines(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented line."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda vector: vector.get("line", vector.get("command")))


def test_every_vector_names_its_source() -> None:
    """A line without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@lines("weights")
def test_a_documented_weight_is_read_with_its_last_digit(vector: Line) -> None:
    """However many blanks stand before the number."""
    reply = wire.read(vector["line"].encode())
    found = wire.mass(reply.fields)
    assert (reply.status, found.value) == (vector["status"], Grams(vector["value"]))
    assert found.step == pytest.approx(0.01)


@lines("refused")
def test_another_unit_and_a_fault_are_no_weights(vector: Line) -> None:
    """The error says what the balance shows."""
    with pytest.raises(FailedError, match=vector["says"]):
        wire.mass(wire.read(vector["line"].encode()).fields)


@lines("states")
def test_a_documented_state_has_words(vector: Line) -> None:
    """Busy, over, under."""
    reply = wire.read(vector["line"].encode())
    assert reply.status == vector["status"]
    assert wire.STATES[reply.status]


@lines("general")
def test_an_error_line_refuses_the_command_that_it_answers(vector: Line) -> None:
    """The balance did nothing."""
    data = vector["line"].encode() + wire.END
    assert wire.Until("T")(data) == len(data)
    with pytest.raises(RefusedError, match="nothing changed"):
        wire.answer("T", data)


@lines("said")
def test_texts_are_read_without_their_quotes(vector: Line) -> None:
    """A text may hold blanks; the answer to a reset comes under another name."""
    data = vector["line"].encode() + wire.END
    assert wire.Until(vector["command"])(data) == len(data)
    assert wire.answer(vector["command"], data)[-1].fields == tuple(vector["fields"])


@lines("several")
def test_an_answer_of_several_lines_ends_with_the_one_that_is_not_followed_by_more(vector: Line) -> None:
    """The status B asks to wait."""
    data = b"".join(line.encode() + wire.END for line in vector["lines"])
    until = wire.Until(vector["command"])
    assert [until(data[:cut]) for cut in range(len(data))] == [0] * len(data)
    assert until(data) == len(data)
    assert [reply.status for reply in wire.answer(vector["command"], data)][-1] == "A"


def test_lines_of_another_name_are_passed_over() -> None:
    """A stream of weights and a greeting do not answer a question for the tare."""
    stray = b'S S     100.00 g\r\nI4 A "B1"\r\n'
    data = stray + b"TA A      2.00 g\r\nS D 1"
    assert wire.Until("TA")(stray) == 0
    assert wire.Until("TA")(data) == len(stray) + len(b"TA A      2.00 g\r\n")
    assert wire.answer("TA", data[: wire.Until("TA")(data)])[-1].fields == ("2.00", "g")


@pytest.mark.parametrize("line", [b"\xff\xfe S", b"? S 1 g", b"s s 1.00 g", b"   "])
def test_what_is_no_line_of_a_balance_is_a_wire_error(line: bytes) -> None:
    """Noise and lower case."""
    with pytest.raises(WireError):
        wire.Until("S")(line + wire.END)


@pytest.mark.parametrize("fields", [("1,00", "g"), ("1.00",), ("1.00", "g", "g"), ("nan", "g"), (), ("1e3", "g")])
def test_what_is_no_number_with_a_unit_is_a_wire_error(fields: tuple[str, ...]) -> None:
    """A decimal comma, a missing unit, and words that Python would take for numbers."""
    with pytest.raises(WireError):
        wire.mass(fields)


@pytest.mark.parametrize("command", ["@", "C3", "M21 0 1", "FSET 0", "PWR 0", "TA 100.00 g", "s", "S\r\nT"])
def test_resets_adjustments_and_settings_are_never_framed(command: str) -> None:
    """A reset forgets the tare, a preset tare was never on the pan."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.line(command)


@given(value=st.floats(-5000, 5000).map(lambda value: round(value, 2)), cut=st.integers(0, 30))
def test_any_weight_reads_back_and_any_split_gives_the_same_frame(value: float, cut: int) -> None:
    """What arrives in pieces is not complete before its end, and then the same."""
    data = b"S S " + wire.weight(value).encode() + wire.END
    until = wire.Until("SI")
    assert until(data[: min(cut, len(data) - 1)]) == 0
    assert until(data + b"later") == len(data)
    assert float(wire.mass(wire.answer("SI", data)[-1].fields).value) == pytest.approx(value)
