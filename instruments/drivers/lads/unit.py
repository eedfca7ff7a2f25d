"""One functional unit of a LADS device: its state, commands, functions, and the runs of its programs.

Units: as the functions state, which is checked; nothing is converted.
Source: see ``wire``.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from automation.kernel.errors import FailedError, RefusedError, UnknownError, WireError
from automation.kernel.quantity import Seconds
from instruments.drivers.lads import wire
from instruments.interfaces.device import Identity
from instruments.transport.nodes import NodePort, Read, Value

LOOKS, WITHIN = Seconds(0.25), Seconds(10.0)  # s between looks; longest until a command shows
State = tuple[wire.Unit, wire.Running | None]
SPELLINGS: Mapping[str, frozenset[str]] = {
    "degC": frozenset({"degC", "°C", "Cel"}),
    "1/min": frozenset({"1/min", "/min", "min-1", "rpm", "r/min"}),
    "deg": frozenset({"deg", "°"}),
    "%": frozenset({"%"}),
    "L/min": frozenset({"L/min", "l/min"}),
    "mL": frozenset({"mL", "ml"}),
    "mL/h": frozenset({"mL/h", "ml/h"}),
    "1": frozenset({"1", "", "pH"}),
}
"""How a unit may be written in a function's ``EngineeringUnits``; any other is another unit."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program as its result tells it."""

    id: str
    task: str
    over: bool
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Template:
    """What a device shows of a program that it keeps; empty where it does not."""

    id: str
    version: str
    modified: str


async def identity(port: NodePort, device: str) -> Identity:
    """Read the identification of a device."""
    place = f"{wire.DEVICES}/{device}/{wire.IDENTIFICATION}"
    maker, model, serial, software = (f"{place}/{one}" for one in (wire.MAKER, wire.MODEL, wire.SERIAL, wire.SOFTWARE))
    read = await port.read(maker, model, serial, software)
    return Identity(read.text(maker), read.text(model), read.text(serial), str(read.values.get(software, "")))


