"""Driver of label printers that understand ZPL.

Wire:   formats in ZPL, ``~HS`` and ``~HI`` (see ``wire``); TCP port 9100.
Units:  mm on the label, s.
Source: ZPL II Programming Guide 45541L-004 Rev. A and docs.zebra.com (pages in ``wire``); level L1, no printer tried.

A printer acknowledges nothing. Printed means: it was ready and empty, the format was sent, and it was ready and empty
again, looked at twice. What came out is for the scanner to say.
"""

import asyncio
import hashlib
from collections.abc import Mapping

from automation.engine.handles import Container
from automation.engine.printable import Text
from automation.kernel.clock import pause
from automation.kernel.effect import Call, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, UnknownError, WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.zpl_printer.templates import Stock, draw
from instruments.drivers.zpl_printer.wire import status as wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.label_printer import Label, LabelPrinter, Printed, PrinterStatus
from instruments.transport import Link

ANSWER = Seconds(3.0)  # s, for a status
EVERY = Seconds(0.5)  # s between two looks at a label that is being printed
WITHIN = Seconds(45.0)  # s, of the 60 s of a print, in which a label comes out
CALM = 2  # looks in a row at which the printer is empty: the first may come before it has read the format
GARBLED = 3  # looks in a row that can't be read, after which nothing is known
USUAL = Stock()
DOTS = (6, 8, 12, 24)  # per mm, of the printheads in the guide


class ZplPrinter:
    """A ``LabelPrinter`` that speaks ZPL.

    RefusedError: the driver is read-only, the label can't be drawn, or the printer was not ready; nothing was sent.
    UnknownError: after sending, a fault or silence: a label may or may not have come out.
    LinkError: the link broke or stayed silent. WireError: the reply breaks the grammar.
    """

    def __init__(self, link: Link, stock: Stock, *, control: bool, plate: Identity | None = None) -> None:
        """Print over ``link`` on ``stock``; ``plate`` is what the rating plate says, as the site states it."""
        self.links = (link,)
        self._link = link
        self._stock = stock
        self._control = control
        self._plate = plate or Identity("", "", "")

    async def identify(self) -> Identity:
        """Read model and firmware; the digest is of resolution, memory and options.

        Maker and serial number are the site's. Raises FailedError when the printhead is another than stated.
        """
        reply = await self._link.exchange(wire.HOST_IDENTIFICATION, wire.Until(1), deadline=ANSWER)
        said = wire.identification(reply)
        if said.dots != self._stock.dots:
            msg = f"{self._link.name}: the printhead has {said.dots} dots/mm; the site states {self._stock.dots}"
            raise FailedError(msg)
        configuration = digest(said.dots, said.memory, said.options).hex()[:16]
        return Identity(self._plate.maker, said.model, self._plate.serial, said.firmware, configuration)

    async def status(self) -> PrinterStatus:
        """Read the state of the printer."""
        until = wire.Until(wire.STATUS_LINES)
        return wire.status(await self._link.exchange(wire.HOST_STATUS, until, deadline=ANSWER))

    async def print(self, *, label: Label, container: Container) -> Printed:  # noqa: ARG002  for gate and record only
        """Send one label and wait until it has left the queue."""
        if not self._control:
            msg = f"{self._link.name}: the driver is read-only; print is refused"
            raise RefusedError(msg)
        format_ = draw(label, self._stock)
        await self._ready()
        await self._link.send(format_)
        await self._empty(label)
        return Printed(label.id, hashlib.sha256(format_).hexdigest(), format_.decode("ascii"))

    async def reconcile(self, call: Call) -> Reconciled:
        """Say what the printer shows now; it can't tell whether a label came out, so a person looks."""
        try:
            now = _told(await self.status())
        except (LinkError, WireError) as error:
            now = f"it does not say how it is ({error})"
        return Unknown(f"a printer can't say whether a label came out of it; {call.asset}: {now}")

    async def reply_of(self, call: Call) -> Printed:
        """Give the specimen of a label that a person has seen come out; raises FailedError for another act."""
        label = call.arguments.get("label")
        if not isinstance(label, Label):
            msg = f"{self._link.name}: {call.method} prints no label"
            raise FailedError(msg)
        format_ = draw(label, self._stock)
        return Printed(label.id, hashlib.sha256(format_).hexdigest(), format_.decode("ascii"))

    def misfit(self, text: Text) -> str:
        """Say why a text does not fit on the labels; empty when it does. Nothing is sent."""
        name = text.container
        try:
            draw(Label(f"{name}-L99", f"CONTAINER:{name}", text.lines, marks=text.marks), self._stock)
        except RefusedError as refusal:
            return str(refusal)
        return ""

    async def _ready(self) -> None:
        """Refuse unless the printer is without fault and empty; nothing has been sent yet."""
        try:
            now = await self.status()
        except (LinkError, WireError) as error:
            msg = (
                f"{self._link.name}: nothing was sent, because the printer does not say how it is ({error}); some "
                "do not answer while paper or ribbon is out or the head is open"
            )
            raise RefusedError(msg) from error
        if now.faults or not now.idle:
            msg = f"{self._link.name}: nothing was sent, because the printer is not ready: {_told(now)}"
            raise RefusedError(msg)

    async def _empty(self, label: Label) -> None:
        """Look until the printer is empty again; raises UnknownError for a fault, silence or when it takes too long."""
        clock = asyncio.get_running_loop().time
        end, calm, garbled, why = clock() + float(WITHIN), 0, 0, ""
        while calm < CALM and clock() < end:
            try:
                now = await self.status()
            except WireError as error:
                calm, garbled, why = 0, garbled + 1, f"what the printer says can't be read ({error})"
            except LinkError as error:
                why = f"the printer fell silent ({error}); an empty queue after that proves nothing"
                break
            else:
                calm, garbled, why = calm + 1 if now.idle else 0, 0, _told(now)
                if now.faults:
                    break
            if garbled == GARBLED:
                break
            await pause(EVERY)
        if calm == CALM:
            return
        msg = f"{self._link.name}: label {label.id} was sent and may or may not have come out, now or later: {why}"
        raise UnknownError(msg)


