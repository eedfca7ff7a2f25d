"""The house as the command line sees it: sites opened on the right kind of time, drivers, fakes and files by name.

A simulated site whose ports are all in memory runs in simulated time; every other site runs in real time.
Units: s.
"""

import asyncio
import importlib
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from automation import bootstrap
from automation.bootstrap import Way
from automation.engine.label_fit import Printer
from automation.engine.limsfile import LimsPlan
from automation.engine.owner import bell
from automation.engine.recipe.spec import OperationSpec, ParameterSpec, words
from automation.engine.recipe.values import value
from automation.engine.recipe.yaml_source import nearest, read_file
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.engine.sitemodel import SiteFile
from automation.formulas.curves import Point
from automation.formulas.gating import Population, Strategy
from automation.kernel.clock import Clock, SimulatedClock, SimulatedLoop, run_simulated
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.kernel.quantity import Seconds
from automation.ledger import where
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.ledger.shelf import Shelf
from automation.surfaces.cli.port import Drilled, Drilling, DrillLine, DriverLine, Opening, Seat, Serving, Written
from automation.views.laboratory import LabResult
from automation.views.objects import Objects

if TYPE_CHECKING:
    from automation.exchange.fhir.codes import Naming
    from automation.exchange.lims.line import Line
    from automation.views.record import BatchRecord

T = TypeVar("T")
CRASH = "CELLWRIGHT_CRASH_AT"
"""Test hook: the process kills itself right after the event of this number is on disk; simulated sites only."""


class _Reader(Protocol):
    """What an entry point of ``cellwright.readers`` gives."""

    title: str

    def claims(self, data: bytes) -> bool:
        """Tell by the content alone whether this is such a file, whole or damaged."""
        ...

    def read(self, data: bytes, *, name: str) -> Sequence[object]:
        """Read a whole file; raises InputError."""
        ...


class _Gate(Protocol):
    """What an entry point of ``cellwright.gating`` gives."""

    def __call__(self, data: bytes, strategy: Strategy, *, name: str) -> Sequence[Population]:
        """Count the events of every gate; raises InputError."""
        ...


class _Curve(Protocol):
    """What an entry point of ``cellwright.curves`` gives."""

    def __call__(self, text: str, *, name: str) -> Sequence[Point]:
        """Read a whole curve; raises InputError."""
        ...


