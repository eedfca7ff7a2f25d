"""Driver of Torrey Pines EchoTherm dry baths (IC20, IC25, RIC40, SC25) as thawers.

Wire:   a command ended by CR, a line ended by CR LF (see ``wire``) on a serial port.
Units:  degC.
Source: operating manuals (pages in ``wire``); support level L1, never run on a dry bath by us. The plate keeps its
        temperature when the host is gone.
"""

from collections.abc import Mapping

from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.echotherm import wire
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.thawer import Thawer, ThawerState, ThawerStatus
from instruments.transport import Link

ANSWER = Seconds(2.0)  # s, for one line each way at 9600 baud; assumed
CLOSE = 0.55  # degC: some models show whole degrees
SPEAKS = "RIC"  # models that may speak unasked


class EchoTherm:
    """A ``Thawer`` behind a serial port.

    RefusedError: no control, or the unit keeps something else than was set. LinkError: silence. WireError: the answer
    breaks the grammar, ``e`` among it. All may be called again.
    """

    def __init__(self, link: Link, *, control: bool) -> None:
        """Use a link; without control nothing is set."""
        self.links = (link,)
        self._link = link
        self._control = control

    async def identify(self) -> Identity:
        """Read model, version and serial number."""
        model, version = wire.identification(await self._ask("v"))
        return Identity("Torrey Pines Scientific", model, await self._ask("V"), version)

    async def look(self) -> ThawerStatus:
        """Read set point and plate temperature; an error code is a state, never a number."""
        wanted = wire.set_point(await self._ask("s"))
        plate, code = wire.plate(await self._ask("p"))
        kept = None if wanted is None else Celsius(wanted)
        if plate is None:
            return ThawerStatus(ThawerState.FAILED, None, kept, f"the unit tells the error {code!r}")
        return ThawerStatus(ThawerState.RESTING if kept is None else ThawerState.HEATING, Celsius(plate), kept)

    async def keep(self, *, temperature: Celsius) -> None:
        """Set the plate and read it back; a unit that may speak unasked is told to be silent before it."""
        self._commanding("setting a temperature")
        if wire.identification(await self._ask("v"))[0].startswith(SPEAKS):
            for word in wire.SILENCE:
                await self._tell(word)
        await self._tell(wire.setting(float(temperature)))
        kept = wire.set_point(await self._ask("s"))
        if kept is None or abs(kept - float(temperature)) > CLOSE:
            said = wire.OFF if kept is None else f"{kept:g} degC"
            raise RefusedError(f"the dry bath keeps {said}, not the {temperature:g} degC that were set")

    async def rest(self) -> None:
        """Switch the plate off and read it back."""
        self._commanding("switching the plate off")
        await self._tell(wire.IDLE)
        kept = wire.set_point(await self._ask("s"))
        if kept is not None:
            raise RefusedError(f"the dry bath still keeps {kept:g} degC, though it was switched off")

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{what} needs control; this driver was given none")

    async def _tell(self, command: str) -> None:
        wire.done(await self._ask(command), to=command)

    async def _ask(self, command: str) -> str:
        return wire.text(await self._link.exchange(wire.command(command), wire.complete, deadline=ANSWER))


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> EchoTherm:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    return EchoTherm(link, control=control)


FACTORY = Factory(
    build=build,
    interface=Thawer,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Torrey Pines Scientific, operating manuals of EchoTherm IC20/IC25, RIC40 and SC25",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={},
)
