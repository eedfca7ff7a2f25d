"""Driver of a rocking-bag bioreactor behind a LADS server: set points are targets, a culture and a feed are programs.

Wire:   node port (``instruments.transport.nodes``); live over OPC UA, in simulated time on the fake.
Units:  as ``CultureSetPoints``; each function's own unit is compared with them before anything is set.
Source: OPC 30500-1 for the model (see ``wire``); no rocking bag with a LADS server was seen, so the names of units,
        functions and programs are the site's settings. Support level L1, never run on a device by us.
"""

from collections.abc import Mapping
from typing import NoReturn

from automation.engine.handles import Container, Lot
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.quantity import Celsius, Millilitres, Percent
from instruments.drivers.factory import Factory
from instruments.drivers.lads import wire
from instruments.drivers.lads.settings import FEED_UNITS, KEYS, UNITS, Settings, configure, settings
from instruments.drivers.lads.unit import FunctionalUnit, State, identity
from instruments.interfaces.bioreactor import (
    Bioreactor,
    BioreactorStatus,
    Cultivating,
    CultureSetPoints,
    CultureValues,
    Fed,
    Feeding,
    Perfusion,
)
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link
from instruments.transport.nodes import NodePort

BY_ITSELF = ("ph", "dissolved_oxygen")  # what the device controls only when its function is started
SAME = 1e-6  # share by which a target may come back otherwise
WHOLE = 0.98  # share of a feed's volume from which on it is complete


