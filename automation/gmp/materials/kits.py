"""Kits and tubing sets: each one scanned at its batch, joined, tested for tightness, used once, sealed off.

What was bought as a kit is a lot of kits with its parts (``stock.parts``); this is one piece of it. A weld that was not
good, or a test that it did not hold, is never taken away: the set is not put to use, and one in use opens a deviation
by itself.
Units:  kPa, min.
Source: EU GMP Annex 1 (2022), 8.127 to 8.132 (closed and single-use systems: integrity, connections, leaks), 8.137
        (heat-sealed connections stay whole), 8.138 (each piece is looked at before use); 21 CFR 211.101, 211.184(c).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.marks import made_of, of_batch
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.stock import parts
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


class State(StrEnum):
    """Where a kit stands; each is used once."""

    ABSENT = "absent"
    SCANNED = "scanned"
    IN_USE = "in use"
    REMOVED = "removed"
    DISCARDED = "discarded"


class Scan(Body):
    """What stands on the package that is opened, and for which batch it is."""

    lot: str = field(label="Lot here", help="As it was received under", length=1)
    maker_lot: str = field(label="Lot on the package", help="Of its manufacturer; empty when it has none", default="")
    batch: str = field(label="Batch", length=1)
    step: str = field(label="Step", default="")
    intact: bool = field(label="The sterile barrier is whole")


class Sort(StrEnum):
    """How two tubes were joined, or one was closed."""

    WELD = "weld"
    SEAL = "seal"
    CONNECTOR = "sterile connector"


class Joint(Body):
    """One weld, seal or connection, and how it looked."""

    sort: Sort = field(label="Sort")
    joins: str = field(label="What it joins or closes", length=3)
    device: str = field(label="Welder or sealer", help="Asset; empty for a connector", default="")
    good: bool = field(label="It is even, open and dry")


class Tightness(Body):
    """A test of the closed set: what pressure it was brought to, what was left."""

    method: str = field(label="Method", help="With its version", length=3)
    start_kpa: float = field(label="Pressure at the start", unit="kPa", low=0)
    end_kpa: float = field(label="Pressure at the end", unit="kPa", low=0)
    minutes: float = field(label="Time", unit="min", low=0)
    drop_kpa: float = field(label="Largest drop allowed", unit="kPa", low=0)


_HANDS = frozenset({Right.PERFORM})
_PERFORMED = (Meaning.PERFORMED,)
_LIVE = (State.SCANNED, State.IN_USE)

TABLE = Table(
    State.ABSENT,
    (
        Row("scan", State.ABSENT, State.SCANNED, by=_HANDS, signs=_PERFORMED, body=Scan),
        *(Row("join", at, at, by=_HANDS, signs=_PERFORMED, body=Joint) for at in _LIVE),
        *(Row("test", at, at, by=_HANDS, signs=_PERFORMED, body=Tightness) for at in _LIVE),
        Row("use", State.SCANNED, State.IN_USE, by=_HANDS, signs=(Meaning.PERFORMED, Meaning.VERIFIED)),
        Row("remove", State.IN_USE, State.REMOVED, by=_HANDS, signs=_PERFORMED, body=Joint),
        *(Row("discard", at, State.DISCARDED, by=_HANDS, signs=_PERFORMED, body=Reason) for at in _LIVE),
    ),
)


class _Asset(Protocol):
    """What is asked of a welder or sealer."""

    def ready(self, now: Instant) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Kit:
    """One kit or tubing set, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    lot: str = ""
    batch: str = ""
    step: str = ""
    joints: tuple[Joint, ...] = ()
    tests: tuple[Tightness, ...] = ()
    joined_after: bool = False  # something was joined since the last test
    reason: str = ""  # why it was discarded

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its batch, and the lot that it is a piece of."""
        return (of_batch(self.batch), made_of(self.lot)) if self.lot else ()

    def told(self, _site: Site) -> tuple[str, ...]:
        """Say what keeps it from use."""
        return tuple(f"in the way: {one}" for one in self._leaks()) if self.state is State.SCANNED else ()

    def _leaks(self) -> Iterator[str]:
        for one in self.joints:
            if not one.good:
                yield f"the {one.sort} of {one.joins} was not good"
        if not self.tests or self.joined_after:
            yield "it was not tested for tightness since it was put together"
        for test in self.tests:
            drop = test.start_kpa - test.end_kpa
            if drop > test.drop_kpa:
                yield f"it lost {drop:.10g} kPa in {test.minutes:.10g} min; {test.drop_kpa:.10g} kPa are allowed"

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a kit that is not of the batch's own stock, an unfit welder, a set that is not tight."""
        match fact.body:
            case Scan() as said:
                self._check_scan(said, fact, site)
            case Joint(sort=sort, device=device):
                self._refuse(bool(device) == (sort is Sort.CONNECTOR), f"needs a device for a {sort}, or none")
                if device:
                    self._check_device(device, fact, site)
        if fact.kind == "use":
            self._check_fit(self.lot, fact, site)
        leaks = tuple(self._leaks())
        self._refuse(fact.kind == "use" and bool(leaks), "; ".join(leaks))

    def _check_device(self, name: str, fact: Fact, site: Site) -> None:
        missing = cast("_Asset", site.find("asset", name)).ready(fact.at)
        if missing:
            raise GateError(f"kit {self.id}: {'; '.join(missing)}")

    def _check_fit(self, name: str, fact: Fact, site: Site) -> None:
        lot = cast("MaterialLot", site.find("lot", name))
        missing = (*lot.ready(fact.at, zone=site.zone), *parts.unfit(lot, site, fact.at))
        if missing:
            raise GateError(f"kit {self.id}: {'; '.join(missing)}")

    def _check_scan(self, said: Scan, fact: Fact, site: Site) -> None:
        lot = cast("MaterialLot", site.find("lot", said.lot))
        self._check_fit(said.lot, fact, site)
        self._refuse(said.maker_lot != lot.maker_lot, f"is not of lot {said.lot}: its package says another lot")
        self._refuse(not said.intact, "has a broken sterile barrier; reject it and take another")
        there = [
            one for one in site.marked("kit", made_of(said.lot)) if isinstance(one, Kit) and one.batch == said.batch
        ]
        issued = lot.stock.balance(said.batch).issued
        none_left = len(there) >= issued
        self._refuse(none_left, f"is one more of lot {said.lot} than the {issued:.10g} that batch {said.batch} got")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"kit {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the kit as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Scan() as said:
                return replace(after, lot=said.lot, batch=said.batch, step=said.step)
            case Joint() as said:
                return replace(after, joints=(*self.joints, said), joined_after=True)
            case Tightness() as said:
                return replace(after, tests=(*self.tests, said), joined_after=False)
            case Reason(reason=reason):
                return replace(after, reason=reason)
        return after


def _investigate(thing: Thing, fact: Fact, _site: Site) -> Iterator[Next]:
    """Open a deviation for what went wrong at a set in use."""
    kit = cast("Kit", thing)
    bad = isinstance(fact.body, Joint) and not fact.body.good
    lost = isinstance(fact.body, Tightness) and fact.body.start_kpa - fact.body.end_kpa > fact.body.drop_kpa
    if kit.state is not State.SCANNED and (bad or lost):
        title = f"kit {kit.id}: {'a joint was not good' if bad else 'not tight'} in use"
        body = {"subject": f"kit/{kit.id}", "title": title, "batch": kit.batch}
        yield Next(f"deviation/{kit.id}-D{fact.version:02d}", "open", body)


FOLLOWS = tuple(
    Follow(f"kit-leak-at-{on}", on, "a leak in use is investigated", "EU GMP Annex 1, 8.129, 8.137", _investigate)
    for on in ("join", "test", "remove")
)

KIND = Kind("kit", "materials", TABLE, Kit, FOLLOWS)
