"""A person's hands at the bench: containers are taken, filled, mixed, sampled and carried, on the record of the plant.

Every simulated site has one, under the name ``bench``; it has no link.
Units: mL, degC.
"""

from collections.abc import Callable
from dataclasses import replace

from automation.kernel.errors import FailedError
from automation.kernel.ids import normal
from automation.kernel.quantity import Celsius, Instant, Millilitres
from fakes.contents import Contents
from fakes.freezer import number, text
from fakes.physics.culture import COATED
from fakes.physics.electroporation import pulsed, waited
from fakes.physics.separator import (
    DEPLETED,
    FLOWN,
    PURITY,
    PURITY_SPREAD,
    RECOVERY,
    RECOVERY_SPREAD,
    depleted,
    selected,
)
from fakes.world import Container, World

NAME = "bench"
BEADS = "beads"
HELD = 100.0  # times fewer beads after one rest on the magnet: a usual default
LOST = 0.05  # share of the cells that stays with the beads: as above
ROOM = Celsius(22.0)


class Bench:
    """Hands without a device."""

    def __init__(self, world: World) -> None:
        """Work in a world."""
        self.world = world
        self._resting = ""  # the container on the magnet
        self._pulsed: dict[str, Instant] = {}  # cassettes whose cells wait for medium

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  nothing is said to a bench
        """Answer nothing: a bench has no link."""
        return b""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  it never speaks
        """Never speak."""
        return None

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Act; raises FailedError for an unknown action, container or place, and for what does not go in.

        ``new``: take an empty ``container`` of a ``kind`` to a ``place``. ``pour``: ``volume`` from ``source`` to
        ``dest`` (all without one, at most what is there; so many ``fragments``; ``settled`` takes it off the top).
        ``sample``: take a new tube ``container`` and pour into it. ``select`` the cells with one of the markers
        ``target`` (``CD4/CD8``) from ``source`` to ``dest``, in ``volume`` mL out of ``buffer``; all others with
        ``depletes``. ``rest`` a ``container`` on the magnet: what is poured out of it next leaves its beads behind.
        ``pulse`` the cells in a ``container`` (``arc``: it discharged). ``coat``: more vector gets into the cells of a
        ``container``. ``mix`` a ``container``; ``move`` a ``container`` ``to`` a place.
        """
        match action:
            case "new":
                self._new(details, now)
            case "pour":
                self._pour(details, text(details, "dest"), now)
            case "sample":
                self._new({**details, "kind": details.get("kind", "tube")}, now)
                self._pour(details, text(details, "container"), now)
            case "select":
                self._select(details, now)
            case "rest":
                self._resting = text(details, "container")
            case "pulse":
                self._pulse(text(details, "container"), arc=bool(details.get("arc", False)), now=now)
            case "coat":
                self.world.enhance(text(details, "container"), COATED)
            case "mix":
                self.world.mix(text(details, "container"), now)
            case "move":
                self.world.move(text(details, "container"), to=text(details, "to"), now=now)
            case _:
                msg = f"action is {action!r}; a bench knows new, pour, sample, select, rest, pulse, coat, mix and move"
                raise FailedError(msg)

    def _new(self, details: dict[str, object], now: Instant) -> None:
        empty = Container(text(details, "container"), text(details, "kind"))
        self.world.add(empty, place=text(details, "place", NAME), at=ROOM, now=now)

    def _select(self, details: dict[str, object], now: Instant) -> None:
        """Work a separator: the wanted cells come out in buffer, the others stay behind."""
        source, dest = text(details, "source"), text(details, "dest")
        self.world.age(source, now)
        there, targets = self.world.container(source).contents, tuple(text(details, "target").split("/"))
        if details.get("depletes"):
            recovery = min(0.95, FLOWN + 0.03 * normal(self.world.seed, "depletion recovery", source))
            goes = depleted(there, targets, recovery=recovery, left=DEPLETED)
        else:
            goes = self._wanted(source, targets)
        self.world.separate(goes, source=source, dest=dest, now=now)
        volume = Millilitres(number(details, "volume"))
        self.world.pour(text(details, "buffer"), dest, volume=volume - goes.volume, now=now)

    def _wanted(self, source: str, targets: tuple[str, ...]) -> Contents:
        """Give what comes out of a source with the wanted cells, by its seed."""
        recovery = RECOVERY + RECOVERY_SPREAD * normal(self.world.seed, "selection recovery", source)
        purity = min(0.999, PURITY + PURITY_SPREAD * normal(self.world.seed, "selection purity", source))
        return selected(
            self.world.container(source).contents,
            targets,
            recovery=max(0.2, min(0.9, recovery)),
            purity=max(0.8, purity),
        )

    def _hold_back(self, source: str, *, dest: str, now: Instant) -> None:
        """Pour everything but the beads that the magnet holds, and the cells that stay with them."""
        self.world.age(source, now)
        there = self.world.container(source).contents
        goes = replace(there, particles={**there.particles, BEADS: there.particles.get(BEADS, 0.0) / HELD})
        goes = goes.with_cells(there, live=there.live * (1.0 - LOST), dead=there.dead * (1.0 - LOST))
        self.world.separate(goes, source=source, dest=dest, now=now)

    def _pulse(self, cassette: str, *, arc: bool, now: Instant) -> None:
        """Send a pulse through the cells in a cassette; what they wait from now on, they die of."""
        self._change(cassette, lambda there: pulsed(there, arc=arc), now)
        self._pulsed[cassette] = now

    def _change(self, container: str, to: Callable[[Contents], Contents], now: Instant) -> None:
        """Let what a container holds become something else; what is more or less then, counts as made."""
        self.world.age(container, now)
        item = self.world.container(container)
        after = to(item.contents)
        self.world.made += after - item.contents
        item.contents = after

    def _pour(self, details: dict[str, object], dest: str, now: Instant) -> None:
        source, resting = text(details, "source"), self._resting
        if resting == source:
            self._resting = ""
            self._hold_back(source, dest=dest, now=now)
            return
        since = self._pulsed.pop(source, None)
        if since is not None:
            self._change(source, lambda there: waited(there, now - since), now)
        there = self.world.container(source).contents
        volume = Millilitres(number(details, "volume")) if "volume" in details else there.volume
        if "fragments" in details:
            share = min(1.0, number(details, "fragments") / there.particles["fragments"])
            volume = Millilitres(share * float(there.volume))
        self.world.pour(source, dest, volume=volume, now=now, settled=bool(details.get("settled", False)))
