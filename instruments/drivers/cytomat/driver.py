"""Driver of a Cytomat: our rules around PyLabRobot's unmodified back end.

A motion is acknowledged when it begins; it is done when the overview register no longer says busy, the station and the
handler stand as they have to, and there is no error. Nothing is repeated, and nothing moves because a link came back.
Wire:   telegrams (see ``wire``), written and read by PyLabRobot (see ``adapter``), sent by our link.
Units:  degC, %; s.
Source: pylabrobot 0.2.2; support level L1, never run on an incubator by us. It keeps its climate when the host is gone.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar

from automation.engine.handles import Container
from automation.kernel.clock import pause
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError, UnknownError, WireError
from automation.kernel.quantity import Celsius, Percent, Seconds
from instruments.drivers.cytomat import wire
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.incubator import CHANNELS, Climate, SetPoints, Shuttle, StoringIncubator
from instruments.transport import Link

if TYPE_CHECKING:
    from instruments.drivers.cytomat.adapter import Store, Trouble

ANSWER = Seconds(2.0)  # s; PyLabRobot waits one
MOTION, INITIALISATION = Seconds(180.0), Seconds(310.0)  # s; PyLabRobot gives up after 60 to 120, and after 300
EVERY, OFTEN = Seconds(2.0), 60  # how long a motion that still runs is waited for after doubt
LOWEST, HIGHEST = -20.0, 100.0  # degC; beyond it the sensor is broken
CLOSE = 0.05  # degC and %
MODELS = ("C6000", "C6002", "C2C_425", "C2C_450_SHAKE", "C5C")
GASES = {"co2": "ic", "humidity": "ih", "oxygen": "io"}
_Told = TypeVar("_Told")
_PLACES = re.compile(r"[1-9][0-9]{0,2}(,[1-9][0-9]{0,2}){0,19}")


class Cytomat:
    """A ``StoringIncubator`` that speaks telegrams through PyLabRobot.

    RefusedError: it can't be, or there is no control; nothing moved. FailedError: the device did not take the command.
    LinkError, WireError, UnknownError: it may have happened. What is read may be asked for again.
    """

    channels: ClassVar[Mapping[str, str]] = CHANNELS

    def __init__(
        self, link: Link, *, identity: Identity, racks: tuple[int, ...], gases: tuple[str, ...], control: bool
    ) -> None:
        """Speak over ``link``; ``racks`` by their places, ``gases`` that it measures; without ``control`` only read."""
        self.links = (link,)
        self._link = link
        self._identity = identity
        self._racks = racks
        self._gases = gases
        self._control = control
        self._made: Store | None = None
        self._turn = asyncio.Lock()

    async def identify(self) -> Identity:
        """Ask whether it is there; who it is nobody can ask, so the site declares it."""
        async with self._turn:
            await self._there()
        return self._identity

    async def climate(self) -> Climate:
        """Read the climate once; gases that the site does not name read None."""
        async with self._turn:
            seen = await self._overview()
            temperature = (await self._read("it"))[1]
            gases = {gas: _share((await self._read(GASES[gas]))[1]) for gas in self._gases}
            alarms = ((await self._told("the error register", self._store.error())) or "error",) if seen.error else ()
        return Climate(
            Celsius(temperature) if LOWEST <= temperature <= HIGHEST else None,
            gases.get("co2"),
            gases.get("humidity"),
            gases.get("oxygen"),
            seen.door_open,
            alarms,
        )

    async def look(self) -> Climate:
        """Read the climate once, for a watch beside the steps."""
        return await self.climate()

    async def set_points(self) -> SetPoints:
        """Read what it is set to keep."""
        async with self._turn:
            co2 = (await self._read("ic"))[0] if "co2" in self._gases else None
            return SetPoints(Celsius((await self._read("it"))[0]), None if co2 is None else Percent(co2))

    async def keep(self, *, set_points: SetPoints) -> None:
        """Find it set so; nobody published how to set it, so anything else is set by hand at its panel."""
        if not self._control:
            raise RefusedError("setting the climate needs control; this driver was given none")
        kept = await self.set_points()
        differs = abs(float(kept.temperature) - float(set_points.temperature)) > CLOSE
        if set_points.co2 is not None:
            differs = differs or kept.co2 is None or abs(float(kept.co2) - float(set_points.co2)) > CLOSE
        if differs:
            gas = "no CO2" if kept.co2 is None else f"{kept.co2:g} % CO2"
            raise RefusedError(f"it is set to {kept.temperature:g} degC and {gas}; set it at its panel, then go on")

    async def shuttle(self) -> Shuttle:
        """Look at transfer station and handler."""
        async with self._turn:
            seen = await self._overview()
            problem = await self._told("the error register", self._store.error()) if seen.error else ""
        return Shuttle(
            ready=seen.ready and not seen.error,
            busy=seen.busy,
            at_gate=seen.station_occupied,
            carrying=seen.handler_occupied,
            door_open=seen.door_open,
            gate_open=seen.gate_open,
            problem=problem or ("" if seen.ready else "not set up"),
        )

    async def set_up(self) -> None:
        """Let the handler find its position; one that is ready does not move."""
        self._commanding("set_up")
        async with self._turn:
            seen = await self._idle()
            if seen.handler_occupied:
                raise RefusedError(f"{self._link.name}: the handler carries a plate; take it off by hand first")
            if seen.ready and not seen.error:
                return
            await self._move(self._store.initialise, lambda now: now.ready and not now.error, within=INITIALISATION)

    async def store(
        self,
        *,
        slot: int,
        containers: tuple[Container, ...],  # noqa: ARG002  for the gates
    ) -> None:
        """Take what stands on the transfer station to a place."""
        self._commanding("store")
        self._check(slot)
        async with self._turn:
            seen = self._usable(await self._idle())
            if not seen.station_occupied:
                raise RefusedError(f"{self._link.name}: nothing stands on the transfer station")
            await self._move(partial(self._store.take_in, slot), _is_in)

    async def fetch(
        self,
        *,
        slot: int,
        containers: tuple[Container, ...],  # noqa: ARG002  for the gates
    ) -> None:
        """Bring what stands on a place out to the transfer station."""
        self._commanding("fetch")
        self._check(slot)
        async with self._turn:
            seen = self._usable(await self._idle())
            if seen.station_occupied:
                raise RefusedError(f"{self._link.name}: something stands on the transfer station; take it away first")
            await self._move(partial(self._store.bring_out, slot), _is_out)

    async def reconcile(self, call: Call) -> Reconciled:
        """Wait until nothing moves, then see where the plate is."""
        async with self._turn:
            seen = await self._overview()
            for _ in range(OFTEN):
                if not seen.busy:
                    break
                await pause(EVERY)
                seen = await self._overview()
        if seen.busy:
            return Unknown("the handler still moves")
        if call.method == "set_up":
            return Done() if seen.ready and not seen.error else NotDone()
        if seen.handler_occupied or not seen.ready:
            return Unknown("the handler carries a plate, or was switched off: look where the plate is")
        done = {"store": _is_in, "fetch": _is_out}.get(call.method)
        if done is None:
            return Unknown(f"{call.method} is no motion")
        return Done() if done(seen) else NotDone()

    @property
    def _store(self) -> "Store":
        """Give PyLabRobot's back end; made when it is first needed."""
        if self._made is None:
            from instruments.drivers.cytomat.adapter import Store  # noqa: PLC0415  loads PyLabRobot, 0.2 s

            self._made = Store(self._exchange, self._identity.model, self._racks)
        return self._made

    @property
    def _end(self) -> bytes:
        return wire.SHORT_END if self._identity.model == "C2C_425" else wire.END

    async def _exchange(self, data: bytes) -> bytes:
        return await self._link.exchange(data, partial(wire.complete, end=self._end), deadline=ANSWER)

    async def _there(self) -> None:
        """Hear that it answers, without loading PyLabRobot; raises WireError when it only says that it is busy."""
        asked = wire.Command("ch", "bs")
        for _ in range(OFTEN):
            if wire.answer(await self._exchange(b"ch:bs" + self._end), asked)[0] != "er":
                return
            await pause(EVERY)
        raise WireError(f"{self._link.name}: the overview register could not be read")

    async def _overview(self) -> wire.Overview:
        return await self._told("the overview register", self._store.overview())

    async def _read(self, query: str) -> tuple[float, float]:
        return await self._told(wire.CLIMATE[query], self._store.climate(query))

    async def _told(self, what: str, work: "Awaitable[_Told | Trouble]") -> _Told:
        """Give what PyLabRobot has read; raises WireError when it could not."""
        from instruments.drivers.cytomat.adapter import Trouble  # noqa: PLC0415  as above

        said = await work
        if isinstance(said, Trouble):
            raise WireError(f"{self._link.name}: {what} could not be read: {said.text}")
        return said

    async def _idle(self) -> wire.Overview:
        """See that nothing moves; raises RefusedError when something does."""
        seen = await self._overview()
        if seen.busy:
            raise RefusedError(f"{self._link.name}: the handler moves; wait until it has ended")
        return seen

    def _usable(self, seen: wire.Overview) -> wire.Overview:
        if not seen.ready or seen.error or seen.handler_occupied or seen.door_open:
            why = (
                "carries a plate"
                if seen.handler_occupied
                else "stands before an open door"
                if seen.door_open
                else "is not set up"
            )
            raise RefusedError(f"{self._link.name}: the handler {why}")
        return seen

    async def _move(
        self,
        work: "Callable[[], Awaitable[Trouble | None]]",
        done: Callable[[wire.Overview], bool],
        *,
        within: Seconds = MOTION,
    ) -> None:
        """Let PyLabRobot move something and see that it has; an error of the device is known only if nothing moved."""
        try:
            async with asyncio.timeout(float(within)):
                trouble = await work()
        except TimeoutError:
            raise UnknownError(f"{self._link.name}: the motion has not ended within {within:g} s") from None
        if trouble is not None and not self._store.line.taken:
            raise FailedError(f"{self._link.name}: the device did not take the command: {trouble.text}")
        seen = await self._overview()
        if trouble is not None and not (seen.busy or seen.handler_occupied or done(seen)):
            raise FailedError(f"{self._link.name}: nothing has moved from where it was: {trouble.text}")
        if trouble is not None:
            raise UnknownError(f"{self._link.name}: {trouble.text}")
        if not done(seen):
            raise UnknownError(f"{self._link.name}: the motion has ended, and the plate is not where it has to be")

    def _check(self, slot: int) -> None:
        if not 1 <= slot <= sum(self._racks):
            raise RefusedError(f"slot is {slot}; {self._link.name} has 1 to {sum(self._racks)}")

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{self._link.name}: {what} needs control; this driver was given none")


