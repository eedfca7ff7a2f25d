"""Controlled-rate freezer on a Eurotherm 2400 or 3500 controller, over EI-Bisynch, as far as it is documented.

Wire:   9600 7E1 (see ``wire.bisynch``). Segments of a program can be neither written nor read: a program that was
        entered at the panel and checked at OQ is selected by its number; a person says whether it still reads so.
        No mnemonic for alarms or time left is published, so ``run`` gives neither.
Units:  degC, K/min, s; nothing above this module converts a unit.
Source: Eurotherm HA026230, as far as ``wire.bisynch`` says; support level L1, never run on a device by us.
Writes: SL (target set point), PN (program number), PC (programmer status); nothing else.
"""

from collections.abc import Mapping
from typing import ClassVar, NoReturn

from automation.engine.handles import Container
from automation.kernel.effect import Call, Reconciled
from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.ids import digest
from automation.kernel.quantity import Celsius
from instruments.drivers.eurotherm import words
from instruments.drivers.eurotherm.settings import KEYS, STORED_KEYS, Protocol, Settings, check_line, settings
from instruments.drivers.eurotherm.states import AFTER, RUNNING, run_state, settle
from instruments.drivers.eurotherm.wire import bisynch
from instruments.drivers.eurotherm.wire.registers import Status
from instruments.drivers.factory import Factory
from instruments.drivers.stored_programs import as_approved, program_digest
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.freezer import ControlledRateFreezer, PowerFail, Program, Run, RunReport, RunState
from instruments.transport import Link

PROTOCOL = Protocol(line="9600 7E1", units=99, programs=20)  # the address has two digits