class House:
    """What ``cellwright`` works with; see ``automation.surfaces.cli.port.Opener``."""

    def release(self) -> str:
        """Give the release of the program."""
        return bootstrap.release()

    def site(self, folder: Path) -> SiteFile:
        """Read a folder's site file; raises InputError."""
        return bootstrap.read_site(folder)

    def site_to_look_at(self, folder: Path) -> tuple[SiteFile, str]:
        """Read a folder's site file; when it has a mistake give the one that was in force last, and say the mistake."""
        return bootstrap.site_to_look_at(folder)

    def kept(self, folder: Path, reader: Reader) -> Shelf | None:
        """Open what the owner keeps of how everything stands; None where nothing can be relied on."""
        return bootstrap.kept(folder, reader)

    def template(self, name: str) -> str:
        """Give the text of a packaged simulated site; raises InputError for an unknown name."""
        return packaged(name)

    def beside(self, name: str, file: str) -> bytes:
        """Give a file that is packaged beside a simulated site; empty when there is none."""
        found = resources.files(bootstrap.points("sites")[name].value).joinpath(name).joinpath(file)
        return found.read_bytes() if found.is_file() else b""

    @contextmanager
    def staying(self, opening: Opening | None = None) -> "Iterator[Staying]":
        """Give a house that leaves its one simulated site open between commands, and leaves it at the end."""
        house = Staying(opening or Opening())
        try:
            yield house
        finally:
            house.leave()

    def found(self, folder: Path, text: str, *, ledger: str = "") -> None:
        """Make a site folder with this site file, its key and its ledger, in PostgreSQL when ``ledger`` says where.

        Raises InputError, and FailedError when the database can't be reached; then there is no site.
        """
        if (folder / FILE).exists():
            raise InputError(f"{folder} is a site already: it has a {FILE}")
        folder.mkdir(parents=True, exist_ok=True)
        if ledger:
            _in_database(folder, ledger)
        write_whole(folder / FILE, text.encode())
        self.work(folder, _nothing)

    def work(self, folder: Path, job: Callable[[Site], Awaitable[T]], opening: Opening | None = None) -> T:
        """Open a site, let a job work there, and close it; gives what the job gives."""
        return work(folder, job, opening or Opening())

    def operations(self) -> Mapping[str, OperationSpec]:
        """Give the installed operations by name."""
        return bootstrap.operations()

    def printers(self, file: SiteFile) -> Sequence[Printer]:
        """Give the printers of a site that can say what fits on their labels; nothing is connected."""
        return bootstrap.printers(file)

    def drivers(self) -> Sequence[DriverLine]:
        """Give the installed drivers by name."""
        return [_driver_line(name, point.load()) for name, point in sorted(bootstrap.points("drivers").items())]

    def fakes(self) -> Sequence[str]:
        """Give the names of the installed fakes."""
        return sorted(bootstrap.points("fakes"))

    def read(self, path: Path) -> tuple[str, Sequence[object]]:
        """Give the kind and the rows of an instrument's result file; raises InputError when nobody can read it.

        A file is recognised by what stands in it, never by its name.
        """
        data = _bytes(path)
        points = sorted(bootstrap.points("readers").items())
        readers = {kind: cast("_Reader", point.load()) for kind, point in points}
        claiming = [kind for kind, reader in readers.items() if reader.claims(data)]
        if len(claiming) > 1:
            titles = " and a ".join(readers[kind].title for kind in claiming)
            raise InputError(f"this looks like a {titles}: export it again, alone", where=str(path))
        if claiming:
            return claiming[0], readers[claiming[0]].read(data, name=path.name)
        try:
            return "freezing curve", self.curve(path)
        except InputError as error:
            known = "; ".join(reader.title for reader in readers.values())
            said = f"nobody can read this file. Known: {known}; freezing curve ({error})"
            raise InputError(said, where=str(path)) from None

    def gate(self, path: Path, strategy: Path) -> Sequence[Population]:
        """Give the populations of a cytometer's file by a gating strategy (YAML); raises InputError."""
        plan = cast("Strategy", value(read_file(strategy), ParameterSpec("strategy", Strategy)))
        gate = cast("_Gate", bootstrap.points("gating")["fcs"].load())
        return gate(_bytes(path), plan, name=path.name)

    def curve(self, path: Path) -> Sequence[Point]:
        """Give a freezing curve from a file, or what a logger sent as EPCIS; raises InputError."""
        data = _bytes(path)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"byte {error.start} is not UTF-8 text", where=str(path)) from None
        sent = cast("_Reader", bootstrap.points("readers")["epcis"].load())
        kind = "epcis" if sent.claims(data) else "comma separated"
        reader = cast("_Curve", bootstrap.points("curves")[kind].load())
        return reader(text, name=path.name)

    def drills(self) -> Sequence[DrillLine]:
        """Give the faults that can be practised."""
        return [DrillLine(one.name, one.what, one.during) for one in _tool("drill").listed()]

    def drill(self, drilling: Drilling, *, seat: Seat | None) -> Drilled:
        """Practise; without a seat a scripted supervisor acts. Raises InputError for what is not known."""
        told = _tool("drill").play(
            _tool("drill").Drill(
                trouble=drilling.fault,
                during=drilling.during,
                site=drilling.site,
                recipe=drilling.recipe,
                seed=drilling.seed,
                keep=drilling.keep,
            ),
            terminal=seat,
        )
        return Drilled(told, told.text, told.good_end)

    def fhir(self, objects: Objects, batch: str) -> bytes:
        """Give a batch as a FHIR bundle; raises InputError for one that is not known."""
        from automation.exchange.fhir.out import batch_bundle  # noqa: PLC0415  only when it is asked for
        from automation.exchange.fhir.types import as_json  # noqa: PLC0415  as above

        return as_json(batch_bundle(objects, _naming(objects), batch))

    def batchml(self, folder: Path, batch: str) -> "tuple[BatchRecord, Written]":
        """Give the record of a batch, and the same as BatchML; raises InputError for one that is not known."""
        from automation.exchange.batchml.record import batchml, beside  # noqa: PLC0415  only when it is asked for
        from automation.views.batch_record import batch_record  # noqa: PLC0415  as above

        with Reader(folder) as reader:
            reader.pin()  # its owner may go on meanwhile
            made = batch_record(reader, Blobs(folder / "blobs", sync=False), batch)
            return made, Written(batchml(made, beside(reader, batch)), len(made.trail))

    def epcis(self, objects: Objects, folder: Path, start: str) -> Written:
        """Give the life of the containers of something as EPCIS events; raises InputError for what has none."""
        from automation.exchange.epcis.document import document, encode  # noqa: PLC0415  only when it is asked for

        partners = bootstrap.read_site(folder).partners
        made = document(objects, Blobs(folder / "blobs", sync=False), start, partners=partners)
        return Written(encode(made), len(made.body.events))

    def lab_results(self, data: bytes, objects: Objects, *, name: str) -> Sequence[LabResult]:
        """Give the results of a FHIR bundle; raises InputError that names the element."""
        from automation.exchange.fhir.results import results  # noqa: PLC0415  only when it is asked for

        try:
            return results(data, _naming(objects))
        except InputError as wrong:
            raise InputError(str(wrong), where=name) from None

    def lims_send(self, folder: Path, plan: LimsPlan, objects: Objects, tests: Mapping[str, str]) -> Mapping[str, str]:
        """Send tests (id to sample) to the laboratory's system of a site; gives what it said of each.

        Raises FailedError when it did not take them, UnknownError when it may have.
        """
        from automation.exchange.lims import fhir  # noqa: PLC0415  only when it is asked for

        return fhir.send(_line(plan, folder), objects, _naming(objects), tests)

    def lims_fetch(self, folder: Path, plan: LimsPlan, objects: Objects, test: str) -> bytes:
        """Give what the laboratory's system has of a test; raises FailedError, UnknownError."""
        from automation.exchange.lims import fhir  # noqa: PLC0415  only when it is asked for

        return fhir.fetch(_line(plan, folder), _naming(objects), test)

    def serve(self, serving: Serving, *, announce: Callable[[str], None], hands: Iterable[str]) -> None:
        """Serve a fake until the process is told to stop."""
        served = _tool("serve")
        offer = served.Offer(
            model=serving.model,
            seed=serving.seed,
            tcp=serving.tcp,
            opcua=serving.opcua,
            lads=serving.lads,
            sila=serving.sila,
            at=serving.at,
            speed=serving.speed,
            log=serving.log,
        )
        served.run(offer, announce=announce, hands=hands)