def _is_in(seen: wire.Overview) -> bool:
    return not seen.station_occupied and not seen.handler_occupied


def _is_out(seen: wire.Overview) -> bool:
    return seen.station_occupied and not seen.handler_occupied


def _share(value: float) -> Percent | None:
    """Give a share of 0 to 100 %; beyond it the sensor is broken."""
    return Percent(value) if 0.0 <= value <= 100.0 else None


def build(link: Link, given: Mapping[str, str], *, control: bool) -> Cytomat:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    model, places = given.get("model", ""), given.get("racks", "")
    if model not in MODELS:
        raise InputError(f"model is {model!r}; one of {', '.join(MODELS)} is needed", where="model")
    if not _PLACES.fullmatch(places):
        raise InputError(
            f"racks is {places!r}; the places of each rack are needed, for example '21,21,10'", where="racks"
        )
    gases = tuple(word for word in given.get("gases", "").split(",") if word)
    if not set(gases) <= set(GASES):
        raise InputError(f"gases is {given['gases']!r}; of {', '.join(GASES)} those that it measures", where="gases")
    identity = Identity("Thermo Fisher Scientific", model, given.get("serial", ""))
    racks = tuple(int(word) for word in places.split(","))
    return Cytomat(link, identity=identity, racks=racks, gases=gases, control=control)


FACTORY = Factory(
    build=build,
    interface=StoringIncubator,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="pylabrobot 0.2.2 (MIT), storage/cytomat",
    ),
    transports=("serial", "memory", "pty", "tcp"),
    settings={
        "model": f"as PyLabRobot calls it: {', '.join(MODELS)}",
        "racks": "places of each rack, from the first, for example 21,21,10",
        "gases": "of co2, humidity, oxygen those that it measures; none unless stated",
        "serial": "serial number on the rating plate",
    },
)
