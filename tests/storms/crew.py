"""A supervisor in a storm: looks at the device, says what is true of every act in doubt, and lets the batch go on.

What is true is read off the device's own counter of acts, as a person would read it off its panel.
Units: s of simulated time.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from automation.engine.journal import Called, Resolved
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.objects import Thing
from automation.gmp.words import Meaning
from automation.kernel.effect import Kind
from automation.kernel.errors import RefusedError
from automation.ledger.event import Event
from fakes.zpl_printer import FakeZplPrinter
from tests.support.runs import BATCH, plant_of

SUPERVISOR = "carla"
STEPS = f"batch/{BATCH}/step/"
LOOKS, PATIENCE = 180.0, 12  # s until the supervisor has looked; how often the batch is let go on


class _Label(msgspec.Struct):
    id: str = ""


class _Printed(msgspec.Struct):
    label: _Label = msgspec.field(default_factory=_Label)


def done(events: Iterable[Event]) -> Counter[tuple[str, str]]:
    """Count what the record holds as done: acts of each asset that were answered, or that a person has seen done.

    A label that is void did not come out, as people have seen; the printer acknowledges nothing.
    """
    called: dict[tuple[str, object, object], tuple[str, str]] = {}
    good: set[tuple[str, object, object]] = set()
    labels: dict[str, tuple[str, object, object]] = {}
    for event in events:
        if event.kind == "void" and event.stream in labels:
            good.discard(labels[event.stream])
        if event.kind not in {"call", "reply", "resolved"} or not event.stream.startswith(STEPS):
            continue
        place = (event.stream, event.fields["visit"], event.fields["n"])
        if event.kind == "call":
            call = event.read(Called)
            if call.kind == Kind.ACT:  # the same set twice is one set
                called[place] = (call.asset, call.method)
                labels[f"label/{_label(call)}"] = place
        elif event.kind == "reply" or event.read(Resolved).outcome == "done":
            good.add(place)
    return Counter(called[place] for place in good if place in called)


def _label(call: Called) -> str:
    """Give the number of the label that a call prints; empty for any other call."""
    return msgspec.json.decode(call.args, type=_Printed).label.id


def counted(site: Site, asset: str, method: str) -> int | None:
    """Give how often a device says that it did something; None when it does not count that."""
    acts = getattr(plant_of(site).fake(asset), "acts", {}) if site.file.assets[asset].fake else {}
    return acts.get(method.replace("_", " "))


class Crew:
    """Answers every hold of the batch until patience ends; then the batch is stopped, as people would."""

    def __init__(self, site: Site) -> None:
        """Watch a site."""
        self.site = site
        self.rounds = 0
        if site.house.door.find("batch", BATCH).state == "held":  # already, when the program was opened
            asyncio.get_running_loop().call_later(LOOKS, self._decide)
        self.refused: list[str] = []
        site.house.door.follow(self._follow)

    def _follow(self, event: Event, thing: Thing) -> None:
        if event.stream == f"batch/{BATCH}" and event.kind == "done" and thing.state == "held":
            self.rounds += 1
            asyncio.get_running_loop().call_later(LOOKS, self._decide)

    def _decide(self) -> None:
        if self.site.house.door.find("batch", BATCH).state != "held":
            return
        if self.rounds > PATIENCE:
            self._say("stop", {"reason": "the storm does not end"})
            return
        for step, call in self._doubts():
            outcome = "done" if self._happened(call) else "not done"
            body = {"step": step, "outcome": outcome, "reason": "seen at the device"}
            self._say("resolve", body, signed=True)
        self._say("restart", {"reason": "looked at, may go on"})

    def _happened(self, call: Called) -> bool:
        """Look whether a label lies there, or whether the device counts more than the ledger holds as done."""
        fake = plant_of(self.site).fake(call.asset) if self.site.file.assets[call.asset].fake else None
        if isinstance(fake, FakeZplPrinter):
            fake.at(self.site.house.clock.now())  # lets what is due come out
            return any(one.id == _label(call) for one in (*fake.printed, *fake.taken))
        seen = counted(self.site, call.asset, call.method)
        return seen is not None and seen > done(self.site.house.ledger.events())[call.asset, call.method]

    def _doubts(self) -> list[tuple[str, Called]]:
        """Give step and call of every act in doubt that nobody has decided yet."""
        opened: dict[tuple[str, object, object], tuple[str, Called]] = {}
        called: dict[tuple[str, object, object], tuple[str, Called]] = {}
        for event in self.site.house.ledger.events(prefix=STEPS):
            place = (event.stream, event.fields.get("visit"), event.fields.get("n"))
            if event.kind == "call":
                called[place] = (event.stream.removeprefix(STEPS), event.read(Called))
            elif event.kind == "doubt":
                opened[place] = called[place]
            elif event.kind in {"resolved", "reply"}:
                opened.pop(place, None)
        return list(opened.values())

    def _say(self, command: str, body: Mapping[str, object], *, signed: bool = False) -> None:
        secret = secret_of(self.site.file.people[SUPERVISOR])
        proofs = (Proof(SUPERVISOR, secret, Meaning.RESPONSIBLE),) if signed else ()
        try:
            self.site.house.door.enter(Command(f"batch/{BATCH}", command, body, SUPERVISOR, "terminal-1", proofs))
        except RefusedError as refusal:
            self.refused.append(str(refusal))
