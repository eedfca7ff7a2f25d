"""What must hold after any storm: how a batch ended, what the devices did, what the record says, what the world holds.

Each invariant gives what is broken, in words; nothing in the good case.
"""

from collections.abc import Callable, Mapping

from automation.gmp.product.containers import Container
from automation.ledger.verify import verify
from tests.storms.run import Weathered

ENDS = frozenset({"closed"})
CLOSES = 1e-9  # relative


def ended(found: Weathered) -> list[str]:
    """The batch is over, and nothing fell out of the program."""
    wrong = [] if found.run.state in ENDS else [f"batch is {found.run.state} {found.run.error}".strip()]
    return wrong + [f"the program fell: {one}" for one in found.fell]


def intact(found: Weathered) -> list[str]:
    """The ledger proves itself."""
    verdict = verify(found.run.folder)
    return [] if verdict.intact else [f"the ledger is not intact: {verdict}"]


def once(found: Weathered) -> list[str]:
    """Each device did what the ledger holds as done: never more, never less."""
    wrong = []
    for (asset, method), recorded in sorted(found.recorded.items()):
        counted = found.counted.get((asset, method))
        if counted is not None and counted != recorded:
            wrong.append(f"{asset} counts {counted} x {method}, the ledger holds {recorded} as done")
    return wrong


def settled(found: Weathered) -> list[str]:
    """No act is left open: each call was answered, refused, failed, or decided by a person, or ended with the batch."""
    opened: dict[tuple[object, ...], str] = {}
    ending = any(e.stream == f"batch/{found.batch}" and e.kind in {"stop", "abort"} for e in found.run.events)
    for event in found.run.events:
        place = (event.stream, event.fields.get("visit"), event.fields.get("n")) if "visit" in event.fields else ()
        if event.kind == "call":
            opened[place] = f"{event.fields['asset']}.{event.fields['method']}"
        elif event.kind in {"reply", "refused", "failed", "resolved"} or (event.kind == "doubt" and ending):
            opened.pop(place, None)
    return [f"{what} was called and nobody knows what became of it" for what in opened.values()] if not ending else []


def folded(found: Weathered) -> list[str]:
    """Every object folded again from its events is the one that the program held."""
    return [f"{name} folds to {again}, live it was {live}" for name, (live, again) in found.differ.items()]


def told(found: Weathered) -> list[str]:
    """Nothing goes wrong in silence: a doubt, a failed act or a lost reading comes with an alarm or a deviation."""
    kinds = {event.kind for event in found.run.events}
    troubled = bool(kinds & {"doubt", "failed", "gap"})
    return (
        ["a doubt, a failed act or a lost reading, and neither alarm nor deviation tells of it"]
        if troubled and not _said(found)
        else []
    )


def stored(found: Weathered) -> list[str]:
    """What the record says is stored is in the store, in the world too."""
    wrong = []
    for name, thing in found.run.things.items():
        if isinstance(thing, Container) and thing.state == "stored" and found.places.get(thing.id) != "storage":
            wrong.append(f"{name} is stored on the record, and in the world it is in {found.places.get(thing.id)}")
    return wrong


def balanced(found: Weathered) -> list[str]:
    """Nothing came into the world or left it: cells, volume and mass are what they were."""
    return [
        f"{what} was {was!r}, is {now!r}"
        for what, (was, now) in found.balance.items()
        if abs(now - was) > 1e-9 * abs(was)
    ]


def _said(found: Weathered) -> bool:
    return bool(found.run.alarms() or found.run.deviations())


ALL: Mapping[str, Callable[[Weathered], list[str]]] = {
    "the batch ends": ended,
    "the ledger is intact": intact,
    "nothing is done twice": once,
    "no act is left open": settled,
    "state is the fold of events": folded,
    "nothing is hidden": told,
    "what is stored is in the store": stored,
    "the world closes": balanced,
}


def broken(found: Weathered) -> list[str]:
    """Give every invariant that does not hold, with what is wrong."""
    return [f"{name}: {what}" for name, check in ALL.items() for what in check(found)]
