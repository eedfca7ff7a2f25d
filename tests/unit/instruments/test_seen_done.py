"""What an act would have answered, once a person has seen that it is done."""

import asyncio

import pytest

from automation.kernel.effect import Call
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Microlitres
from instruments.drivers.zpl_printer.driver import build as build_printer
from instruments.interfaces.label_printer import Label
from instruments.interfaces.liquid_handler import Aspirate, Outcome, TipMove, seen_done
from instruments.transport import Link, MemoryStream


@pytest.mark.requirement("C01.3")
def test_a_motion_that_a_person_has_seen_is_done_on_every_channel_that_it_named() -> None:
    """Tips and liquid alike; who said so stands in the result."""
    drawn = Aspirate(2, "vials.A1", Microlitres(100.0), Microlitres(500.0))
    for arguments in ({"tips": (TipMove(2, "tips.A1"),)}, {"moves": (drawn,), "containers": ()}):
        (result,) = seen_done(Call("star-01", "aspirate", dict(arguments)))
        assert (result.channel, result.outcome, result.why) == (2, Outcome.DONE, "seen by a person")


def test_what_names_no_channels_has_no_such_outcome() -> None:
    """A set-up answers nothing."""
    with pytest.raises(FailedError, match="set_up names no channels"):
        seen_done(Call("star-01", "set_up", {}))


def test_a_label_that_a_person_has_seen_come_out_has_its_specimen() -> None:
    """The bytes are those that were sent: drawing a label is a pure function of it."""
    printer = build_printer(Link(MemoryStream(), name="printer-01"), {}, control=True)
    label = Label("B-1-L1", "CONTAINER:B-1", ("Autologous T cells",))
    printed = asyncio.run(printer.reply_of(Call("printer-01", "print", {"label": label})))
    assert printed.label == "B-1-L1"
    assert printed.data.startswith("^XA")
    assert len(printed.sha256) == 64
