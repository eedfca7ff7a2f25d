"""Fake Vi-CELL BLU: a person counts a sample, some time later a result file stands in the folder.

Physics: live and dead cells in the imaged volume are Poisson, seeded by (seed, device, sample, repeat).
Units:   cells/mL, %, s. The imaged volume follows from the counts and concentrations of a real result file.
Source:  result files of real instruments (see the wire module); words of ``instruments.transport.folder``.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from automation.kernel.clock import MICRO, local
from automation.kernel.errors import FailedError
from automation.kernel.ids import keyed
from automation.kernel.quantity import Instant, Seconds
from fakes.world import World
from instruments.drivers.vicell_blu import wire
from instruments.transport import folder

IMAGED = 2.820e-3  # mL in 100 images: sum of the counts over sum of the concentrations of the real file's ten rows
TAKES = Seconds(130.0)  # s from the start of a count to its file; assumed
WRITES = Seconds(1.0)  # s during which a file is there and not complete; assumed
HEADER = (
    *("Sample ID", "Cell count", "Viable cells", "Total (x10^6) cells/mL", "Viable (x10^6) cells/mL", "Viability (%)"),
    *("Average diameter (μm)", "Images for analysis", "Cell type", "Analysis date/time", "Reanalysis date/time"),
    *("Analysis by", "Dilution", "Wash", "Tag"),
)

Suspension = tuple[float, float]
"""Total cells/mL and viability in %."""

Source = Callable[[str, Instant], Suspension | None]
"""Gives what is truly in the tube of a sample; None when there is no such tube."""


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    done: Instant
    locked: bool = False

    @property
    def begun(self) -> Instant:
        """Give the moment at which its first bytes stand there."""
        return self.done - WRITES

    def at(self, now: Instant) -> bytes:
        """Give the bytes that stand there so far."""
        return self.data if now >= self.done else self.data[: len(self.data) // 2]


class FakeViCellBlu:
    """A folder that answers ``LIST`` and ``READ``, and the instrument that writes into it."""

    def __init__(
        self, seed: int, source: Source | None = None, *, device: str = "vicell_blu", encoding: str = "utf-8"
    ) -> None:
        """Start with an empty folder; ``encoding`` is utf-8, utf-8-sig or utf-16, as the export is set."""
        self.source: Source = source or (lambda _sample, _now: None)
        self._seed, self._device, self._encoding = seed, device, encoding
        self._files: dict[str, _File] = {}
        self._repeats: dict[str, int] = {}
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete request; an unfinished one is kept."""
        *lines, self._received = (self._received + data).split(b"\n")
        return b"".join(self._answer(line + b"\n", now) for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act on instrument or folder; raises FailedError for another action or an unknown tube or file.

        ``count`` a ``sample`` (with ``total`` cells/mL and ``viability`` % unless the source knows it, ``dilution``,
        ``after`` s); ``cut`` a file ``name`` to ``keep`` bytes; ``lock`` and ``unlock`` it; ``copy`` it ``to`` another
        name; ``remove`` it; ``drop`` any ``text`` under a ``name``.
        """
        name = str(details.get("name", ""))
        match action:
            case "count":
                self._count(details, now)
            case "drop":
                self._files[name] = _File(str(details["text"]).encode(self._encoding), now)
            case "cut" | "lock" | "unlock" | "copy" | "remove" if name in self._files:
                self._handle(action, name, details=details)
            case _:
                known = "count, drop, and cut, lock, unlock, copy, remove of a file that is there"
                msg = f"{action!r} of {name!r} is not possible; known: {known} ({', '.join(sorted(self._files))})"
                raise FailedError(msg)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  a folder never speaks by itself
        """Give nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def files(self, now: Instant) -> dict[str, bytes]:
        """Give what stands in the folder, locked or not; for writing it to a real one."""
        return {name: file.at(now) for name, file in self._files.items() if file.begun <= now}

    def _answer(self, request: bytes, now: Instant) -> bytes:
        standing = self.files(now)
        listed = {
            name: folder.Entry(len(data), round(float(self._files[name].begun) * MICRO))
            for name, data in standing.items()
        }
        return folder.answer(request, listed, lambda name: self._read(name, now))

    def _read(self, name: str, now: Instant) -> bytes:
        if self._files[name].locked:
            raise PermissionError(13, "it is in use by another program")
        return self._files[name].at(now)

    def _handle(self, action: str, name: str, *, details: dict[str, object]) -> None:
        file = self._files[name]
        match action:
            case "cut":
                self._files[name] = replace(file, data=file.data[: int(str(details["keep"]))])
            case "copy":
                self._files[str(details["to"])] = file
            case "remove":
                del self._files[name]
            case _:
                self._files[name] = replace(file, locked=action == "lock")

    def _count(self, details: dict[str, object], now: Instant) -> None:
        sample = str(details["sample"])
        stated = None
        if "total" in details:
            stated = _within(details, "total", 1e12), _within(details, "viability", 100.0)
        tube = stated or self.source(sample, now)
        if tube is None:
            msg = f"there is no tube of sample {sample!r} to count"
            raise FailedError(msg)
        dilution = max(1.0, _within({"dilution": 1, **details}, "dilution", 1e6))
        done = now + Seconds(_within({"after": float(TAKES), **details}, "after", 86_400.0))
        repeat = self._repeats[sample] = self._repeats.get(sample, 0) + 1
        row = self._row(sample, tube, dilution=dilution, repeat=repeat)
        row["Analysis date/time"] = _written(done)
        name = f"{sample}.csv" if repeat == 1 else f"{sample}_{repeat}.csv"
        self._files[name] = _File(wire.write([row], HEADER).encode(self._encoding), done)

    def _row(self, sample: str, tube: Suspension, *, dilution: float, repeat: int) -> dict[str, str]:
        total, viability = tube
        seen = total / dilution * IMAGED
        live = self._poisson(seen * viability / 100, sample, repeat, "live")
        dead = self._poisson(seen * (1 - viability / 100), sample, repeat, "dead")
        cells = max(1, live + dead)
        per_ml = dilution / IMAGED / wire.MILLION
        return {
            wire.SAMPLE: sample,
            wire.CELLS: str(cells),
            wire.VIABLE_CELLS: str(live),
            wire.TOTAL: f"{cells * per_ml:.2f}",
            wire.VIABLE: f"{live * per_ml:.2f}",
            wire.VIABILITY: f"{100 * live / cells:.2f}".rstrip("0").rstrip("."),
            "Images for analysis": "100",
            "Cell type": "Mammalian",
            "Analysis by": "Vi-CELL",
            wire.DILUTION: f"{dilution:g}",
            "Wash": "Normal Wash",
        }

    def _poisson(self, mean: float, *names: str | int) -> int:
        """Draw a Poisson number; above 30 by the normal law."""
        chance = keyed(self._seed, self._device, *names)
        if mean > 30:
            return max(0, round(chance.gauss(mean, math.sqrt(mean))))
        count, left = 0, math.exp(-mean)
        product = chance.random()
        while product > left:
            count, product = count + 1, product * chance.random()
        return count


def _within(details: Mapping[str, object], key: str, most: float) -> float:
    """Give a number of a hand's details, 0 to ``most``; raises FailedError for another."""
    value = float(str(details[key]))
    if not 0.0 <= value <= most:
        msg = f"{key} is {value:g}; 0 to {most:g} is possible"
        raise FailedError(msg)
    return value


def _written(moment: Instant) -> str:
    at = local(moment, zone="UTC")
    return f"{at.month}/{at.day}/{at.year} {at.hour}:{at.minute:02d}"


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeViCellBlu:  # noqa: ARG001  it has no settings
    """Make a counter that counts the tubes of the world."""
    return FakeViCellBlu(world.seed, lambda sample, _now: suspension(world, sample), device=name)


def suspension(world: World, tube: str) -> Suspension | None:
    """Give cells/mL and viability (%) in a tube; None when there is no such tube or nothing in it."""
    contents = world.container(tube).contents if world.has(tube) else None
    if contents is None or float(contents.volume) <= 0.0:
        return None
    return float(contents.cells) / float(contents.volume), 100.0 * contents.viability
