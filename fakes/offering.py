"""What ``cellwright fakes serve`` does: one fake on a pty, a TCP, an OPC UA or a SiLA 2 port, until it is stopped.

Times in us (UTC). Linux and macOS.
"""

import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from automation.kernel.clock import SystemClock
from automation.kernel.errors import InputError
from fakes.nodes import Nodes
from fakes.plant import Fake, PlantLog
from fakes.serve import FastClock, Seat, rebuild, serving
from fakes.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What ``fakes serve`` is asked for; on a pty unless a port is named; ``speed`` multiplies real time."""

    model: str
    seed: int = 1
    tcp: int | None = None
    opcua: int | None = None
    lads: int | None = None
    sila: int | None = None
    at: Path | None = None
    speed: float = 1.0
    log: Path | None = None


class Served(Protocol):
    """A fake at work in a thread of its own."""

    def hand(self, action: str, **details: object) -> None:
        """Let a person's hand act on the fake, on the plant's record."""
        ...


def build(model: str, *, seed: int) -> Fake:
    """Make the fake that the entry-point group ``cellwright.fakes`` knows by this name; raises InputError."""
    known = {entry.name: entry for entry in entry_points(group="cellwright.fakes")}
    if model not in known:
        msg = f"model is {model!r}; known fakes: {', '.join(sorted(known)) or 'none'}"
        raise InputError(msg)
    made: Fake = known[model].load()(World(seed), model, {})
    return made


def run(offer: Offer, *, announce: Callable[[str], None], hands: Iterable[str] = ()) -> None:
    """Serve until SIGINT or SIGTERM, in the main thread of a process of its own.

    ``announce`` gets the port text, and why a hand could not act. ``hands`` are lines of JSON (standard input), for
    example ``{"action": "scan", "text": "A99992112345600"}``; raises InputError for an unknown model, a speed not
    above 0, and a fake that can't be served as asked.
    """
    if not offer.speed > 0:
        msg = f"speed is {offer.speed:g}; a number above 0 is needed"
        raise InputError(msg)
    fake = build(offer.model, seed=offer.seed)
    last = rebuild(fake, offer.log, name=offer.model) if offer.log else 0
    clock = FastClock(SystemClock(), speed=offer.speed, not_before=last + 1 if last else 0)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    log = PlantLog(offer.log)
    with _served(offer, Seat(fake, clock, offer.model, log, announce)) as (served, port):
        announce(port)
        threading.Thread(target=_follow, args=(served, hands, announce), daemon=True).start()
        stop.wait()
    log.close()


def _served(offer: Offer, seat: Seat) -> contextlib.AbstractContextManager[tuple[Served, str]]:
    if offer.sila is not None:
        return _sila(offer.sila, seat)
    if offer.opcua is None and offer.lads is None:
        return serving(seat, tcp=offer.tcp, at=offer.at)
    if offer.lads is None and not isinstance(seat.fake, Nodes):
        msg = f"model is {offer.model!r}; it is no device with nodes: serve it as a LADS device, or on --tcp or --pty"
        raise InputError(msg)
    try:
        from fakes import lads_faces, lads_server, lads_spoken, opcua  # noqa: PLC0415  asyncua is an optional part
    except ModuleNotFoundError as missing:
        msg = f"OPC UA needs {missing.name}: pip install 'cellwright[opcua]'"
        raise InputError(msg) from None
    if offer.lads is None and isinstance(seat.fake, Nodes):
        return opcua.in_thread(seat.fake, seat, port=offer.opcua or 0)
    if isinstance(seat.fake, lads_spoken.Speaks):
        return lads_server.in_thread(seat.fake, seat, port=offer.lads or 0, log=seat.log)
    silent = PlantLog(None)  # what is done through a face, hands do, which are on the record already
    return lads_server.in_thread(lads_faces.Face(seat), seat, port=offer.lads or 0, log=silent)


def _sila(port: int, seat: Seat) -> contextlib.AbstractContextManager[tuple[Served, str]]:
    try:
        from fakes import sila_server  # noqa: PLC0415  unitelabs-sila is an optional part
    except ModuleNotFoundError as missing:
        msg = f"SiLA 2 needs {missing.name}: pip install 'cellwright[sila]'"
        raise InputError(msg) from None
    return sila_server.in_thread(seat, port=port)


def _follow(served: Served, lines: Iterable[str], announce: Callable[[str], None]) -> None:
    for line in filter(str.strip, lines):
        try:
            details = dict(json.loads(line))
            action = str(details.pop("action"))
        except (ValueError, TypeError, KeyError):
            announce(f"not a hand: {line.strip()!r}; a line of JSON with the key 'action' is needed")
            continue
        served.hand(action, **details)
