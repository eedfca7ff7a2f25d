"""Driver of a Vi-CELL BLU through its OPC UA server: a person starts the count, the results are read over the wire.

Wire:   node port (``instruments.transport.nodes``); live over OPC UA, in simulated time on the fake.
Units:  cells/mL, %; s.
Source: see ``wire``; support level L1, never run on a device by us.
Lock:   results are told to the user who holds the automation lock, which locks the instrument's own screen meanwhile.
        It is taken for one question and given back; one that a lost answer has left with us is used and given back.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.kernel.clock import instant
from automation.kernel.errors import FailedError, InputError, RefusedError, WireError
from automation.kernel.quantity import Instant
from instruments.drivers.factory import Factory
from instruments.drivers.result_folder import CLOCK, SHORT, Samples
from instruments.drivers.vicell_blu_opcua import wire
from instruments.interfaces.counter import CellCounter, CountReport, CountResult
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.results import CountRow
from instruments.interfaces.source_file import SourceFile
from instruments.transport import Link
from instruments.transport.nodes import NodePort, Value
from instruments.transport.opcua import OpcUaStream
from instruments.transport.opcua_site import read_access

KEYS = {
    "zone": "zone of the clock of the instrument, for example Europe/Berlin; unstated: times are not compared",
    "access": "file with user, password and security of an opcua: port; readable by its owner only",
}


class ViCellBluOpcUa:
    """A ``CellCounter`` whose results the instrument's server tells.

    RefusedError: the instrument does not tell its results now, and says why.
    FailedError: the results were told and the lock was not given back.
    LinkError, WireError: nobody answered, or what was said is not understood; the question is asked again.
    """

    def __init__(self, link: Link, zone: str, *, control: bool) -> None:
        """Speak over ``link``; without ``control`` no lock is taken, and no result is told."""
        self.links = (link,)
        self.originals: list[bytes] = []  # answers that hold other samples too, for whoever keeps them
        self.samples: Samples | None = None  # given by a site; without one no result is judged by its sample
        self._port, self._name = NodePort(link), link.name
        self._zone, self._control = zone, control

    async def identify(self) -> Identity:
        """Ask who it is."""
        read = await self._port.read(wire.IDENTIFIER, wire.SOFTWARE, wire.FIRMWARE)
        versions = f"{read.text(wire.SOFTWARE)}, firmware {read.text(wire.FIRMWARE)}"
        return Identity("Beckman Coulter", "Vi-CELL BLU", read.text(wire.IDENTIFIER), versions)

    async def result(self, *, sample: str) -> CountReport:
        """Ask for every analysis of a sample; an instrument that is at work has none to tell yet."""
        if not self._control:
            msg = f"{self._name}: results are told under the automation lock, and this driver was given no control"
            raise RefusedError(msg)
        read = await self._port.read(wire.STATUS, wire.LOCK)
        status = read.text(wire.STATUS)
        if status not in wire.STATUSES:
            msg = f"{self._name}: {wire.STATUS} says {status!r}; known: {', '.join(wire.STATUSES)}"
            raise WireError(msg)
        if status not in wire.READY:
            waits = f"{self._name} is {status}; it tells results while it is {' or '.join(wire.READY)}"
            return CountReport(sample=sample, unread=(waits,))
        if read.text(wire.LOCK) != wire.LOCKED:
            self._succeeded(wire.done(await self._call(wire.REQUEST_LOCK)), "gives no automation lock")
        told = await self._call(wire.GET_RESULTS, "", wire.EARLIEST, wire.LATEST, wire.OF_SAMPLE, "", sample, "")
        results = wire.results(told)
        source = self._source(str(told).encode(), sample, apart=wire.others(results, sample))
        self._succeeded(results, f"does not tell the results of sample {sample!r}")
        await self._release()
        return self._report(results, sample, source)

    async def _call(self, method: str, *arguments: Value) -> Value | None:
        answer = await self._port.call(method, *arguments)
        return answer[0] if answer else None

    def _succeeded(self, said: wire.Done, otherwise: str) -> None:
        if said.method_result != wire.SUCCESS:
            msg = f"{self._name} {otherwise}: {said.response_description or 'it gives no reason'}"
            raise RefusedError(msg)

    async def _release(self) -> None:
        said = wire.done(await self._call(wire.RELEASE_LOCK))
        if said.method_result != wire.SUCCESS:
            msg = f"{self._name} told the results and keeps the automation lock: {said.response_description}"
            raise FailedError(msg)

    def _source(self, data: bytes, sample: str, *, apart: bool) -> SourceFile:
        """Keep the answer as the record of the results; one with other samples is cited by its hash alone."""
        sha256 = hashlib.sha256(data).hexdigest()
        if apart or len(data) > SHORT:
            self.originals.append(data)
            tape = self.links[0].tape
            tape[-1] = tape[-1]._replace(received=f"{len(data)} bytes, sha256 {sha256}\n".encode())
            data = b""
        return SourceFile(names=(f"{self._name}: results of {sample}",), sha256=sha256, data=data)

    def _report(self, told: wire.Results, sample: str, source: SourceFile) -> CountReport:
        try:
            rows = tuple(wire.rows(told, sample))
        except WireError as wrong:
            return CountReport(sample=sample, files=(source,), unread=(str(wrong),))
        if not rows:
            return CountReport(sample=sample)
        times = ", ".join(row.analysed for row in rows)
        several = f"sample {sample!r} has {len(rows)} results on {self._name}: {times}" if len(rows) > 1 else ""
        results = tuple(self._result(row, source.sha256) for row in self._judged(rows))
        return CountReport(sample=sample, results=results, files=(source,), conflict=several)

    def _judged(self, rows: tuple[CountRow, ...]) -> Iterator[CountRow]:
        """Give each row; what seems older than its sample has an error."""
        for row in rows:
            made = self._moment(row)
            drawn = self.samples.drawn(row.sample) if self.samples is not None else None
            old = made is not None and drawn is not None and made + CLOCK < drawn
            said = f"it was analysed on {row.analysed}, before the sample was drawn" if old else ""
            yield replace(row, error=row.error or said)

    def _moment(self, row: CountRow) -> Instant | None:
        known = self._zone and row.analysed_local and not row.analysed_local.startswith(wire.NEVER)
        return instant(row.analysed_local, zone=self._zone) if known else None

    def _result(self, row: CountRow, sha256: str) -> CountResult:
        counted = CountRow(sample=row.sample, line=row.line) if row.error else row
        return CountResult(
            sample=row.sample,
            total=counted.total,
            viable=counted.viable,
            viability=counted.viability,
            cells_counted=counted.cells,
            viable_counted=counted.viable_cells,
            analysed_at=row.analysed,
            analysed=self._moment(row),
            dilution=None if row.dilution is None else float(row.dilution),
            file_sha256=sha256,
            row=row.line,
            flags=row.flags,
            error=row.error,
        )


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ViCellBluOpcUa:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    zone, stream = given.get("zone", ""), link.stream
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(f"zone is {zone!r}; a zone such as 'Europe/Berlin' is needed", where="zone") from None
    if isinstance(stream, OpcUaStream):
        stream.by_path = stream.structures = True
        if "access" in given:
            stream.access = read_access(Path(given["access"]))
    elif "access" in given:
        raise InputError(f"access is {given['access']!r}; only an opcua: port has one", where="access")
    return ViCellBluOpcUa(link, zone, control=control)


FACTORY = Factory(
    build=build,
    interface=CellCounter,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="beckman-pbw/Vi-Cell_OpcUa and Vi-Cell_UserInterface, the maker's own server and software (2024)",
    ),
    transports=("opcua", "memory", "tcp", "pty"),
    settings=KEYS,
)
