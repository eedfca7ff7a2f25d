"""What the command line asks of the house behind it; whoever starts the command gives it (``automation.__main__``).

Nothing here is imported until a command needs it, so that asking for help stays quick.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from automation.engine.label_fit import Printer
    from automation.engine.limsfile import LimsPlan
    from automation.engine.recipe.spec import OperationSpec
    from automation.engine.site import Site
    from automation.engine.sitemodel import SiteFile
    from automation.formulas.curves import Point
    from automation.formulas.gating import Population
    from automation.ledger.read import Reader
    from automation.ledger.shelf import Shelf
    from automation.views.laboratory import LabResult
    from automation.views.objects import Objects
    from automation.views.record import BatchRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opening:
    """How a site is opened for one command; ``down`` (s) is how long a simulated one was left alone before.

    ``take_over`` takes it from an owner that no longer answers.
    """

    seed: int | None = None
    down: float = 0.0
    staffed: bool = True
    careful: bool = True
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class DriverLine:
    """One installed driver in words."""

    name: str
    kind: str
    level: str
    interface: str
    transports: tuple[str, ...]
    on_host_loss: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How a fake is put on a port; without ``tcp``, ``opcua``, ``lads`` and ``sila`` (ports) on a pty."""

    model: str
    seed: int = 1
    tcp: int | None = None
    opcua: int | None = None
    lads: int | None = None
    sila: int | None = None
    at: Path | None = None
    speed: float = 1.0
    log: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilling:
    """What is practised: a fault during an operation, on a packaged site or that of a folder."""

    fault: str
    during: str
    site: str = "a"
    recipe: str = ""  # else the first installed one that runs the operation
    seed: int | None = None
    keep: Path | None = None  # a new folder for the site; else it is thrown away


@dataclass(frozen=True, slots=True)
class DrillLine:
    """One fault that can be practised, with the operations in which it can come."""

    name: str
    what: str
    during: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill came to, as data and as text; ``good`` when the batch ended and nothing is as it may never be."""

    data: object
    text: str
    good: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What was written in a standard form: its bytes, and how many events or entries it has."""

    data: bytes
    entries: int


class Seat(Protocol):
    """Where somebody who practises sits."""

    def say(self, text: str) -> None:
        """Show a text."""
        ...

    def ask(self) -> str | None:
        """Give the next line, None at the end."""
        ...


class Opener(Protocol):
    """The house as the command line sees it."""

    def release(self) -> str:
        """Give the release of the program."""
        ...

    def site(self, folder: Path) -> "SiteFile":
        """Read a folder's site file; raises InputError."""
        ...

    def site_to_look_at(self, folder: Path) -> "tuple[SiteFile, str]":
        """Read a folder's site file; when it has a mistake give the one that was in force last, and say the mistake."""
        ...

    def kept(self, folder: Path, reader: "Reader") -> "Shelf | None":
        """Open what the owner keeps of how everything stands; None where nothing can be relied on."""
        ...

    def template(self, name: str) -> str:
        """Give the text of a packaged simulated site; raises InputError for an unknown name."""
        ...

    def beside(self, name: str, file: str) -> bytes:
        """Give a file that is packaged beside a simulated site; empty when there is none."""
        ...

    def staying(self, opening: Opening = ...) -> "AbstractContextManager[Opener]":
        """Give a house that leaves its one simulated site open between commands, and leaves it at the end."""
        ...

    def found(self, folder: Path, text: str, *, ledger: str = "") -> None:
        """Make a site folder with this site file, its key and its ledger, in PostgreSQL when ``ledger`` says where.

        Raises InputError, and FailedError when the database can't be reached; then there is no site.
        """
        ...

    def work(self, folder: Path, job: "Callable[[Site], Awaitable[T]]", opening: Opening = ...) -> T:
        """Open a site, let a job work there, and close it; gives what the job gives."""
        ...

    def operations(self) -> "Mapping[str, OperationSpec]":
        """Give the installed operations by name."""
        ...

    def printers(self, file: "SiteFile") -> "Sequence[Printer]":
        """Give the printers of a site that can say what fits on their labels; nothing is connected."""
        ...

    def drivers(self) -> Sequence[DriverLine]:
        """Give the installed drivers by name."""
        ...

    def fakes(self) -> Sequence[str]:
        """Give the names of the installed fakes."""
        ...

    def drills(self) -> Sequence[DrillLine]:
        """Give the faults that can be practised."""
        ...

    def drill(self, drilling: Drilling, *, seat: Seat | None) -> Drilled:
        """Practise; without a seat a scripted supervisor acts. Raises InputError for what is not known."""
        ...

    def read(self, path: Path) -> tuple[str, Sequence[object]]:
        """Give the kind and the rows of an instrument's result file; raises InputError when nobody can read it."""
        ...

    def gate(self, path: Path, strategy: Path) -> "Sequence[Population]":
        """Give the populations of a cytometer's file by a gating strategy; raises InputError."""
        ...

    def curve(self, path: Path) -> "Sequence[Point]":
        """Give a freezing curve from a file; raises InputError."""
        ...

    def fhir(self, objects: "Objects", batch: str) -> bytes:
        """Give a batch as a FHIR bundle; raises InputError for one that is not known."""
        ...

    def batchml(self, folder: Path, batch: str) -> "tuple[BatchRecord, Written]":
        """Give the record of a batch, and the same as BatchML; raises InputError for one that is not known."""
        ...

    def epcis(self, objects: "Objects", folder: Path, start: str) -> Written:
        """Give the life of the containers of something as EPCIS events; raises InputError for what has none."""
        ...

    def lab_results(self, data: bytes, objects: "Objects", *, name: str) -> "Sequence[LabResult]":
        """Give the results of a FHIR bundle; raises InputError that names the element."""
        ...

    def lims_send(
        self, folder: Path, plan: "LimsPlan", objects: "Objects", tests: "Mapping[str, str]"
    ) -> "Mapping[str, str]":
        """Send tests (id to sample) to the laboratory's system of a site; gives what it said of each.

        Raises FailedError when it did not take them, UnknownError when it may have.
        """
        ...

    def lims_fetch(self, folder: Path, plan: "LimsPlan", objects: "Objects", test: str) -> bytes:
        """Give what the laboratory's system has of a test; raises FailedError, UnknownError."""
        ...

    def serve(self, serving: Serving, *, announce: Callable[[str], None], hands: Iterable[str]) -> None:
        """Serve a fake until the process is told to stop."""
        ...
