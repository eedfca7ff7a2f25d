"""What comes in by files: originals are kept, results of nobody's sample go to the tray, drivers are told of samples.

A driver reads a folder for one sample and sees the others in it. It asks here which samples there are and when they
were drawn, so that what is older than its sample is refused, and which results two people have joined to a sample.
Units:  UTC.
Source: 21 CFR 211.194(a) (identity of the sample, data as obtained), 211.180(d) (originals or true copies).
"""

from collections.abc import Sequence
from typing import Protocol, cast

from automation.gmp.door import Command, Door
from automation.gmp.objects import Recorded
from automation.gmp.product.containers import Drawing
from automation.gmp.product.tray import Stray, stray_id
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from automation.ledger.store import Ledger

INTAKE = "system:intake"
STRANGE = "no sample of this name was drawn"


class Arrived(Protocol):
    """One result that a driver has seen in a file: where, and whose it says it is."""

    @property
    def sample(self) -> str:
        """Give what the file says; it stays in memory."""
        ...

    @property
    def sha256(self) -> str:
        """Give the SHA-256 of the file."""
        ...

    @property
    def line(self) -> int:
        """Give its first line."""
        ...

    @property
    def analysed(self) -> str:
        """Give the time by the instrument's clock, as written."""
        ...


class Intake:
    """The one place of a site where files of results are known."""

    def __init__(self, ledger: Ledger, door: Door, blobs: Blobs) -> None:
        """Read nothing yet."""
        self._ledger = ledger
        self._door = door
        self._blobs = blobs
        self._drawn: dict[str, Event] | None = None
        self._since: dict[int, int] = {}  # by the event of a drawing; what came before it does not change

    def keep(self, data: bytes) -> str:
        """Keep an original and give its SHA-256 (hex); raises FailedError when the disk refuses."""
        return self._blobs.put(data)

    def drawn(self, sample: str) -> Instant | None:
        """Give from when on a sample can have been drawn; None for a name that nobody drew a sample under.

        A drawing is noted when the person confirms it, often with the count in hand; it can't have been done before its
        step came to where it asks for it.
        """
        if self._drawn is None:
            self._drawn = {}
            for event in self._ledger.events(prefix="container/"):
                self._take(event)
            self._ledger.subscribe(self._take)
        drawing = self._drawn.get(sample)
        return None if drawing is None else Instant(self._asked(drawing) / MICRO)

    def _asked(self, drawing: Event) -> int:
        """Give when the step of a drawing entered the state in which it was noted (us); else when it was noted."""
        if drawing.seq not in self._since:
            self._since[drawing.seq] = self._entered(drawing)
        return self._since[drawing.seq]

    def _entered(self, drawing: Event) -> int:
        said = _said(drawing)
        step = self._ledger.stream(f"batch/{said.batch}/step/{said.step}") if said.step else ()
        entered = [one.at for one in step if one.kind == "enter" and one.seq < drawing.seq]
        return entered[-1] if entered else drawing.at

    def joined(self, sha256: str, line: int) -> tuple[str, tuple[str, ...]]:
        """Give the sample that two people have joined a result to, and who they are; empty when nobody has."""
        stray = cast("Stray", self._door.find("tray", stray_id(sha256, line)))
        return stray.sample, stray.joined_by

    def arrived(self, asset: str, seen: Sequence[Arrived]) -> None:
        """Put into the tray what is of no sample that was drawn; what stands there already is not put twice."""
        for one in seen:
            name = stray_id(one.sha256, one.line)
            if self.drawn(one.sample) is not None or self._door.find("tray", name).state != "absent":
                continue
            body = {"asset": asset, "sha256": one.sha256, "line": one.line, "analysed": one.analysed, "why": STRANGE}
            self._door.enter(Command(f"tray/{name}", "arrive", body, INTAKE))

    def _take(self, event: Event) -> None:
        if event.kind == "draw" and event.stream.startswith("container/") and self._drawn is not None:
            self._drawn.setdefault(_said(event).to, event)


def _said(drawing: Event) -> Drawing:
    return Drawing.model_validate_json(bytes(drawing.read(Recorded).given))