def _told(now: PrinterStatus) -> str:
    """Say in words what a status shows."""
    waiting = f"{now.waiting} waiting, {now.left} to come"
    return f"{', '.join(now.faults) or 'no fault'}; {waiting}"


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> ZplPrinter:
    """Make the driver from the settings of a site; raises InputError for a size that is not one."""
    dots = int(_number(settings, "dots", USUAL.dots))
    if dots not in DOTS:
        msg = f"dots is {settings['dots']!r}; allowed: {', '.join(map(str, DOTS))} per mm"
        raise InputError(msg, where="dots")
    stock = Stock(_number(settings, "width", USUAL.width), _number(settings, "height", USUAL.height), dots)
    plate = Identity(settings.get("maker", ""), "", settings.get("plate_serial", ""))
    return ZplPrinter(link, stock, control=control, plate=plate)


def _number(settings: Mapping[str, str], key: str, usual: float) -> float:
    stated = settings.get(key, f"{usual:g}")
    try:
        value = float(stated)
    except ValueError:
        value = 0.0
    if not 1.0 <= value <= 300.0:
        msg = f"{key} is {stated!r}; a number from 1 to 300 is needed"
        raise InputError(msg, where=key)
    return value


FACTORY = Factory(
    build=build,
    interface=LabelPrinter,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="ZPL II Programming Guide 45541L-004 Rev. A; ZPL Programming Guide at docs.zebra.com",
    ),
    transports=("memory", "pty", "tcp"),
    settings={
        "width": f"mm, width of the labels; {USUAL.width:g} unless stated",
        "height": f"mm, height of the labels; {USUAL.height:g} unless stated",
        "dots": f"per mm, of the printhead ({', '.join(map(str, DOTS))}); {USUAL.dots} unless stated",
        "maker": "maker on the rating plate; the printer does not tell it",
        "plate_serial": "serial number on the rating plate; the printer does not tell it",
    },
)
