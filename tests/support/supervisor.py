"""A supervisor at a simulated site: what is commanded each time the batch is held, and hands on the freezer.

Units: s of simulated time.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from automation.engine.journal import Called
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.objects import Thing
from automation.gmp.words import Meaning
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from fakes.faults import Fault, FaultKind
from tests.support.runs import BATCH, plant_of

SUPERVISOR = "carla"
LOOKS = 120.0  # s that the supervisor takes to look before deciding


@dataclass(frozen=True, slots=True)
class Said:
    """One command to the batch; what is under signature is signed by the supervisor."""

    command: str
    body: Mapping[str, object]
    signed: bool = False


def restart(reason: str = "looked at, may go on") -> Said:
    """Let a held batch go on."""
    return Said("restart", {"reason": reason})


def stop(reason: str = "looked at, must not go on") -> Said:
    """End a held batch."""
    return Said("stop", {"reason": reason})


def resolve(outcome: str, reason: str = "seen at the panel") -> Said:
    """Decide whether an act in doubt took effect."""
    return Said("resolve", {"outcome": outcome, "reason": reason}, signed=True)


def when_held(site: Site, *rounds: tuple[Said, ...], looks: float = LOOKS) -> None:
    """Command one round each time the batch has come to be held, ``looks`` s after it."""
    left = list(rounds)

    def follow(event: Event, thing: Thing) -> None:
        if event.stream == f"batch/{BATCH}" and event.kind == "done" and thing.state == "held" and left:
            asyncio.get_running_loop().call_later(looks, _say, site, left.pop(0))

    site.house.door.follow(follow)
    if site.house.door.find("batch", BATCH).state == "held" and left:  # already, when the program was opened
        asyncio.get_running_loop().call_later(looks, _say, site, left.pop(0))


def _say(site: Site, said: tuple[Said, ...]) -> None:
    for one in said:
        proof = Proof(SUPERVISOR, secret_of(site.file.people[SUPERVISOR]), Meaning.RESPONSIBLE)
        signs = (proof,) if one.signed else ()
        site.house.door.enter(Command(f"batch/{BATCH}", one.command, one.body, SUPERVISOR, "terminal-1", signs))


def on_call(site: Site, step: str, method: str, do: Callable[[], object]) -> None:
    """Let something happen when an act has been recorded and is about to be sent; at its first attempt."""

    def look(event: Event) -> None:
        if event.kind == "call" and event.stream == f"batch/{BATCH}/step/{step}":
            call = event.read(Called)
            if (call.method, call.attempt) == (method, 1):
                do()

    site.house.ledger.subscribe(look)


def break_wire(site: Site, kind: FaultKind, *, frames: int = 1, chunk: int = 1, delay: float = 0.0) -> None:
    """Let a fault hit frames to the freezer: the ``chunk``-th that the program sends from now (1..), and the next."""
    faults, link = plant_of(site).faults, freezer_of(site)
    first = faults.acts.get(link, 0) + chunk
    for act in range(first, first + frames):
        faults.add(Fault(link, act, kind, Seconds(delay)))


def freezer_of(site: Site) -> str:
    """Name the freezer of the site."""
    return next(a.id for a in site.file.assets.values() if a.asset_class == "controlled rate freezer")


def hand(site: Site, action: str, **details: object) -> None:
    """Let a hand act on the freezer."""
    plant_of(site).hand(freezer_of(site), action, **details)
