"""What somebody finds who goes and looks: how often a device did something, and what came of an act in doubt.

The ledger is compared with the devices' own counters, as a person would read them off a panel.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Protocol, cast

import msgspec

from automation.engine.journal import Called, Resolved
from automation.engine.site import Site
from automation.kernel.effect import Kind
from automation.ledger.event import Event
from fakes.plant import Fake
from fakes.zpl_printer import FakeZplPrinter


class _Label(msgspec.Struct):
    id: str = ""


class _Printed(msgspec.Struct):
    label: _Label = msgspec.field(default_factory=_Label)


class _Plant(Protocol):
    def fake(self, link: str) -> Fake: ...


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
        if event.kind not in {"call", "reply", "resolved"} or "/step/" not in event.stream:
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


def idle(events: Iterable[Event]) -> Counter[tuple[str, str]]:
    """Count the answers by which no channel did anything: a device may count such a motion or not."""
    found: Counter[tuple[str, str]] = Counter()
    called: dict[tuple[str, object, object], tuple[str, str]] = {}
    for event in events:
        if event.kind not in {"call", "reply"} or "/step/" not in event.stream:
            continue
        place = (event.stream, event.fields["visit"], event.fields["n"])
        if event.kind == "call":
            called[place] = (str(event.fields["asset"]), str(event.fields["method"]))
            continue
        value = event.fields.get("value")
        channels = [one.get("outcome") for one in value if isinstance(one, dict)] if isinstance(value, list) else []
        if place in called and channels and set(channels) == {"not done"}:
            found[called[place]] += 1
    return found


def counted(site: Site, asset: str, *, method: str) -> int | None:
    """Give how often a device says that it did something; None when it does not count that."""
    acts: dict[str, int] = getattr(_fake(site, asset), "acts", {})
    return acts.get(method.replace("_", " "))


def happened(site: Site, call: Called) -> bool:
    """Look whether a label lies there, or whether the device counts more than the ledger holds as done."""
    fake = _fake(site, call.asset)
    if isinstance(fake, FakeZplPrinter):
        fake.at(site.house.clock.now())  # lets what is due come out
        return any(one.id == _label(call) for one in (*fake.printed, *fake.taken))
    seen = counted(site, call.asset, method=call.method)
    return seen is not None and seen > done(site.house.ledger.events())[call.asset, call.method]


def doubts(site: Site, batch: str) -> list[tuple[str, Called]]:
    """Give step and call of every act in doubt that nobody has decided yet."""
    steps = f"batch/{batch}/step/"
    opened: dict[tuple[str, object, object], tuple[str, Called]] = {}
    called: dict[tuple[str, object, object], tuple[str, Called]] = {}
    for event in site.house.ledger.events(prefix=steps):
        place = (event.stream, event.fields.get("visit"), event.fields.get("n"))
        if event.kind == "call":
            called[place] = (event.stream.removeprefix(steps), event.read(Called))
        elif event.kind == "doubt":
            opened[place] = called[place]
        elif event.kind in {"resolved", "reply"}:
            opened.pop(place, None)
    return list(opened.values())


def _fake(site: Site, asset: str) -> Fake | None:
    return cast("_Plant", site.plant).fake(asset) if site.file.assets[asset].fake else None


def _label(call: Called) -> str:
    """Give the number of the label that a call prints; empty for any other call."""
    return msgspec.json.decode(call.args, type=_Printed).label.id
