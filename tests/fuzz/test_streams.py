"""Cables: any split of a stream gives the same frames; one corrupted byte is refused, or harmless."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import entry_points
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.kernel.errors import CellwrightError
from automation.kernel.ids import keyed
from automation.kernel.quantity import Instant
from instruments.drivers.cytomat import wire as cytomat
from instruments.drivers.echotherm import wire as echotherm
from instruments.drivers.eurotherm.wire import bisynch
from instruments.drivers.hamilton_star import wire as star
from instruments.drivers.keysight_34970a import wire as keysight
from instruments.drivers.memmert_atmoweb import wire as atmoweb
from instruments.drivers.mt_sics import wire as sics
from instruments.drivers.own_handler import wire as own
from instruments.drivers.serial_scanner import wire as scanner
from instruments.drivers.tec3000 import wire as tec
from instruments.drivers.zpl_printer.wire import status as zpl
from instruments.transport import folder, http, modbus, nodes
from tests.fuzz.commands import FAKES, START, chatter, made
from tests.fuzz.registry import codecs, targets
from tests.fuzz.target import understood

Complete = Callable[[bytes], int]
FAKE = {point.name: point for point in entry_points(group=FAKES)}
SPLITS = st.lists(st.integers(0, 2000), max_size=8)
EACH = 10  # other values tried for each byte of an example
MANY = 6  # examples
FURTHEST = 40  # bytes of an example that are changed one by one


def corpus(name: str) -> list[bytes]:
    """Give the examples of a target that stand for whole frames."""
    return list(targets()[name].corpus())


STREAMS: dict[str, tuple[Complete, Callable[[], Sequence[bytes]]]] = {
    "modbus": (modbus.Read(1, 1, count=2).complete, lambda: corpus("eurotherm modbus reply")[:1]),
    "modbus exception": (modbus.Read(1, 1, count=2).complete, lambda: corpus("eurotherm modbus reply")[4:5]),
    "bisynch": (bisynch.Ask(12, "PV").complete, lambda: corpus("eurotherm bisynch reply")[:1]),
    "cytomat": (cytomat.complete, lambda: corpus("cytomat reply")),
    "echotherm": (echotherm.complete, lambda: [one for one in corpus("echotherm reply") if echotherm.complete(one)]),
    "hamilton_star": (
        partial(star.answered, to=star.read_command("C0QMid1111")),
        lambda: [b"".join(corpus("hamilton_star answer")[:1]), corpus("hamilton_star answer")[2]],
    ),
    "keysight_34970a": (keysight.line_complete, lambda: corpus("keysight_34970a reply")),
    "memmert_atmoweb": (atmoweb.complete, lambda: corpus("memmert_atmoweb answer")),
    "mt_sics": (sics.Until("S"), lambda: [one for one in corpus("mt_sics reply") if one.startswith(b"S ")]),
    "opentrons_ot2": (http.complete, lambda: corpus("opentrons_ot2 answer")),
    "own_handler": (partial(own.ended, "1a2b3c4e"), lambda: corpus("own_handler reply")[5:6] * 3),
    "node port": (nodes.complete, lambda: corpus("rotea reply")),
    "tec3000": (tec.complete, lambda: corpus("tec3000 reply")),
    "zpl status": (zpl.Until(zpl.STATUS_LINES), lambda: corpus("zpl_printer status")),
    "zpl identification": (zpl.Until(1), lambda: corpus("zpl_printer identification")),
    "folder listing": (folder.listing_complete, lambda: corpus("folder answer")[:2] * 2),
    "folder content": (folder.content_complete, lambda: corpus("folder answer")[2:]),
}


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut a stream at some places."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


def frames(complete: Complete, arriving: Sequence[bytes]) -> list[bytes]:
    """Take frames out of what arrives, as a link does."""
    held, found = b"", []
    for piece in arriving:
        held += piece
        while held and (length := complete(held)):
            found.append(held[:length])
            held = held[length:]
    return [*found, held]


@pytest.mark.requirement("C06")
@pytest.mark.parametrize("name", STREAMS)
@settings(max_examples=25, deadline=None)
@given(cuts=SPLITS)
def test_any_split_of_a_stream_gives_the_same_frames(name: str, cuts: list[int]) -> None:
    """However the bytes of replies come in, each frame is whole, and nothing is left."""
    complete, examples = STREAMS[name]
    sent = list(examples())
    assert frames(complete, pieces(b"".join(sent), cuts)) == [*sent, b""]


@settings(max_examples=25, deadline=None)
@given(cuts=SPLITS)
def test_any_split_of_what_a_scanner_sends_gives_the_same_reads(cuts: list[int]) -> None:
    """Also when CR and LF come apart."""
    sent, lines = corpus("serial_scanner read"), scanner.Lines()
    found = [line for piece in pieces(b"".join(sent), cuts) for line in lines.feed(piece)]
    assert found == [one.removesuffix(b"\r\n") for one in sent]


@pytest.mark.requirement("C07")
@pytest.mark.parametrize("name", FAKE)
@settings(max_examples=10, deadline=None)
@given(cuts=SPLITS)
def test_a_fake_answers_the_same_however_its_commands_are_split(name: str, cuts: list[int]) -> None:
    """All commands of its own grammar at one moment, in pieces and whole."""
    sent, now = b"".join(corpus(f"fake {name}")), Instant(START)
    whole, split = made(FAKE[name]), made(FAKE[name])
    said = b"".join(split.feed(piece, now) for piece in pieces(sent, cuts))
    assert said == whole.feed(sent, now)


@pytest.mark.requirement("C06", refuses=True)
@pytest.mark.parametrize("name", codecs())
def test_one_corrupted_byte_is_refused_or_harmless(name: str) -> None:
    """A checksum refuses it; without one only an error of our own may come of it, and ``harmless`` says the rest."""
    target, chance = targets()[name], keyed(1, "one byte", name)
    taken = []
    with target.fresh() as attempt:
        for data in [one for one in target.corpus() if understood(attempt, one) is not None][:MANY]:
            meant = understood(attempt, data)
            for at in range(min(len(data), FURTHEST)):
                for value in {data[at] ^ 1 << bit for bit in range(8)} | set(chance.randbytes(EACH - 8)):
                    seen = understood(attempt, data[:at] + bytes((value,)) + data[at + 1 :])
                    taken += [(data, at, value)] if seen is not None and seen != meant else []
    assert bool(target.harmless) or taken == []


def test_words_of_other_devices_are_answered_by_no_error() -> None:
    """Whatever client talks to whatever fake."""
    for name, point in FAKE.items():
        fake = made(point)
        for data in chatter():
            try:
                fake.feed(data, Instant(START))
            except CellwrightError as error:
                pytest.fail(f"{name} raised {error!r}")
        assert fake.unasked(Instant(START)) is not None
