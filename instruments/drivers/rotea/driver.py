"""Driver of the Gibco CTS Rotea: a protocol is checked by name and checksum, set, started and answered by named nodes.

Wire:   node port (``instruments.transport.nodes``); live over OPC UA, in simulated time on the fake.
Units:  mL, kPa, s; parameters are Int32 in the unit of the washer's protocol.
Source: see ``wire``; support level L1 (partial), never run on a device by us.
By hand: selecting the protocol, loading the kit and closing the door; pausing too unless the site names the word.
"""

from collections.abc import Callable, Mapping
from typing import NoReturn

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, RefusedError, UnknownError
from automation.kernel.quantity import Millilitres, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.rotea import settling, wire
from instruments.drivers.rotea.files import Histories
from instruments.drivers.rotea.settings import KEYS, Settings, configure, settings
from instruments.interfaces.cell_washer import (
    Acknowledgement,
    CellWasher,
    Kit,
    ProcessValues,
    RunHistory,
    Waiting,
    WasherState,
    WasherStatus,
    WashParameter,
    WashProgram,
)
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link
from instruments.transport.nodes import NodePort, Read

LOOKS = Seconds(0.25)  # s between looks while the washer does what it was told
SENDING, STARTING, SELECTING = Seconds(40.0), Seconds(3.5), Seconds(10.0)  # s; longest times until a look shows it
IN_RUN = (WasherState.RUNNING, WasherState.PAUSED)