def _naming(objects: Objects) -> "Naming":
    """Give how the ids of a site are named outside."""
    from automation.exchange.fhir.codes import Naming  # noqa: PLC0415  only when it is asked for

    return Naming(objects.reader.genesis.ledger, objects.simulated)


def _line(plan: LimsPlan, folder: Path) -> "Line":
    """Give the line to the laboratory's system of a site."""
    from automation.exchange.lims.line import Line  # noqa: PLC0415  only when it is asked for

    ca = str(folder / plan.ca) if plan.ca else ""
    return Line(plan.url, plan.token(folder), ca, plan.patience)


class Staying(House):
    """A house that leaves its one simulated site open between commands, as an owner would; left by ``leave``."""

    def __init__(self, opening: Opening | None = None) -> None:
        """Open nothing yet; the first job opens its site this way."""
        self._opening = opening or Opening()
        self._loop = SimulatedLoop()
        self._site: Site | None = None

    def work(self, folder: Path, job: Callable[[Site], Awaitable[T]], opening: Opening | None = None) -> T:  # noqa: ARG002  opened once
        """Let a job work at the site, which is opened for the first one; raises InputError for one in real time."""
        asyncio.set_event_loop(self._loop)
        if self._site is None:
            self._site = self._opened(folder)
        done = self._loop.run_until_complete(_awaited(job(self._site)))
        self._site.house.ledger.flush()
        return done

    def leave(self) -> None:
        """Leave the site."""
        try:
            if self._site is not None:
                self._loop.run_until_complete(self._site.leave())
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    def _opened(self, folder: Path) -> Site:
        file = bootstrap.read_site(folder)
        if not in_simulated_time(file):
            raise InputError(f"{folder} is a site in real time; only one in simulated time is kept open")
        clock = SimulatedClock(self._loop, start=bootstrap.begins(folder, file) + Seconds(self._opening.down))
        way = _way(folder, file, self._opening)
        return self._loop.run_until_complete(bootstrap.open_site(folder, way, clock=clock))


async def _awaited(job: Awaitable[T]) -> T:
    return await job


def _tool(name: str) -> ModuleType:
    """Import a tool of the fakes; ``automation`` knows it by its entry point only."""
    return importlib.import_module(bootstrap.points("tools")[name].value)


