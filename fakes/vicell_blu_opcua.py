"""Fake Vi-CELL BLU behind its OPC UA server: a person counts, the server tells the results to who holds the lock.

Physics: see ``fakes.cell_counter`` and ``fakes.vicell_blu``; the same counts, told with the digits of the server.
Power:   what was counted stands on the instrument's disk; a count that was under way is gone, and so is the lock.
Units:   cells/mL, %, s, mL.
Source:  see the driver's wire module. One user is at the wire; the lock of another is a hand's. Texts of refusals
         are ours.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from automation.kernel.clock import local
from automation.kernel.errors import FailedError
from automation.kernel.ids import digest
from automation.kernel.quantity import Instant, Seconds
from fakes.cell_counter import Counted, FakeCounter, Source, tubes
from fakes.nodes import NodeFeed, NodeRefusedError
from fakes.vicell_blu import FakeViCellBlu
from fakes.world import World
from instruments.drivers.vicell_blu_opcua import wire
from instruments.transport import nodes

OURS, OTHERS = "operator", "another"
_TAKES = {wire.REQUEST_LOCK: 0, wire.RELEASE_LOCK: 0, wire.GET_RESULTS: 7}


class _Analyses(FakeCounter):
    """What was counted, kept as the structures that the server tells."""

    imaged: ClassVar = FakeViCellBlu.imaged
    takes: ClassVar[Seconds] = FakeViCellBlu.takes
    suffix: ClassVar = "result"

    def form(self, counted: Counted) -> str:
        """Give one finished analysis."""
        return _structure(counted, wire.COMPLETED)

    def skip(self, sample: str, now: Instant) -> None:
        """Keep a sample that a person has skipped."""
        counted = Counted(sample=sample, live=0, dead=0, dilution=1.0, imaged=self.imaged, done=now)
        self.put(f"{sample}.skipped", _structure(counted, wire.SKIPPED_BY_HAND).encode(), done=now)

    def told(self, now: Instant) -> list[wire.SampleResult]:
        """Give all that is finished."""
        kept = (one.data for one in self._files.values() if one.done <= now)
        return [msgspec.json.decode(data, type=wire.SampleResult) for data in kept]

    def busy(self, now: Instant) -> bool:
        """Tell whether something is being counted."""
        return any(one.done > now for one in self._files.values())

    def broken_off(self, now: Instant) -> None:
        """Lose what is being counted."""
        self._files = {name: one for name, one in self._files.items() if one.done <= now}


class FakeViCellBluOpcUa:
    """An instrument with its server."""

    def __init__(self, seed: int, source: Source | None = None, *, device: str = "vicell_blu") -> None:
        """Stand idle and unlocked, without results."""
        self.analyses = _Analyses(seed, source, device=device)
        self._holder = ""  # of the automation lock
        self._powered, self._faulted = True, False
        self._nodes = NodeFeed(self)

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port; nothing while it is off."""
        return self._nodes.feed(data, now) if self._powered else b""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  a server speaks when it is asked
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Never speak unasked."""
        return None

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act; raises FailedError for another action or an unknown tube.

        ``count`` as any counter; ``lock`` and ``unlock`` as ``another`` user; ``fault`` that ``stands`` or not;
        ``skip`` a ``sample``; ``power`` that is ``on`` or not.
        """
        match action:
            case "count":
                self.analyses.hand(action, details, now)
            case "lock" | "unlock":
                self._holder = OTHERS if action == "lock" else ""
            case "fault":
                self._faulted = details.get("stands") is not False
            case "skip":
                self.analyses.skip(str(details.get("sample", "")), now)
            case "power":
                self._powered = details.get("on") is not False
                self.analyses.broken_off(now)
                self._holder = ""
            case _:
                raise FailedError(f"{action!r} is not possible; known: count, lock, unlock, fault, skip, power")

    @property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """Give the words of the enumerations."""
        return {wire.STATUS: wire.STATUSES, wire.LOCK: (wire.LOCKED, wire.UNLOCKED)}

    @property
    def writable(self) -> frozenset[str]:
        """Give none: nothing is written."""
        return frozenset()

    @property
    def methods(self) -> frozenset[str]:
        """Name the methods that are here."""
        return frozenset(_TAKES)

    def values(self, now: Instant) -> Mapping[str, nodes.Value | None]:
        """Give every property of the server."""
        return {
            wire.IDENTIFIER: "SIM-BLU-01",
            wire.SOFTWARE: "1.4.4.1",
            wire.FIRMWARE: "1.0",
            wire.STATUS: self._status(now),
            wire.LOCK: wire.LOCKED if self._holder else wire.UNLOCKED,
            wire.REAGENT: 200,
            wire.WASTE: 90,
        }

    def files(self, now: Instant) -> Mapping[str, tuple[bytes, Instant]]:  # noqa: ARG002  it exports none here
        """Give none: results are told."""
        return {}

    def write(self, name: str, value: nodes.Value, now: Instant) -> None:
        """Refuse: nothing is written."""
        raise NodeRefusedError("BadNotWritable", f"{name} {value!r} {now}")

    def call(self, name: str, args: tuple[nodes.Value | None, ...], now: Instant) -> tuple[nodes.Value | None, ...]:
        """Answer a method with its structure; raises NodeRefusedError for other arguments than it takes."""
        if len(args) != _TAKES[name]:
            raise NodeRefusedError("BadArgumentsMissing", f"it takes {_TAKES[name]}")
        if name == wire.GET_RESULTS:
            return (self._results(str(args[5] or ""), now),)
        return (self._lock(now) if name == wire.REQUEST_LOCK else self._unlock(),)

    def _status(self, now: Instant) -> str:
        return "Faulted" if self._faulted else "Running" if self.analyses.busy(now) else "Idle"

    def _lock(self, now: Instant) -> str:
        if self._holder or self._status(now) not in wire.READY:
            return _said(f"the instrument is {'locked' if self._holder else self._status(now)}")
        self._holder = OURS
        return _said()

    def _unlock(self) -> str:
        if self._holder != OURS:
            return _said("the user does not own the automation lock")
        self._holder = ""
        return _said()

    def _results(self, sample: str, now: Instant) -> str:
        if self._holder != OURS or self._status(now) not in wire.READY:
            return _said("the user does not own the automation lock")
        found = [one for one in self.analyses.told(now) if sample in one.sample_id]
        return msgspec.json.encode(wire.Results(method_result=wire.SUCCESS, sample_results=found)).decode()


