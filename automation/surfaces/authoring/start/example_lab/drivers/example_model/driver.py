"""Driver of the EX-20.

Wire:   lines of ASCII on a serial port (see ``wire``).
Units:  s.
Source: as ``wire``; support level L0: no device and no document was tried. The device ends a run by itself.
"""

from collections.abc import Mapping

from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link

from example_lab.drivers.example_model import wire
from example_lab.interfaces.example_device import (
    ExampleDevice,
    ExampleDeviceState,
    ExampleDeviceStatus,
)

ANSWER = Seconds(2.0)  # s, for one line each way at 9600 baud; assumed
STATES = {
    "IDLE": ExampleDeviceState.IDLE,
    "RUN": ExampleDeviceState.RUNNING,
    "ERR": ExampleDeviceState.FAILED,
}


class ExampleModel:
    """One ``ExampleDevice`` behind a serial port.

    RefusedError: no control, or the device said no; nothing changed. LinkError: silence; a command may have taken
    effect. WireError: the answer breaks the grammar; the effect is unknown.
    """

    def __init__(self, link: Link, *, control: bool) -> None:
        """Use a link; without control nothing is started or stopped."""
        self.links = (link,)
        self._link = link
        self._control = control

    async def identify(self) -> Identity:
        """Read model, serial number and firmware."""
        model, serial, firmware = wire.identification(await self._ask(wire.IDENTIFY))
        return Identity("Example Instruments", model, serial, firmware)

    async def look(self) -> ExampleDeviceStatus:
        """Read the state, the time that is left and how many runs there were."""
        state, left, runs = wire.status(await self._ask(wire.LOOK))
        return ExampleDeviceStatus(STATES[state], Seconds(float(left)), runs)

    async def run(self, *, duration: Seconds, after: int) -> None:
        """Begin the run that follows the run ``after``; one that somebody else has begun meanwhile is not ours."""
        self._commanding("starting a run")
        seen = await self.look()
        if seen.runs != after:
            raise RefusedError(f"the device has begun {seen.runs} runs, not the {after} that were seen before")
        await self._tell(wire.running(float(duration)))

    async def stop(self) -> None:
        """Stop, and look that nothing runs; raises RefusedError when it runs on."""
        self._commanding("stopping")
        await self._tell(wire.STOP)
        if (await self.look()).state is ExampleDeviceState.RUNNING:
            raise RefusedError("the device still runs, though it was stopped")

    async def reconcile(self, call: Call) -> Reconciled:
        """Say by the device's own count whether a run of which no answer came has begun; reads only."""
        seen, before = await self.look(), call.arguments["after"]
        if seen.runs == before:
            return NotDone()
        if isinstance(before, int) and seen.runs == before + 1:
            return Done()
        return Unknown(f"the device has begun {seen.runs} runs, and {before} before: some of them are not ours")

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{what} needs control; this driver was given none")

    async def _tell(self, command: str) -> None:
        wire.done(await self._ask(command), to=command)

    async def _ask(self, command: str) -> str:
        return wire.text(await self._link.exchange(wire.command(command), wire.complete, deadline=ANSWER))


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> ExampleModel:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    return ExampleModel(link, control=control)


FACTORY = Factory(
    build=build,
    interface=ExampleDevice,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L0,
        on_host_loss=OnHostLoss.CONTINUES,
        source="an example made up for this page",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={},
)