class LadsBioreactor:
    """A ``Bioreactor`` behind the functional units of a LADS server.

    RefusedError: the device or a check said no; nothing was begun. FailedError: it answered, and does not keep what was
    asked for. LinkError, WireError, UnknownError: it may have happened; the device is asked before anything else.
    """

    def __init__(self, link: Link, given: Settings, *, control: bool) -> None:
        """Speak over ``link``; without ``control`` every command is refused."""
        self.links = (link,)
        self._port, self._name = NodePort(link), link.name
        self._given, self._control = given, control
        self._culture = FunctionalUnit(self._port, device=given.device, unit=given.culture_unit)
        self._pump = FunctionalUnit(self._port, device=given.device, unit=given.feed_unit)
        self._checked = False

    async def identify(self) -> Identity:
        """Read the identification, and compare the units of every function with ours."""
        found = await identity(self._port, self._given.device)
        await self._check_units()
        return found

    async def look(self) -> BioreactorStatus:
        """Look at the state of the culture and at the feed that runs."""
        state = _state(await self._culture.state())
        if not self._given.feed_unit:
            return BioreactorStatus(state)
        total = await self._pump.values({"total": self._given.feed_volume}, wire.TOTAL)
        given = None if total["total"] is None else Millilitres(total["total"])
        return BioreactorStatus(state, await self._feeding(), given)

    async def values(self) -> CultureValues:
        """Read the current value of every function in one exchange."""
        await self._check_units()
        seen = await self._culture.values(self._given.functions, wire.CURRENT)
        return CultureValues(
            temperature=None if (warm := seen.get("temperature")) is None else Celsius(warm),
            rocking_rate=seen.get("rocking_rate"),
            angle=seen.get("angle"),
            ph=seen.get("ph"),
            dissolved_oxygen=_percent(seen.get("dissolved_oxygen")),
            gas_flow=seen.get("gas_flow"),
            co2=_percent(seen.get("co2")),
            oxygen=_percent(seen.get("oxygen")),
            perfusion_rate=seen.get("perfusion"),
        )

    async def set_points(self) -> CultureSetPoints:
        """Read every target; pH and dissolved oxygen count while their functions are started."""
        kept = await self._kept()
        return CultureSetPoints(
            temperature=Celsius(self._told(kept, "temperature")),
            rocking_rate=self._told(kept, "rocking_rate"),
            angle=self._told(kept, "angle"),
            gas_flow=self._told(kept, "gas_flow"),
            co2=Percent(self._told(kept, "co2")),
            oxygen=Percent(self._told(kept, "oxygen")),
            ph=kept.get("ph"),
            dissolved_oxygen=_percent(kept.get("dissolved_oxygen")),
        )

    async def keep(self, *, set_points: CultureSetPoints) -> None:
        """Set what differs and read everything back; what was set before a refusal is put back."""
        self._commanding("keep")
        await self._check_units()
        wanted = _wanted(set_points)
        missing = [word for word, value in wanted.items() if value is not None and word not in self._given.functions]
        if missing:
            self._refuse(f"it has no function for {', '.join(missing)}")
        before = await self._kept()
        done: list[str] = []
        try:
            for word, value in wanted.items():
                if value is not None and not _same(before.get(word), value):
                    await self._culture.put(self._given.functions[word], value)
                    done.append(word)
        except RefusedError:
            for word in done:
                if (was := before.get(word)) is not None:
                    await self._culture.put(self._given.functions[word], was)
            raise
        for word in BY_ITSELF:
            if word in self._given.functions and (wanted[word] is None) != (before.get(word) is None):
                await self._culture.switch(self._given.functions[word], on=wanted[word] is not None)
        if await self.set_points() != set_points:
            raise FailedError(f"{self._name}: it keeps {await self.set_points()}, not {set_points}")

    async def start(self, *, culture: Container) -> None:
        """Start the culture's program for this container, and wait until it shows."""
        self._commanding("start")
        state = _state(await self._culture.state())
        if state is not Cultivating.STOPPED:
            self._refuse(f"it is {state}; a culture begins from {Cultivating.STOPPED} only")
        await self._culture.start_program(self._given.culture_program, job=culture.id, task=culture.id)
        await self._culture.until(lambda s: _state(s) is Cultivating.RUNNING, told="to start")

    async def hold(self) -> None:
        """Hold, and wait until it shows; a held one stays so."""
        await self._go("Hold", Cultivating.HELD, since=Cultivating.RUNNING)

    async def resume(self) -> None:
        """Unhold, and wait until it shows; a running one goes on."""
        await self._go("Unhold", Cultivating.RUNNING, since=Cultivating.HELD)

    async def stop(self) -> None:
        """Stop, and wait until it shows; a stopped one stays so."""
        self._commanding("stop")
        if _state(await self._culture.state()) is not Cultivating.STOPPED:
            await self._culture.command("Stop")
            await self._culture.until(lambda s: _state(s) is Cultivating.STOPPED, told="to stop")

    async def feed(
        self,
        *,
        medium: Lot | Container,  # noqa: ARG002  the binding asks the gate
        culture: Container,
        volume: Millilitres,
        task: str,
    ) -> None:
        """Set the volume and start the feed's program under our task."""
        self._commanding("feed")
        self._needs_pump()
        state = _state(await self._culture.state())
        if state is not Cultivating.RUNNING:
            self._refuse(f"it is {state}; a feed goes into a running culture only")
        if running := await self._feeding():
            self._refuse(f"feed {running!r} runs")
        if not task or await self._pump.run_of(task) is not None:
            self._refuse(f"task is {task!r}; a name that the device has not had yet is needed")
        await self._pump.put(self._given.feed_volume, float(volume))
        await self._pump.start_program(self._given.feed_program, job=culture.id, task=task)

    async def fed(self, *, task: str) -> Fed | None:
        """Read the result of the run for this task."""
        self._needs_pump()
        run = await self._pump.run_of(task)
        if run is None:
            return None
        given = run.values.get(self._given.result_given)
        volume = None if given is None else Millilitres(given)
        if not run.over:
            return Fed(Feeding.RUNNING, volume)
        whole = given is None or given >= WHOLE * run.values.get(self._given.result_asked, 0.0)
        return Fed(Feeding.COMPLETE if whole else Feeding.ENDED_EARLY, volume)

    async def perfuse(
        self,
        *,
        medium: Lot | Container,  # noqa: ARG002  the binding asks the gate
        culture: Container,  # noqa: ARG002  as above
        waste: Container,  # noqa: ARG002  as above
        perfusion: Perfusion,
    ) -> None:
        """Set the rate, start the function, and read both back; 0 stops it."""
        self._commanding("perfuse")
        if perfusion.rate <= 0.0:
            await self.end_perfusion()
            return
        await self._check_units()
        name = self._perfusing()
        await self._culture.put(name, perfusion.rate)
        if not (await self._culture.running({"it": name}))["it"]:
            await self._culture.switch(name, on=True)
        kept = await self.perfusion()
        if not _same(kept.rate, perfusion.rate):
            raise FailedError(f"{self._name}: it perfuses at {kept.rate:g} mL/h, not {perfusion.rate:g}")

    async def perfusion(self) -> Perfusion:
        """Read the rate that is set; 0 while the function is stopped."""
        name = self._perfusing()
        if not (await self._culture.running({"it": name}))["it"]:
            return Perfusion(0.0)
        rate = (await self._culture.values({"it": name}, wire.TARGET))["it"]
        if rate is None:
            raise FailedError(f"{self._name}: it does not tell the rate that is set")
        return Perfusion(rate)

    async def end_perfusion(self) -> None:
        """Stop the function and read back that it is stopped."""
        self._commanding("end_perfusion")
        name = self._perfusing()
        if (await self._culture.running({"it": name}))["it"]:
            await self._culture.switch(name, on=False)
        if (await self.perfusion()).rate > 0.0:
            raise FailedError(f"{self._name}: told to end, the perfusion goes on")

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from the states, and from the results of the feed, whether an open call took effect; reads only."""
        if call.method == "feed":
            return await self._settle_feed(str(call.arguments.get("task", "")))
        goal, before = {
            "start": (Cultivating.RUNNING, Cultivating.STOPPED),
            "hold": (Cultivating.HELD, Cultivating.RUNNING),
            "resume": (Cultivating.RUNNING, Cultivating.HELD),
            "stop": (Cultivating.STOPPED, Cultivating.RUNNING),
        }.get(call.method, (None, None))
        state = _state(await self._culture.state())
        if state is goal or (call.method == "start" and state is Cultivating.HELD):
            return Done()
        if state is before or (call.method == "stop" and state is Cultivating.HELD):
            return NotDone()
        return Unknown(f"the bioreactor is {state}")

    async def reply_of(self, call: Call) -> None:
        """Give what an act of a bioreactor answers: nothing."""

    async def _settle_feed(self, task: str) -> Reconciled:
        if await self._pump.run_of(task) is not None:
            return Done()
        state, _ = await self._pump.state()
        if state is wire.Unit.STOPPED:
            return NotDone()
        return Unknown(f"the feed pump is {state}, and no run of it is that of {task!r}")

    async def _go(self, command: str, goal: Cultivating, *, since: Cultivating) -> None:
        self._commanding(command.lower())
        state = _state(await self._culture.state())
        if state is goal:
            return
        if state is not since:
            self._refuse(f"it is {state}; {command} is for one that is {since}")
        await self._culture.command(command)
        await self._culture.until(lambda s: _state(s) is goal, told=command)

    async def _feeding(self) -> str:
        """Give the task of the feed that runs; its own id where the device does not tell the task."""
        state, _ = await self._pump.state() if self._given.feed_unit else (wire.Unit.STOPPED, None)
        if state is not wire.Unit.RUNNING or not (run := await self._pump.active()):
            return ""
        return next((one.task for one in await self._pump.runs() if one.id == run), run)

    async def _kept(self) -> dict[str, float | None]:
        """Read every target; None for what is controlled only when started, and is not."""
        functions = {word: name for word, name in self._given.functions.items() if word != "perfusion"}
        kept = await self._culture.values(functions, wire.TARGET)
        own = {word: functions[word] for word in BY_ITSELF if word in functions}
        runs = await self._culture.running(own) if own else {}
        return {word: value if runs.get(word, True) else None for word, value in kept.items()}

    def _told(self, kept: Mapping[str, float | None], word: str) -> float:
        value = kept.get(word)
        if value is None:
            raise FailedError(f"{self._name}: it does not tell the target of {word}")
        return value

    async def _check_units(self) -> None:
        """Compare units once in this process; raises WireError for a function in another unit than ours."""
        if self._checked:
            return
        await self._culture.check_units(self._given.functions, UNITS)
        if self._given.feed_unit:
            await self._pump.check_units({"feed_volume": self._given.feed_volume}, FEED_UNITS)
        self._checked = True

    def _perfusing(self) -> str:
        name = self._given.functions.get("perfusion", "")
        if not name:
            self._refuse("it has no function that perfuses")
        return name

    def _needs_pump(self) -> None:
        if not self._given.feed_unit:
            self._refuse("it has no feed pump")

    def _commanding(self, what: str) -> None:
        if not self._control:
            self._refuse(f"{what} needs control; this driver was given none")

    def _refuse(self, why: str) -> NoReturn:
        msg = f"{self._name}: {why}"
        raise RefusedError(msg)


def _state(seen: State) -> Cultivating:
    """Give what a state of the unit means for a culture; running without a sub-machine is running."""
    unit, running = seen
    if unit is wire.Unit.RUNNING:
        known = {
            None: Cultivating.RUNNING,
            wire.Running.EXECUTE: Cultivating.RUNNING,
            wire.Running.HELD: Cultivating.HELD,
        }
        return known.get(running, Cultivating.UNKNOWN)
    failed = {wire.Unit.ABORTED: Cultivating.FAILED, wire.Unit.ABORTING: Cultivating.FAILED}
    return {wire.Unit.STOPPED: Cultivating.STOPPED, **failed}.get(unit, Cultivating.UNKNOWN)


def _wanted(points: CultureSetPoints) -> dict[str, float | None]:
    """Give the target of each function by our words; None for what is not controlled."""
    return {
        "temperature": float(points.temperature),
        "rocking_rate": points.rocking_rate,
        "angle": points.angle,
        "gas_flow": points.gas_flow,
        "co2": float(points.co2),
        "oxygen": float(points.oxygen),
        "ph": points.ph,
        "dissolved_oxygen": None if points.dissolved_oxygen is None else float(points.dissolved_oxygen),
    }


def _same(one: float | None, other: float) -> bool:
    return one is not None and abs(one - other) <= SAME * max(1.0, abs(other))


def _percent(value: float | None) -> Percent | None:
    return None if value is None else Percent(value)


def build(link: Link, given: Mapping[str, str], *, control: bool) -> LadsBioreactor:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    configure(link, given)
    return LadsBioreactor(link, settings(given), control=control)


FACTORY = Factory(
    build=build,
    interface=Bioreactor,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="OPC 30500-1 (LADS) v1.0.0; names of units, functions and programs are the site's",
    ),
    transports=("memory", "opcua"),
    settings=KEYS,
)