class EurothermBisynch:
    """A ``ControlledRateFreezer`` that speaks EI-Bisynch.

    Every method raises one of four errors, named by what is then known:

    RefusedError: the controller said no, or the protocol or the site's declaration does not allow it; nothing changed.
    FailedError: the controller answered, and what stands in it is not what was asked for.
    LinkError: the link broke; the command may have taken effect.
    WireError: the reply breaks the grammar; the effect is unknown.
    """

    asks_person: ClassVar[frozenset[str]] = frozenset({"loaded"})

    def __init__(self, link: Link, given: Settings, *, control: bool) -> None:
        """Speak over ``link``; without ``control`` every command is refused."""
        check_line(link, given.line)
        self.link = link
        self.links = (link,)
        self._given = given
        self._control = control

    async def identify(self) -> Identity:
        """Read the ID and the set point limits; model and serial are the site's declaration."""
        said = [await self._ask(mnemonic) for mnemonic in ("ID", "HS", "LS")]
        return Identity("Eurotherm", self._given.model, self._given.serial, configuration=digest(*said).hex()[:16])

    async def power_fail(self) -> PowerFail:
        """Give what the site declares of the controller's configuration; checked at OQ, not on the wire."""
        return self._given.power_fail

    async def load(self, *, program: Program) -> None:
        """Select the stored program that the site declares to be this one; refused for any other."""
        self._commanding("load")
        found = program_digest(program)
        if (program.name, found) != (self._given.stored, self._given.stored_digest):
            msg = (
                f"{self.link.name}: EI-Bisynch can't write segments. Enter {program.name!r} at the panel as program "
                f"{self._given.program}, check it at OQ and declare stored: {program.name}, stored_digest: {found}; "
                f"declared are {self._given.stored or 'none'!r}, {self._given.stored_digest or 'none'!r}"
            )
            raise RefusedError(msg)
        state = await self._state()
        if state in RUNNING:
            msg = f"{self.link.name}: a program is in {state}; a new one is selected when it has ended"
            raise RefusedError(msg)
        if state is RunState.COMPLETE:
            await self._command(Status.RESET)
        await self._tell("PN", str(self._given.program))
        selected = bisynch.whole(await self._ask("PN"))
        if selected != self._given.program:
            msg = f"{self.link.name}: program {self._given.program} was selected, the controller shows {selected}"
            raise FailedError(msg)

    async def loaded(self, *, program: Program) -> Program:
        """Let a person say whether the program reads as approved at the panel: its segments can't be read.

        Gives a program without segments where it does not, or where the site declares another one.
        """
        given, other = self._given, Program(program.name, ())
        if (program.name, program_digest(program)) != (given.stored, given.stored_digest):
            return other
        shown = f"{given.stored!r} (number {given.program} at the panel)"
        return program if await as_approved(program, at=self.link.name, shown=shown, stands=False) else other

    async def start(self, *, containers: tuple[Container, ...]) -> None:  # noqa: ARG002  the binding asks the gate for them
        """Start the selected program; refused unless the programmer is in reset and shows the right number."""
        self._commanding("start")
        state, selected = await self._state(), bisynch.whole(await self._ask("PN"))
        if state is not RunState.RESET or selected != self._given.program:
            msg = (
                f"{self.link.name}: the programmer is in {state} with program {selected}; "
                f"a start needs {RunState.RESET} with program {self._given.program}"
            )
            raise RefusedError(msg)
        await self._command(Status.RUN)

    async def run(self) -> Run:
        """Look at the run."""
        return Run(
            state=await self._state(),
            segment=bisynch.whole(await self._ask("SN")),
            remaining=None,
            setpoint=Celsius(bisynch.number(await self._ask("SP"))),
            chamber=await self.chamber(),
        )

    async def chamber(self) -> Celsius:
        """Read the chamber (degC) in one exchange; what a broken sensor answers is not documented."""
        return Celsius(bisynch.number(await self._ask("PV")))

    async def hold(self) -> None:
        """Hold the program where it is."""
        self._commanding("hold")
        await self._command(Status.HOLD)

    async def go_on(self) -> None:
        """Let a held program go on."""
        self._commanding("go_on")
        state = await self._state()
        if state is not RunState.HOLD:
            msg = f"{self.link.name}: the programmer is in {state}; only a held program goes on"
            raise RefusedError(msg)
        await self._command(Status.RUN)

    async def reset(self) -> None:
        """End the program; the chamber goes to its stand-by set point."""
        self._commanding("reset")
        await self._command(Status.RESET)

    async def stand_by(self, *, target: Celsius) -> None:
        """Set the stand-by set point (degC, one decimal) and read it back."""
        self._commanding("stand_by")
        wanted = round(float(target), 1)
        if abs(wanted - float(target)) > 1e-9:
            msg = f"{self.link.name}: target is {target:g} degC; the controller takes one decimal"
            raise RefusedError(msg)
        await self._tell("SL", f"{wanted:.1f}")
        stands = bisynch.number(await self._ask("SL"))
        if stands != wanted:
            msg = f"{self.link.name}: the set point was set to {wanted:g} degC and stands at {stands:g} degC"
            raise FailedError(msg)

    async def report(self) -> RunReport | None:
        """Give None: the controller keeps no report, its readings are taken live."""
        return None

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from the programmer's state whether an open call took effect; reads only."""
        state, program = await self._state(), bisynch.whole(await self._ask("PN"))
        return settle(call, state, program=program, given=self._given)

    @staticmethod
    def in_words(sent: bytes, received: bytes) -> tuple[str, str]:
        """Say in words what an exchange says."""
        return words.of_bisynch(sent, received)

    async def _state(self) -> RunState:
        return run_state(bisynch.whole(await self._ask("PC")))

    async def _command(self, status: Status) -> None:
        """Set the programmer's status and look whether it is what was asked for."""
        await self._tell("PC", str(int(status)))
        state = await self._state()
        if state not in AFTER[status]:
            msg = f"{self.link.name}: told {status.name.lower()}, the programmer acknowledged and is in {state}"
            raise FailedError(msg)

    async def _ask(self, mnemonic: str) -> str:
        ask = bisynch.Ask(self._given.unit, mnemonic)
        return ask.text(await self.link.exchange(ask.frame, ask.complete))

    async def _tell(self, mnemonic: str, text: str) -> None:
        tell = bisynch.Tell(self._given.unit, mnemonic, text=text)
        if not tell.accepted(await self.link.exchange(tell.frame, tell.complete)):
            self._refused(mnemonic, text, reason=await self._ask("EE"))

    def _refused(self, mnemonic: str, text: str, *, reason: str) -> NoReturn:
        msg = f"{self.link.name}: the controller refused {mnemonic}={text}; EE is {reason.strip()}"
        raise RefusedError(msg)

    def _commanding(self, what: str) -> None:
        if not self._control:
            msg = f"{self.link.name}: {what} needs control; this driver was given none"
            raise RefusedError(msg)


def build(link: Link, given: Mapping[str, str], *, control: bool) -> EurothermBisynch:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    return EurothermBisynch(link, settings(given, PROTOCOL), control=control)


FACTORY = Factory(
    build=build,
    interface=ControlledRateFreezer,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Eurotherm HA026230 and public EI-Bisynch drivers, see wire.bisynch",
    ),
    transports=("serial", "tcp", "pty", "memory"),
    settings=KEYS | STORED_KEYS,
)