class FunctionalUnit:
    """Speaks to one functional unit below ``DeviceSet/<device>``."""

    def __init__(self, port: NodePort, *, device: str, unit: str) -> None:
        """Name the device and its unit as they stand in the address space."""
        self._port = port
        self._units = f"{wire.DEVICES}/{device}/{wire.UNITS}"
        self.place, self.unit = f"{self._units}/{unit}", unit

    async def state(self) -> State:
        """Read the state, and within running the one of the sub-machine; None where the device has none."""
        return self.state_in(await self._port.read(*self.state_paths))

    def state_in(self, read: Read) -> State:
        """Give the state from what was read, among others, of ``state_paths``."""
        current, within = self.state_paths
        state = wire.unit_state(read.text(current))
        told = read.values.get(within, "")
        return state, wire.running_state(str(told)) if state is wire.Unit.RUNNING and told else None

    @property
    def state_paths(self) -> tuple[str, str]:
        """Name what tells the state, and the state within running."""
        machine = f"{self.place}/{wire.UNIT_STATE}"
        return f"{machine}/{wire.CURRENT_STATE}", f"{machine}/{wire.RUNNING_MACHINE}/{wire.CURRENT_STATE}"

    async def command(self, name: str, *arguments: Value | None) -> tuple[Value | None, ...]:
        """Give a command; raises RefusedError when the device does not take it in its state."""
        return await self._port.call(f"{self._units}/{wire.method(self.unit, name)}", *arguments)

    async def start_program(self, template: str, *, job: str, task: str) -> str:
        """Start a program for a job and a task of ours, and give the device's id of the run."""
        told = await self.command(wire.START_PROGRAM, template, None, job, task, None)
        return str(told[0]) if told and told[0] is not None else ""

    async def until(self, reached: Callable[[State], bool], *, told: str) -> State:
        """Look until a command shows; FailedError when the unit aborts, UnknownError when nothing shows in time."""
        seen = await self.state()
        for _ in range(round(float(WITHIN) / float(LOOKS))):
            if reached(seen):
                return seen
            if seen[0] in {wire.Unit.ABORTED, wire.Unit.ABORTING}:
                raise FailedError(f"{self._port.link.name}: told {told}, {self.unit} is {seen[0]}")
            await self._port.link.stream.arrived(within=LOOKS)
            seen = await self.state()
        raise UnknownError(f"{self._port.link.name}: told {told}, {self.unit} is still {seen[1] or seen[0]}")

    async def runs(self) -> tuple[Run, ...]:
        """Read every run that the device keeps a result of; none where it has had none."""
        place = f"{self.place}/{wire.PROGRAMS}/{wire.RESULTS}"
        ids = await self._below(place)
        if not ids:
            return ()
        tasks = {one: f"{place}/{one}/{wire.TASK}" for one in ids}
        ends = {one: f"{place}/{one}/{wire.STOPPED_AT}" for one in ids}
        read = await self._port.read(*tasks.values(), *ends.values())
        found = [one for one in ids if tasks[one] in read.values]  # the set's own properties are none
        return tuple(Run(one, read.text(tasks[one]), bool(read.values.get(ends[one], "")), {}) for one in found)

    async def run_of(self, task: str) -> Run | None:
        """Give the run for a task, with the values of its result; None where there is none."""
        found = next((one for one in reversed(await self.runs()) if one.task == task), None)
        if found is None:
            return None
        place = f"{self.place}/{wire.PROGRAMS}/{wire.RESULTS}/{found.id}/{wire.VARIABLES}"
        names = await self._below(place)
        read = await self._port.read(*(f"{place}/{name}" for name in names)) if names else None
        told = {name: _number(read.values.get(f"{place}/{name}")) for name in names} if read else {}
        return replace(found, values={name: value for name, value in told.items() if value is not None})

    async def active(self) -> str:
        """Give the device's id of the run that goes on; empty while none does."""
        node = f"{self.place}/{wire.PROGRAMS}/{wire.ACTIVE}/{wire.RUN_ID}"
        return str((await self._port.read(node)).values.get(node, ""))

    async def templates(self) -> tuple[Template, ...]:
        """Read what the device shows of every program that it keeps."""
        place = f"{self.place}/{wire.PROGRAMS}/{wire.TEMPLATES}"
        shown = (wire.TEMPLATE_ID, wire.VERSION, wire.MODIFIED)
        names = await self._below(place)
        if not names:
            return ()
        read = await self._port.read(*(f"{place}/{name}/{one}" for name in names for one in shown))
        told = ([str(read.values.get(f"{place}/{name}/{one}", "")) for one in shown] for name in names)
        return tuple(Template(*one) for one in told if one[0])  # the set's own properties have no id

    async def download(self, template: str) -> bytes | None:
        """Read the opaque content of a program; None where the device gives none out. Raises WireError for no bytes."""
        told = await self._managed(wire.DOWNLOAD, template)
        if told is None:
            return None
        try:
            return base64.b64decode(str(told[1]), validate=True)
        except (IndexError, ValueError):
            msg = f"{self._port.link.name}: {wire.DOWNLOAD} gave {told!r:.80}; parameters and bytes are due"
            raise WireError(msg) from None

    async def upload(self, content: bytes) -> str | None:
        """Give the device a program and get the id under which it keeps it; None where it takes none."""
        told = await self._managed(wire.UPLOAD, None, base64.b64encode(content).decode())
        return None if told is None else str(told[0]) if told and told[0] is not None else ""

    async def _managed(self, method: str, *arguments: Value | None) -> tuple[Value | None, ...] | None:
        """Call an optional method of the program manager; None where there is none."""
        place = f"{self.place}/{wire.PROGRAMS}"
        if method not in await self._below(place):
            return None
        return await self._port.call(f"{place}/{method}", *arguments)

    async def values(self, functions: Mapping[str, str], kind: str) -> dict[str, float | None]:
        """Read one value of each function in one exchange, by our own words; None where it has no good one."""
        paths = {word: self.function(name, kind) for word, name in functions.items()}
        read = await self._port.read(*paths.values())
        return {word: _number(read.values.get(path)) for word, path in paths.items()}

    async def running(self, functions: Mapping[str, str]) -> dict[str, bool]:
        """Tell of each function whether it is started."""
        paths = {
            word: f"{self.function(name, wire.FUNCTION_STATE)}/{wire.CURRENT_STATE}" for word, name in functions.items()
        }
        read = await self._port.read(*paths.values())
        return {word: wire.unit_state(read.text(path)) is wire.Unit.RUNNING for word, path in paths.items()}

    async def put(self, function: str, target: float) -> None:
        """Set a target; raises RefusedError when the device does not take it."""
        await self._port.write(self.function(function, wire.TARGET), target)

    async def switch(self, function: str, *, on: bool) -> None:
        """Start or stop one function."""
        await self._port.call(f"{self.function(function, wire.FUNCTION_STATE)}/{'Start' if on else 'Stop'}")

    async def check_units(
        self, functions: Mapping[str, str], units: Mapping[str, str], *, kind: str = wire.CURRENT
    ) -> None:
        """Compare the unit that each function states with ours; raises WireError for another one, or none."""
        paths = {word: f"{self.function(name, kind)}/{wire.IN_UNITS}" for word, name in functions.items() if name}
        read = await self._port.read(*paths.values())
        for word, path in paths.items():
            said = read.values.get(path)
            if said not in SPELLINGS[units[word]]:
                msg = f"function {functions[word]!r} is in {said!r}; {word} is taken in {units[word]} only"
                raise WireError(msg)

    def function(self, name: str, kind: str) -> str:
        """Give the path of one part of a function."""
        return f"{self.place}/{wire.FUNCTIONS}/{name}/{kind}"

    async def _below(self, place: str) -> tuple[str, ...]:
        """Name what stands below a place; nothing where the place is not there."""
        try:
            return await self._port.browse(place)
        except RefusedError:
            return ()


def _number(value: Value | None) -> float | None:
    """Give a number; None for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