def _structure(counted: Counted, status: int) -> str:
    """Give an analysis with the digits of the server."""
    at = local(counted.done, zone="UTC").replace(tzinfo=None, microsecond=0).isoformat()
    result = wire.SampleResult(
        sample_data_uuid=digest(f"{counted.sample} {at}").hex()[:32],
        sample_id=counted.sample,
        status=status,
        cell_count=counted.cells,
        viable_cells=counted.live,
        total_cells_per_milliliter=round(counted.per_ml(counted.cells), 4),
        viable_cells_per_milliliter=round(counted.per_ml(counted.live), 4),
        viability_percent=round(counted.viability, 1),
        average_diameter=9.5 if counted.cells else 0.0,
        cell_type="Mammalian",
        analysis_date_time=at,
        reanalysis_date_time=f"{wire.NEVER}T00:00:00",
        analysis_by="Vi-CELL",
        dilution=round(counted.dilution),
    )
    return msgspec.json.encode(result).decode()


def _said(refused: str = "") -> str:
    """Give what a method says of itself: success, or why not."""
    said = wire.Done(
        method_result=wire.FAILURE if refused else wire.SUCCESS,
        error_level=1 if refused else 0,
        response_description=refused,
    )
    return msgspec.json.encode(said).decode()


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeViCellBluOpcUa:  # noqa: ARG001  it has none
    """Make a counter that counts the tubes of the world."""
    return FakeViCellBluOpcUa(world.seed, tubes(world), device=name)
