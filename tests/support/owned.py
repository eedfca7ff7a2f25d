"""A site that one process owns in real time, for tests of those who call it over its socket.

The site is simulated and its batch waits for people, so nothing of it takes time; who calls is a thread with a socket.
Units: s of real time.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from automation.bootstrap import Way, open_site, release
from automation.engine.caller import ask
from automation.engine.issue import Order, issue, start
from automation.engine.owner import Bounds, Reply, address, bell
from automation.engine.recipe.load import load
from automation.engine.requests import Done, Request, Signer
from automation.engine.site import Site
from automation.kernel.errors import CellwrightError
from automation.ledger.event import Event
from automation.ledger.read import Reader
from tests.support.commands import simulated_site

T = TypeVar("T")
BATCH = "B-1"
FIRST = f"{BATCH}.receive.1.1"  # the first that the batch asks of people: a scan
CODE = "=A99992600001700"
LONGEST = 30.0


def owned(folder: Path, job: Callable[[Site], Awaitable[T]], bounds: Bounds | None = None) -> T:
    """Let a job run beside a batch that waits for people, in a process that owns the site in real time."""

    async def main() -> T:
        site = await open_site(simulated_site(folder), Way(careful=True, each=True, staffed=False))
        recipe = load("freeze-day", site.house.operations)
        await issue(site, recipe, Order(BATCH, release=release(), seed=1), by="carla")
        await start(site, BATCH, by="carla")
        run = asyncio.create_task(site.take_up(recipe, BATCH).run())
        try:
            await site.house.desk.changed("prompt")
            async with bell(site, bounds):
                return await asyncio.wait_for(job(site), LONGEST)
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            site.close()

    return asyncio.run(main())


def wish(by: str, what: str, target: str, command: str = "", /, **body: object) -> Request:
    """Give what a scripted person wants."""
    return Request(what=what, target=target, command=command, body=body, by=by, secret=f"{by}-simulated")


def scanned(by: str) -> Request:
    """Give the right scan as the answer to the batch's first question."""
    return wish(by, "answer", FIRST, values={"code": CODE})


def deviation(by: str, name: str) -> Request:
    """Give the opening of a deviation."""
    return wish(by, "do", f"deviation/{name}", "open", subject=f"batch/{BATCH}", title=f"seen by {by}")


def signer(person: str, meaning: str) -> Signer:
    """Give a person's signature."""
    return Signer(person, f"{person}-simulated", meaning, "what was shown")


async def asked(site: Site, request: Request) -> Done | str:
    """Ask from a thread; gives what was done, or the error in words."""
    try:
        return await asyncio.to_thread(ask, site.folder, request)
    except CellwrightError as error:
        return f"{type(error).__name__}: {error}"


def bytes_of(request: Request) -> bytes:
    """Give a request as it goes over the wire."""
    return msgspec.json.encode(request) + b"\n"


def call(folder: Path) -> socket.socket:
    """Connect to the owner and say nothing yet."""
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    wire.settimeout(LONGEST)
    with address(folder) as place:
        wire.connect(place)
    return wire


def said(folder: Path, sent: bytes, *, close: bool = False) -> bytes:
    """Send bytes and give all that comes back; with ``close`` hang up at once and hear nothing."""
    with call(folder) as wire:
        wire.sendall(sent)
        if close:
            return b""
        wire.shutdown(socket.SHUT_WR)
        with wire.makefile("rb") as answer:
            return answer.read()


def reply_to(folder: Path, sent: bytes) -> Reply:
    """Send bytes and give the one answer."""
    return msgspec.json.decode(said(folder, sent), type=Reply)


def by_people(site: Site) -> list[Event]:
    """Give what people have moved since the batch is there: deviations, and answers to what it asks."""
    every = (event for kind in ("deviation", "prompt") for event in site.house.ledger.events(prefix=kind))
    return [event for event in every if event.by in site.file.people]


def moves(folder: Path, prefix: str = "") -> list[Event]:
    """Give the recorded events under a prefix."""
    with Reader(folder) as reader:
        return list(reader.events(prefix=prefix))