class Rotea:
    """A ``CellWasher`` behind the variables of its Run Manager.

    RefusedError: the washer or a check said no; nothing was started.
    FailedError: the washer answered, and what it says is not what was asked for.
    LinkError, WireError, UnknownError: it may have happened; the washer is asked before anything else.
    """

    def __init__(self, link: Link, given: Settings, *, control: bool) -> None:
        """Speak over ``link``; without ``control`` every command is refused."""
        self._histories = Histories(link, given.history)
        self.links = (link, *self._histories.own_link)
        self._port = NodePort(link)
        self._name = link.name
        self._given = given
        self._control = control

    async def identify(self) -> Identity:
        """Give what the site declares, once the washer has said in which state it is."""
        await self.look()
        return self._given.identity

    async def look(self) -> WasherStatus:
        """Look at protocol, kit, door and run in one exchange."""
        more = (self._given.runs,) if self._given.runs else ()
        return _status(await self._port.read(*wire.LOOK, *more), runs=self._given.runs)

    async def flows(self) -> ProcessValues:
        """Look at the values for which the site names a node; no page that was seen names one."""
        if not self._given.flows:
            return ProcessValues()
        read = await self._port.read(*self._given.flows.values())
        found = {word: read.values.get(node) for word, node in self._given.flows.items()}
        numbers = {
            word: float(v) for word, v in found.items() if isinstance(v, int | float) and not isinstance(v, bool)
        }
        volumes = {word: Millilitres(value) for word, value in numbers.items() if word != "pressure_kpa"}
        return ProcessValues(**volumes, pressure_kpa=numbers.get("pressure_kpa"))

    async def prepare(self, *, program: WashProgram) -> None:
        """Check the selected protocol, set its parameters and send it to the instrument."""
        self._commanding("prepare")
        status = await self.look()
        if status.state in {*IN_RUN, WasherState.ERROR}:
            self._refuse(f"a protocol can't be prepared while the washer is in {status.state}")
        if status.protocol != program.name:
            status = await self._select(program.name, status)
        if status.checksum.lower() != program.checksum.lower() or not program.checksum:
            said = f"protocol {program.name!r} has the checksum {status.checksum or 'none'}"
            self._refuse(f"{said}; approved is {program.checksum or 'none'}")
        self._check_loaded(status)
        numbers = await self._numbers(program)
        if status.state is WasherState.READY_TO_START and await self.prepared(program=program) == program:
            return
        for parameter in program.parameters:
            await self._port.write(wire.set_parameter(numbers[parameter.name]), parameter.value)
        await self._check_valid(program, numbers)
        await self._port.write(wire.COMMAND, wire.Command.SEND.value)
        seen = await self._until(lambda s: s.state in {WasherState.READY_TO_START, WasherState.ERROR}, SENDING)
        if seen.state is not WasherState.READY_TO_START:
            msg = f"{self._name}: the protocol was sent and the washer is in {seen.state}"
            raise FailedError(msg)

    async def prepared(self, *, program: WashProgram) -> WashProgram:
        """Read back name, checksum and the value of every parameter of ``program`` that the washer knows."""
        names = await self._names()
        known = [(p, names[p.name]) for p in program.parameters if p.name in names]
        read = await self._port.read(wire.NAME, wire.CHECKSUM, *(wire.set_parameter(number) for _, number in known))
        values = [WashParameter(p.name, read.whole(wire.set_parameter(number)), p.unit) for p, number in known]
        return WashProgram(read.text(wire.NAME), read.text(wire.CHECKSUM), tuple(values))

    async def start(self, *, source: Container, product: Container) -> None:  # noqa: ARG002  the binding asks the gate
        """Start the protocol that was sent; kit and door are looked at here too. Waits until it runs."""
        self._commanding("start")
        status = await self.look()
        self._check_loaded(status)
        if status.state is not WasherState.READY_TO_START:
            self._refuse(f"the washer is in {status.state}; a run begins from {WasherState.READY_TO_START} only")
        self._histories.begin(status.kit_id)
        await self._port.write(wire.COMMAND, wire.Command.RUN.value)
        await self._told(wire.Command.RUN, lambda s: s.state is not WasherState.READY_TO_START)

    async def acknowledge(self, *, waiting: Waiting, answer: Acknowledgement, step: int) -> None:
        """Answer what the washer waits for; it is asked first, so that what no longer waits is not answered."""
        self._commanding("acknowledge")
        status = await self.look()
        if (status.state, status.waiting, status.step) != (WasherState.PAUSED, waiting, step):
            now = f"{status.state}, waiting for {status.waiting} in step {status.step}"
            self._refuse(f"it no longer waits for {waiting} in step {step} ({now})")
        command = wire.Command.RUN if answer is Acknowledgement.CONTINUE else wire.Command.SKIP
        await self._port.write(wire.COMMAND, command.value)
        await self._told(command, lambda s: (s.state, s.waiting, s.step) != (WasherState.PAUSED, waiting, step))

    async def pause(self) -> None:
        """Pause the run by the word that the site names; RefusedError without one, and where nothing runs."""
        self._commanding("pause")
        status = await self.look()
        if status.state is WasherState.PAUSED:
            return
        if not self._given.pause_word:
            self._refuse("no page that was seen names the word that pauses; name it as pause_word, or use the panel")
        if status.state is not WasherState.RUNNING:
            self._refuse(f"nothing runs that could be paused; the washer is in {status.state}")
        await self._port.write(wire.COMMAND, self._given.pause_word)
        await self._told(self._given.pause_word, lambda s: s.state is not WasherState.RUNNING)

    async def skip(self, *, step: int) -> None:
        """End step ``step`` and go on with the next; RefusedError when the washer is not in it."""
        self._commanding("skip")
        status = await self.look()
        if status.state not in IN_RUN or status.step != step:
            self._refuse(f"step {step} can't be skipped: the washer is in {status.state}, step {status.step}")
        await self._port.write(wire.COMMAND, wire.Command.SKIP.value)
        await self._told(wire.Command.SKIP, lambda s: s.step != step)

    async def history(self) -> RunHistory | None:
        """Give the newest complete file that names this run's kit; None while there is none."""
        status = await self.look()
        return await self._histories.newest(status.kit_id)

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from state, wait and step whether an open call took effect; reads only."""
        if call.method == "prepare":
            program = call.arguments.get("program")
            if not isinstance(program, WashProgram):
                return Unknown(f"no program stands in the call: {program!r}")
            ready = (await self.look()).state is WasherState.READY_TO_START
            return Done() if ready and await self.prepared(program=program) == program else NotDone()
        return settling.settle(call, await self.look())

    async def _select(self, name: str, status: WasherStatus) -> WasherStatus:
        """Select a protocol by the site's own node, or refuse: no page that was seen says how it is done."""
        if not self._given.select:
            selected = repr(status.protocol) if status.protocol else "none"
            self._refuse(f"the selected protocol is {selected}; select {name!r} in Run Manager")
        await self._port.write(self._given.select, name)
        seen = await self._until(lambda s: s.protocol == name, SELECTING)
        if seen.protocol != name:
            self._refuse(f"{self._given.select} was set to {name!r} and the selected protocol is {seen.protocol!r}")
        return seen

    def _check_loaded(self, status: WasherStatus) -> None:
        """Refuse unless the door is closed and the kit valid; the message names which it is."""
        if status.door_closed is not True:
            self._refuse("the door is not closed" if status.door_closed is False else "the door's state is not told")
        if status.kit is not Kit.VALID:
            self._refuse(f"kit {status.kit_id or 'without id'} is {status.kit}; a valid one is needed")

    async def _names(self) -> dict[str, int]:
        """Give the number of each parameter that the selected protocol has."""
        names = [wire.parameter_name(number) for number in range(1, wire.PARAMETERS + 1)]
        read = await self._port.read(*names)
        found = ((number, read.values.get(name)) for number, name in enumerate(names, 1))
        return {value: number for number, value in found if isinstance(value, str) and value}

    async def _numbers(self, program: WashProgram) -> dict[str, int]:
        """Find every parameter by its name, once; raises RefusedError for one too many or too few."""
        names, asked = await self._names(), [p.name for p in program.parameters]
        unknown = [name for name in asked if name not in names]
        missing = [name for name in names if name not in asked]
        twice = sorted({name for name in asked if asked.count(name) > 1})
        for what, which in (("does not have", unknown), ("also needs", missing), ("is given twice", twice)):
            if which:
                self._refuse(f"protocol {program.name!r} {what} {', '.join(map(repr, which))}; it has {list(names)}")
        for parameter in program.parameters:
            if not wire.INT32[0] <= parameter.value <= wire.INT32[1]:
                self._refuse(f"parameter {parameter.name!r} is {parameter.value}; an Int32 is needed")
        return names

    async def _check_valid(self, program: WashProgram, numbers: Mapping[str, int]) -> None:
        read = await self._port.read(*(wire.parameter_valid(numbers[p.name]) for p in program.parameters))
        for parameter in program.parameters:
            said = read.text(wire.parameter_valid(numbers[parameter.name]))
            if said != wire.Valid.VALID:
                self._refuse(f"parameter {parameter.name!r} = {parameter.value} is {said}")

    async def _until(self, reached: Callable[[WasherStatus], bool], within: Seconds) -> WasherStatus:
        """Look until it is reached, at most ``within`` s; gives the last look."""
        status = await self.look()
        for _ in range(round(float(within) / float(LOOKS))):
            if reached(status):
                break
            await self._port.link.stream.arrived(within=LOOKS)
            status = await self.look()
        return status

    async def _told(self, command: str, reached: Callable[[WasherStatus], bool]) -> None:
        """Wait until a look shows that a command was taken; FailedError in error, UnknownError when nothing shows."""
        seen = await self._until(reached, STARTING)
        if seen.state is WasherState.ERROR:
            msg = f"{self._name}: told {command}, the washer is in {seen.state}"
            raise FailedError(msg)
        if not reached(seen):
            msg = f"{self._name}: told {command}, the washer took it and is still in {seen.state}, step {seen.step}"
            raise UnknownError(msg)

    def _commanding(self, what: str) -> None:
        if not self._control:
            self._refuse(f"{what} needs control; this driver was given none")

    def _refuse(self, why: str) -> NoReturn:
        msg = f"{self._name}: {why}"
        raise RefusedError(msg)


