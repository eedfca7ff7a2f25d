"""Fake rocking-bag bioreactor behind LADS: a heated rocker with gas, sensors, a feed pump and perfusion, in the world.

Physics: the bag stands at the place of this device, which is as warm as it is kept; it lags as its vessel does. Oxygen
         and pH follow gas, motion and cells (``fakes.physics.gassing``), and what oxygen allows is what cells grow to.
         Pumps give portions on their own grid; perfusion brings in as much as it takes out, and keeps the cells back.
LADS:    unit ``Culture`` with the functions that are kept, unit ``Feed`` with the pump; names and ranges are this
         fake's own, no maker's. A feed is a program, and its result is there from its start. Transitions take no time.
Power:   after a cut everything stands, and the unit is aborted until somebody clears it at the panel.
Units:   as ``CultureSetPoints``; mL, mL/h, s.
Source:  OPC 30500-1 for names and states. Assumed: 50 mL/min feed pump, 0.1 % of the cells pass the filter, noise.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

from automation.kernel.errors import FailedError, InputError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Instant
from fakes.bag_flows import Flows
from fakes.contents import Contents
from fakes.freezer import flag, text
from fakes.lads import INVALID_STATE, Arguments, Control, FunctionalUnit, LadsDevice, Run, Sensor, Template
from fakes.nodes import NodeFeed, NodeRefusedError
from fakes.physics import gassing
from fakes.physics.gassing import Gassing, Liquid, Settling
from fakes.physics.trace import Constant
from fakes.world import World
from instruments.drivers.lads import wire
from instruments.interfaces.device import Identity

ROOM, CONTACT = 22.0, 2.0  # degC; times the heat that a bag takes up from a warm plate, against air
GRID = 10.0  # s, of the noise
KEPT: Mapping[str, tuple[str, float, float, float]] = {
    "Temperature": ("degC", 37.0, 15.0, 42.0),
    "RockingRate": ("1/min", 10.0, 0.0, 40.0),
    "RockingAngle": ("deg", 6.0, 0.0, 12.0),
    "GasFlow": ("L/min", 0.1, 0.0, 1.0),
    "CO2": ("%", 5.0, 0.0, 15.0),
    "Oxygen": ("%", 20.9, 0.0, 50.0),
    "pH": ("1", 7.2, 6.0, 8.0),
    "DissolvedOxygen": ("%", 40.0, 0.0, 100.0),
    "Perfusion": ("mL/h", 0.0, 0.0, 500.0),
}
"""Functions of the unit ``Culture``: unit, target at first, lowest, highest."""
BY_ITSELF = ("pH", "DissolvedOxygen", "Perfusion")  # functions that are started by themselves
NOISE = {"Temperature": 0.05, "pH": 0.01, "DissolvedOxygen": 0.5, "CO2": 0.05, "Oxygen": 0.05}  # half-width
MOST_FED = 5_000.0  # mL
SHOWN = {"Temperature": "temperature", "pH": "ph", "DissolvedOxygen": "dissolved oxygen"}
"""What a sensor of another maker in the bag sees, by the names of its channels (Hamilton Arc, by map)."""

Details = dict[str, object]


class FakeRockingBag:
    """What the rocker answers over LADS and what hands do to it; ``acts`` counts what was done over the link."""

    def __init__(self, world: World, name: str, *, serial: str = "SIM-RB-01", device: str = "RockingBag") -> None:
        """Stand cold and still, without a bag."""
        self.acts = {"start": 0, "hold": 0, "resume": 0, "stop": 0, "feed": 0}
        self.targets = {one: kept[1] for one, kept in KEPT.items()}
        self.started: set[str] = set()  # of the functions that are started by themselves
        self.state: tuple[wire.Unit, wire.Running | None] = (wire.Unit.STOPPED, None)
        self.flows = Flows(world)
        self._world, self._name = world, name
        self._powered = self._gas = True
        self._broken: set[str] = set()
        self._cultures: list[Run] = []
        self._looked: tuple[Instant, Contents, Liquid] | None = None
        self._off = {"DissolvedOxygen": Settling(), "pH": Settling()}
        world.add_place(name, Constant(ROOM), contact=CONTACT)
        for channel, shown in SHOWN.items():
            world.show(name, channel=shown, reading=partial(self._shown, channel))
        self.lads = LadsDevice(device, Identity("Cellwright", "Rocking bag (fake)", serial, "1.0"), self._units())
        self._feed = NodeFeed(self.lads)

    @property
    def bag(self) -> str:
        """Name the bag that hangs in; empty without one."""
        return next(iter(self._world.inside(self._name)), "")

    @property
    def moving(self) -> bool:
        """Tell whether it rocks and pumps."""
        return self.state == (wire.Unit.RUNNING, wire.Running.EXECUTE)

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port; silent without power."""
        if not self._powered:
            return b""
        self.flows.catch_up(self.bag, now)
        return self._feed.feed(data, now)

    def unasked(self, now: Instant) -> bytes:
        """Say nothing, but pump up to now."""
        self.flows.catch_up(self.bag, now)
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  a server speaks when it is asked
        """Never speak unasked."""
        return None

    def hand(self, action: str, details: Details, now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``hang`` {container}, ``take`` {container, to}, ``connect`` {line: feed, medium or waste; container}, ``power``
        {on}, ``gas`` {on}, ``sensor`` {which, broken}; at the panel ``start``, ``hold``, ``unhold``, ``stop`` and
        ``clear``.
        """
        self.flows.catch_up(self.bag, now)
        panel: dict[str, Callable[[], object]] = {
            "start": lambda: self._run(wire.Unit.RUNNING, wire.Running.EXECUTE, now=now),
            "hold": lambda: self._run(wire.Unit.RUNNING, wire.Running.HELD, now=now),
            "unhold": lambda: self._run(wire.Unit.RUNNING, wire.Running.EXECUTE, now=now),
            "stop": lambda: self._run(wire.Unit.STOPPED, now=now),
            "clear": lambda: self._run(wire.Unit.STOPPED, now=now),
            "hang": lambda: self._hang(text(details, "container"), now),
            "take": lambda: self._take(text(details, "container"), now, to=str(details.get("to", "bench"))),
            "connect": lambda: self.flows.connect(text(details, "line"), text(details, "container")),
            "power": lambda: self._power(now, on=flag(details, "on")),
            "gas": lambda: self._turn_gas(now, on=flag(details, "on")),
            "sensor": lambda: self._break(text(details, "which"), broken=flag(details, "broken")),
        }
        if action not in panel:
            raise FailedError(f"hand action is {action!r}; {self._name} has {', '.join(panel)}")
        panel[action]()

    def gassing(self) -> Gassing:
        """Give how the bag is moved and gassed now."""
        on, kept = self.state[0] is wire.Unit.RUNNING, self.targets
        return Gassing(
            rate=kept["RockingRate"] if self.moving else 0.0,
            angle=kept["RockingAngle"] if self.moving else 0.0,
            flow=kept["GasFlow"] if on and self._gas else 0.0,
            co2=kept["CO2"] if on and self._gas else 0.04,
            oxygen=kept["Oxygen"] if on and self._gas else gassing.AIR,
            ph=kept["pH"] if on and self._gas and "pH" in self.started else None,
            dissolved=kept["DissolvedOxygen"] if on and self._gas and "DissolvedOxygen" in self.started else None,
        )

    def truly(self, channel: str, now: Instant) -> float | None:
        """Give the true value of a function's channel; None for what a rocker without a bag does not have."""
        gas = self.gassing()
        match channel:
            case "Temperature":
                warm = self.targets[channel] if self.state[0] is wire.Unit.RUNNING else ROOM
                return float(self._world.temperature(self.bag, now)) if self.bag else warm
            case "RockingRate":
                return gas.rate
            case "RockingAngle":
                return gas.angle
            case "GasFlow":
                return gas.flow
            case "Perfusion":
                return self.flows.rate
            case _:
                return self._dissolved(channel, gas, now)

    def _shown(self, channel: str, now: Instant) -> float | None:
        """Give the true value to another sensor in the bag; None without a bag."""
        self.flows.catch_up(self.bag, now)
        return self.truly(channel, now) if self.bag else None

    def _dissolved(self, channel: str, gas: Gassing, now: Instant) -> float | None:
        if not self.bag:
            return {"CO2": gas.co2, "Oxygen": gas.oxygen}.get(channel)
        of = self._liquid(now)
        if channel in {"CO2", "Oxygen"}:
            return gassing.co2_given(gas, of) if channel == "CO2" else gassing.oxygen_given(gas, of)
        steady = gassing.dissolved_oxygen(gas, of) if channel == "DissolvedOxygen" else gassing.ph(gas, of)
        return max(0.0, steady + self._off[channel].at(float(now)))

    def _liquid(self, now: Instant) -> Liquid:
        """Give what the culture asks of the gas; worked out once for all channels of a look."""
        held = self._world.container(self.bag).contents
        if self._looked is None or self._looked[0] != now or self._looked[1] is not held:
            self._looked = now, held, gassing.liquid(self._world.holds(self.bag, now))
        return self._looked[2]

    def _seen(self, channel: str, now: Instant) -> float | None:
        """Give what the sensor of a channel reads."""
        true = None if channel in self._broken else self.truly(channel, now)
        if true is None or channel not in NOISE:
            return true
        grid = math.floor(float(now) / GRID)
        noise = NOISE[channel] * (2.0 * uniform(self._world.seed, self._name, channel, grid) - 1.0)
        return round(max(0.0, true + noise), 3)

    def _units(self) -> dict[str, FunctionalUnit]:
        commands = ("StartProgram", "Stop", "Hold", "Unhold")
        acts = (self._start, self._stop, self._hold, self._unhold)
        culture = FunctionalUnit(
            functions={name: self._control(name) for name in KEPT},
            state=lambda: self.state,
            commands=dict(zip(commands, acts, strict=True)),
            templates=lambda: (Template(id="Culture"),),
            runs=lambda _now: tuple(self._cultures),
        )
        pump = Control(
            unit="mL",
            value=lambda _now: self.flows.fed,
            target=lambda: self.flows.to_feed,
            put=self.flows.put,
            lowest=0.0,
            highest=MOST_FED,
            total=lambda _now: self.flows.total,
        )
        feeding = FunctionalUnit(
            functions={"Volume": pump, "Line": Sensor(unit="1", value=lambda _now: float(bool(self.flows.medium)))},
            state=self.flows.state,
            commands={"StartProgram": self._start_feed, "Stop": self._stop_feed},
            templates=lambda: (Template(id="Feed"),),
            runs=self.flows.runs,
        )
        return {"Culture": culture, "Feed": feeding}

    def _control(self, name: str) -> Control:
        unit, _, lowest, highest = KEPT[name]
        own = name in BY_ITSELF
        return Control(
            unit=unit,
            value=partial(self._seen, name),
            target=lambda: self.targets[name],
            put=lambda value, now: self._put(name, value, now=now),
            lowest=lowest,
            highest=highest,
            runs=(lambda: name in self.started) if own else (lambda: self.state[0] is wire.Unit.RUNNING),
            switch=(lambda on, now: self._switch(name, now, on=on)) if own else None,
            total=(lambda _now: self.flows.perfused) if name == "Perfusion" else None,
        )

    def _put(self, name: str, value: float, *, now: Instant) -> None:
        self._change(lambda: self.targets.update({name: value}), now)

    def _switch(self, name: str, now: Instant, *, on: bool) -> None:
        self._change(lambda: (self.started.add if on else self.started.discard)(name), now)

    def _start(self, args: Arguments, now: Instant) -> Arguments:
        template, _, job, task, _ = (*args, None, None, None, None, None)[:5]
        if template != "Culture" or not self.bag:
            raise NodeRefusedError(
                INVALID_STATE, f"program {template!r} can't start" if self.bag else "no bag hangs in"
            )
        run = Run(
            id=f"C{len(self._cultures) + 1}", template="Culture", job=str(job or ""), task=str(task or ""), started=now
        )
        self._cultures.append(run)
        self.acts["start"] += 1
        self._run(wire.Unit.RUNNING, wire.Running.EXECUTE, now=now)
        return (run.id,)

    def _stop(self, _args: Arguments, now: Instant) -> Arguments:
        self.acts["stop"] += 1
        self._run(wire.Unit.STOPPED, now=now)
        return ()

    def _hold(self, _args: Arguments, now: Instant) -> Arguments:
        self.acts["hold"] += 1
        self._run(wire.Unit.RUNNING, wire.Running.HELD, now=now)
        return ()

    def _unhold(self, _args: Arguments, now: Instant) -> Arguments:
        self.acts["resume"] += 1
        self._run(wire.Unit.RUNNING, wire.Running.EXECUTE, now=now)
        return ()

    def _start_feed(self, args: Arguments, now: Instant) -> Arguments:
        if not self.moving:
            raise NodeRefusedError(INVALID_STATE, "the culture does not run")
        self.acts["feed"] += 1
        return (self.flows.start(args, now),)

    def _stop_feed(self, _args: Arguments, now: Instant) -> Arguments:
        self.flows.stop(self.bag, now)
        return ()

    def _run(self, state: wire.Unit, running: wire.Running | None = None, *, now: Instant) -> None:
        """Go into a state; what was begun before stops with it."""
        if state is not wire.Unit.RUNNING and self._cultures and self._cultures[-1].stopped is None:
            last = self._cultures[-1]
            self._cultures[-1] = Run(
                id=last.id, template=last.template, job=last.job, task=last.task, started=last.started, stopped=now
            )
        self._change(lambda: setattr(self, "state", (state, running)), now)

    def _change(self, act: Callable[[], object], now: Instant) -> None:
        """Change something; what is dissolved goes on from where it was, and pumps and warmth follow."""
        before = {channel: self.truly(channel, now) for channel in self._off}
        act()
        gas = self.gassing()
        running = self.state[0] is wire.Unit.RUNNING
        warm = self.targets["Temperature"] if running and self._powered else ROOM
        self._world.change_place(self._name, Constant(warm), now=now, densest=gas.densest)
        wanted = self.targets["Perfusion"] if "Perfusion" in self.started and self.moving else 0.0
        self.flows.perfuse(self.bag, wanted, now)
        if not self.moving:
            self.flows.stop(self.bag, now)
        for channel, was in before.items():
            self._off[channel] = Settling()
            steady = self.truly(channel, now)
            if was is not None and steady is not None:
                self._off[channel] = Settling(was - steady, float(now), gas.kla)

    def _hang(self, container: str, now: Instant) -> None:
        if self.bag:
            raise FailedError(f"{self.bag} hangs in {self._name} already")
        self._change(lambda: self._world.move(container, to=self._name, now=now), now)

    def _take(self, container: str, now: Instant, *, to: str) -> None:
        self._change(lambda: self._world.move(container, to=to, now=now), now)

    def _power(self, now: Instant, *, on: bool) -> None:
        self._powered = on
        if self.state[0] is wire.Unit.RUNNING:
            self._run(wire.Unit.ABORTED, now=now)

    def _turn_gas(self, now: Instant, *, on: bool) -> None:
        self._change(lambda: setattr(self, "_gas", on), now)

    def _break(self, which: str, *, broken: bool) -> None:
        if which not in KEPT:
            raise FailedError(f"sensor is {which!r}; {self._name} has {', '.join(KEPT)}")
        (self._broken.add if broken else self._broken.discard)(which)


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeRockingBag:
    """Make a rocker; settings of the fake: ``serial``, and ``device``, its name in the device set."""
    serial, device = settings.get("serial", "SIM-RB-01"), settings.get("device", "RockingBag")
    if not serial or not device:
        raise InputError("serial or device is empty; a text is needed")
    return FakeRockingBag(world, name, serial=serial, device=device)
