"""Plain PyVISA talks to our fakes over pty and TCP: its own terminations, its own way with ports; no code of ours."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points

import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

from automation.kernel.clock import SystemClock
from fakes.serve import FastClock, Seat, serving
from fakes.world import World

pytestmark = pytest.mark.requirement("C06", "C07")

SPEED = 20.0  # times as fast as the device: a balance settles, a counter samples


@dataclass(frozen=True, slots=True)
class Talk:
    """What is asked of a fake, how lines end, and what the document says that comes back."""

    fake: str
    asked: str
    says: str  # a pattern
    sent: str = "\r\n"
    heard: str = "\r\n"


TALKS = (
    Talk("mt_sics", "SI", r"S [SD] +-?\d+\.\d+ g"),
    Talk("mt_sics", "I4", r'I4 A "\w+"'),
    Talk("sartorius_sbi", "\x1bP", r"[+-] +\d+\.\d+ g? +"),
    Talk("lighthouse", ":010300020001F9", r":010302[0-9A-F]{6}"),
    Talk("tec3000", "TEMPA?", r"[+-]?\d+(?:\.\d+)?.*"),
    Talk("echotherm", "p", r"[+-]?\d+\.\d+", sent="\r"),
)


@contextlib.contextmanager
def served(name: str, *, tcp: int | None) -> Iterator[str]:
    """Serve an installed fake, faster than life; gives the VISA name of its port."""
    (point,) = (one for one in entry_points(group="cellwright.fakes") if one.name == name)
    fake = point.load()(World(1), name, {})
    with serving(Seat(fake, FastClock(SystemClock(), speed=SPEED)), tcp=tcp) as (_, port):
        kind, _, rest = port.partition(":")
        yield f"ASRL{rest}::INSTR" if kind == "pty" else f"TCPIP::127.0.0.1::{rest.rpartition(':')[2]}::SOCKET"


@pytest.mark.parametrize("tcp", [None, 0], ids=["pty", "tcp"])
@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: f"{talk.fake} {talk.asked!r}")
def test_pyvisa_is_answered_as_the_document_says(talk: Talk, tcp: int | None) -> None:
    """One question, one line; the ends of lines are PyVISA's to take off."""
    with served(talk.fake, tcp=tcp) as name:
        opened = pyvisa.ResourceManager("@py").open_resource(
            name, read_termination=talk.heard, write_termination=talk.sent, timeout=5000
        )
        assert isinstance(opened, MessageBasedResource)
        said = opened.query(talk.asked)
        opened.close()
    assert re.fullmatch(talk.says, said)


@pytest.mark.parametrize("tcp", [None, 0], ids=["pty", "tcp"])
def test_a_particle_counter_s_frames_end_with_their_check(tcp: int | None) -> None:
    """Modbus ASCII, started and asked how it stands: all bytes of a frame come to nothing, modulo 256."""
    with served("lighthouse", tcp=tcp) as name:
        opened = pyvisa.ResourceManager("@py").open_resource(name, read_termination="\r\n", write_termination="\r\n")
        assert isinstance(opened, MessageBasedResource)
        frames = [opened.query(asked) for asked in (":01060001000BED", ":010300020001F9")]
        opened.close()
    assert [sum(bytes.fromhex(frame[1:])) % 256 for frame in frames] == [0, 0]
    assert frames[0] == ":01060001000BED"