async def _nothing(_site: Site) -> None:
    """Open and close: the site is furnished by that."""


def _in_database(folder: Path, ledger: str) -> None:
    """Let a folder's ledger be in PostgreSQL; nothing stays of it when there is none, or one with events."""
    from automation.ledger.postgresql import pointer  # noqa: PLC0415  only for a site that has one

    path = folder / where.POINTER
    pointer.write(path, pointer.parse(ledger, where="--ledger"))
    try:
        if where.of_site(folder).exists():
            raise InputError(
                "the schema holds the ledger of a site already; a new site needs a new one", where="--ledger"
            )
    except BaseException:
        path.unlink()
        raise


def packaged(name: str) -> str:
    """Give the text of a packaged simulated site; raises InputError for an unknown name."""
    found = bootstrap.points("sites")
    if name not in found:
        raise InputError(f"site is {name!r}; {nearest(name, found)}", where="--site")
    return resources.files(found[name].value).joinpath(name).joinpath(FILE).read_text(encoding="utf-8")


def work(folder: Path, job: Callable[[Site], Awaitable[T]], opening: Opening) -> T:
    """Open a site, let a job work there, and close it; gives what the job gives.

    Raises InputError and its kin, or RefusedError when another process owns the site.
    """
    file = bootstrap.read_site(folder)
    way = _way(folder, file, opening)

    async def inside(clock: Clock | None = None) -> T:
        site = await bootstrap.open_site(folder, way, clock=clock)
        try:
            async with nullcontext() if clock is not None else bell(site):
                return await job(site)
        finally:
            await site.leave()

    if not file.simulated and (opening.down or opening.seed is not None):
        raise InputError(f"{folder} is a live site; --down and --seed are for simulated ones")
    if in_simulated_time(file):
        return run_simulated(inside, start=bootstrap.begins(folder, file) + Seconds(opening.down))
    return asyncio.run(inside())


def in_simulated_time(file: SiteFile) -> bool:
    """Tell whether time may jump at a site: nothing of it lies outside this process."""
    return file.simulated and all(asset.port in {"", "memory"} for asset in file.assets.values())


def _way(folder: Path, file: SiteFile, opening: Opening) -> Way:
    paced = file.simulated and not in_simulated_time(file)  # others look and ask meanwhile
    way = Way(
        careful=opening.careful,
        each=paced,
        take_over=opening.take_over,
        seed=_seed(folder, file, opening.seed),
        staffed=opening.staffed,
    )
    crash = os.environ.get(CRASH, "")
    if not crash:
        return way
    if not file.simulated:
        raise InputError(f"{CRASH} is set, a test hook of simulated sites, and {folder} is live")
    if not crash.isdigit():
        raise InputError(f"{CRASH} is {crash!r}; the number of an event is needed")
    return replace(way, each=True, careful=True, after=[lambda site: _die_at(site, int(crash))])


def _die_at(site: Site, seq: int) -> None:
    def look(event: Event) -> None:
        if event.seq >= seq:
            os.kill(os.getpid(), signal.SIGKILL)

    site.house.ledger.subscribe(look)


def _seed(folder: Path, file: SiteFile, asked: int | None) -> int | None:
    """Give the seed with which a simulated site lives: that of its first batch, else what is asked for."""
    if not file.simulated or not where.of_site(folder).exists():
        return asked
    with Reader(folder) as reader:
        streams = (reader.stream(f"batch/{name}") for name in reader.names("batch"))
        issues = (event for events in streams for event in events if event.kind == "issue")
        first = next(issues, None)
    if first is None:
        return asked
    given = cast("Mapping[str, object]", first.fields["given"])
    lived = given.get("seed")
    lived = lived if isinstance(lived, int) else file.seed
    if asked not in {None, lived}:
        raise InputError(f"--seed is {asked}, and this site has lived with seed {lived}; another seed needs a new site")
    return lived


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None


class _Support(Protocol):
    kind: str
    level: str
    on_host_loss: str
    source: str


class _Factory(Protocol):
    interface: type
    support: _Support
    transports: tuple[str, ...]


def _driver_line(name: str, factory: _Factory) -> DriverLine:
    said = factory.support
    return DriverLine(
        name=name,
        kind=str(said.kind),
        level=str(said.level),
        interface=words(factory.interface.__name__),
        transports=factory.transports,
        on_host_loss=str(said.on_host_loss),
        source=said.source,
    )
