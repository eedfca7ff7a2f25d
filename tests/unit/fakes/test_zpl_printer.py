"""The fake printer: queue, media, faults and what lies there; s and labels."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.zpl_printer import BUFFER, EACH, FakeZplPrinter
from instruments.drivers.zpl_printer.templates import Stock, draw
from instruments.drivers.zpl_printer.wire import status as wire
from instruments.interfaces.label_printer import Label, PrinterStatus

NOON = Instant(1_780_000_000.0)
LATER = NOON + Seconds(60.0)

pytestmark = pytest.mark.requirement("C07", "F058")


def label(number: int) -> bytes:
    """Give the format of one label."""
    return draw(Label(f"L-{number}", f"=A{number}", ("line",)), Stock())


def asked(fake: FakeZplPrinter, now: Instant) -> PrinterStatus:
    """Ask for the state at a time."""
    return wire.status(fake.feed(wire.HOST_STATUS, now))


def test_labels_come_out_one_after_the_other_in_their_time() -> None:
    """Three formats are one label that is printed and two that wait."""
    fake = FakeZplPrinter()
    fake.feed(label(1) + label(2) + label(3), NOON)
    assert (asked(fake, NOON).waiting, asked(fake, NOON).left) == (2, 1)
    assert fake.due(NOON) == NOON + EACH
    fake.unasked(NOON + EACH * 2.1)
    assert [item.id for item in fake.printed] == ["L-1", "L-2"]
    assert asked(fake, LATER).idle
    assert fake.acts["print"] == 3


def test_a_look_in_between_changes_nothing() -> None:
    """Labels come out at their own moments, however often the state is asked for."""
    often, seldom = FakeZplPrinter(), FakeZplPrinter()
    for fake in (often, seldom):
        fake.feed(label(1) + label(2), NOON)
    for step in range(20):
        asked(often, NOON + Seconds(0.1 * step))
    at = NOON + Seconds(2.0)
    assert asked(often, at) == asked(seldom, at)
    assert often.due(at) == seldom.due(at)


def test_a_format_that_comes_in_pieces_is_one_label() -> None:
    """A status asked for in between says that a format is only partly there."""
    fake, data = FakeZplPrinter(), label(1)
    for byte in data[:-1]:
        fake.feed(bytes([byte]), NOON)
    assert asked(fake, NOON).partial
    fake.feed(data[-1:], NOON)
    fake.unasked(LATER)
    assert [(item.id, item.code, item.data) for item in fake.printed] == [("L-1", "=A1", data)]


def test_paper_and_ribbon_are_used_up() -> None:
    """The third label waits for paper and comes out when there is some."""
    fake = FakeZplPrinter()
    fake.hand("paper", {"left": 2}, NOON)
    fake.feed(label(1) + label(2) + label(3), NOON)
    shown = asked(fake, LATER)
    assert (shown.faults, shown.left) == (("paper out",), 1)
    fake.hand("paper", {"left": 5}, LATER)
    assert asked(fake, LATER + EACH).idle


def test_an_interrupted_label_is_begun_anew() -> None:
    """The head was opened in the middle of it."""
    fake = FakeZplPrinter()
    fake.feed(label(1), NOON)
    fake.hand("head", {"open": True}, NOON + EACH * 0.9)
    fake.hand("head", {"open": False}, LATER)
    assert not asked(fake, LATER + EACH * 0.9).idle
    assert asked(fake, LATER + EACH).idle


def test_a_pause_lets_the_present_label_come_out_first() -> None:
    """Then nothing moves until it is lifted."""
    fake = FakeZplPrinter()
    fake.feed(label(1) + label(2), NOON)
    fake.hand("pause", {}, NOON + Seconds(0.5))
    assert asked(fake, LATER) == PrinterStatus(paused=True, left=1)
    fake.hand("pause", {"on": False}, LATER)
    assert asked(fake, LATER + EACH).idle


def test_a_power_cut_forgets_what_was_not_printed() -> None:
    """It starts empty, after a while in which it takes no notice."""
    fake = FakeZplPrinter()
    fake.feed(label(1) + label(2), NOON)
    fake.hand("power", {"on": False}, NOON + EACH * 1.5)
    fake.hand("power", {"on": True}, LATER)
    assert fake.feed(wire.HOST_STATUS, LATER + Seconds(5.0)) == b""
    assert asked(fake, LATER + Seconds(30.0)).idle
    assert [item.id for item in fake.printed] == ["L-1"]


def test_a_mute_printer_says_nothing_in_a_fault_but_who_it_is() -> None:
    """As newer editions of the guide say; a pause is no such fault."""
    fake = FakeZplPrinter(mute=True)
    fake.hand("pause", {}, NOON)
    assert asked(fake, NOON).paused
    fake.hand("head", {"open": True}, NOON)
    assert fake.feed(wire.HOST_STATUS, NOON) == b""
    assert wire.identification(fake.feed(wire.HOST_IDENTIFICATION, NOON)).dots == 8


def test_a_full_buffer_takes_no_more() -> None:
    """It says so, and what came too much never comes out."""
    fake = FakeZplPrinter()
    fake.hand("pause", {}, NOON)
    for count in range(BUFFER + 2):
        fake.feed(label(count), NOON)
    assert asked(fake, NOON).buffer_full
    fake.hand("pause", {"on": False}, NOON)
    asked(fake, LATER)
    assert fake.acts["print"] == BUFFER


def test_a_label_is_taken_once() -> None:
    """By its number, or the first that lies there."""
    fake = FakeZplPrinter()
    fake.feed(label(1) + label(2), NOON)
    fake.hand("take", {"label": "L-2"}, LATER)
    fake.hand("take", {}, LATER)
    assert [item.id for item in fake.taken] == ["L-2", "L-1"]
    with pytest.raises(FailedError, match="there is none"):
        fake.hand("take", {"label": "L-1"}, LATER)


def test_a_format_of_another_program_is_printed_without_a_code() -> None:
    """What this project does not write is not read by it."""
    fake = FakeZplPrinter()
    fake.feed(b"^XA^FO10,10^BXN,4,200^FDhello^FS^PQ2^XZ", NOON)
    fake.unasked(LATER)
    assert [(item.id, item.code) for item in fake.printed] == [("", "")] * 2