def _status(read: Read, *, runs: str) -> WasherStatus:
    """Read one look; a word that no page names is a WireError, a node that is not there is not told."""
    state = wire.word(wire.STATES, read.text(wire.STATE), node=wire.STATE)
    door = read.values.get(wire.DOOR)
    count = read.values.get(runs) if runs else None
    return WasherStatus(
        state=state,
        step=read.whole(wire.STEP) if state in IN_RUN else 0,
        waiting=wire.word(wire.WAITS, read.text(wire.WAITING), node=wire.WAITING),
        kit=wire.word(wire.KITS, read.text(wire.KIT), node=wire.KIT),
        kit_id=str(read.values.get(wire.KIT_ID, "")),
        door_closed=None if door is None else door == wire.CLOSED,
        protocol=str(read.values.get(wire.NAME, "")),
        checksum=str(read.values.get(wire.CHECKSUM, "")),
        runs=count if isinstance(count, int) and not isinstance(count, bool) else None,
    )


def build(link: Link, given: Mapping[str, str], *, control: bool) -> Rotea:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    configure(link, given)
    return Rotea(link, settings(given), control=control)


FACTORY = Factory(
    build=build,
    interface=CellWasher,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Gibco CTS Rotea user guide, chapter 4, pages 93, 94, 99, 102; other pages of it not seen",
    ),
    transports=("opcua", "memory", "tcp", "pty"),
    settings=KEYS,
)
