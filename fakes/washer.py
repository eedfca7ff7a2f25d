"""A washer's kit in the world: liquid and cells move from line to line through the chamber, step by step.

Moves are made on a grid of 10 s and where a step or a line ends, whoever asks in between; a hand that changes something
ends a stretch early. Everything goes through ``World.pour`` and ``World.separate``, so that balances close.
Units:  mL, mL/min, kPa, s. The pump delivers up to about 1 % more or less than it counts, by the seed.
Source: ``physics.washer``.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from automation.kernel.clock import iso
from automation.kernel.errors import FailedError
from automation.kernel.ids import normal
from automation.kernel.quantity import Celsius, Instant, Millilitres
from fakes.contents import Contents
from fakes.physics import washer as physics
from fakes.world import Container, World

GRID = 10.0  # s
SHOWS = 1.0  # s of running until a bubble or a pressure is seen
NOTHING = 1e-6  # mL
LINES = ("source", "product", "buffer")


class Stop(StrEnum):
    """Why a run waits for a person."""

    BUBBLE = "bubble"
    PRESSURE = "pressure"
    PANEL = "paused at the panel"
    PROGRAM = "paused by the program"


@dataclass(frozen=True, slots=True)
class Volumes:
    """What the pump has counted (mL)."""

    processed: float = 0.0
    washed: float = 0.0
    collected: float = 0.0
    wasted: float = 0.0


class Washing:
    """Kit, lines and the run that goes on in them."""

    def __init__(self, world: World, name: str) -> None:
        """Stand in a world, with no kit and nothing connected."""
        self.lines: dict[str, str] = {}
        self.clamped: dict[str, float] = {}
        self.kit = ""
        self.waste = f"{name}.waste"
        self.stop: Stop | None = None
        self.begun = False  # a run is on, running or waiting
        self.step = 0  # index into the steps
        self.events: list[str] = []
        self.runs = 0
        self.started = self.ended = Instant(0.0)
        self._world, self._name = world, name
        self._setting = physics.Setting(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._at = self._since = Instant(0.0)  # up to when it is accounted for; since when it runs
        self._done = [0.0] * len(physics.STEPS)  # mL that the pump has counted in each step
        self._stuck: Contents | None = None
        self._pump = 1.0 + 0.003 * normal(world.seed, name, "pump")
        self._kits = 0

    @property
    def running(self) -> bool:
        """Tell whether liquid flows."""
        return self.begun and self.stop is None

    def insert(self, now: Instant) -> None:
        """Put a new kit in, empty and with nothing connected."""
        self._kits += 1
        self.kit = f"{self._name}.kit.{self._kits}"
        self._world.add(Container(self.kit, "chamber"), place="bench", at=Celsius(22.0), now=now)
        if not self._world.has(self.waste):
            self._world.add(Container(self.waste, "bag3000"), place="bench", at=Celsius(22.0), now=now)
        self.lines.clear()
        self.clamped.clear()

    def connect(self, line: str, container: str) -> None:
        """Connect a container to a line of the kit; raises FailedError for an unknown one of either."""
        if line not in LINES:
            msg = f"line is {line!r}; a kit has {', '.join(LINES)}"
            raise FailedError(msg)
        self._world.container(container)
        self.lines[line] = container

    def begin(self, setting: physics.Setting, now: Instant, *, step: int = 0) -> None:
        """Start a run, usually from the first step."""
        self.runs += 1
        self._setting, self.step, self.begun, self.stop = setting, step, True, None
        self._done = [0.0] * len(physics.STEPS)
        self._stuck, self.events = None, []
        self.started = self._at = self._since = now
        self._note(now, f"run started in step {step + 1}")

    def wait(self, why: Stop, now: Instant) -> None:
        """Stop the flow and wait for a person."""
        self.catch_up(now, cut=True)
        if self.running:
            self.stop = why
            self._note(now, f"{why} in step {self.step + 1}")

    def go_on(self, now: Instant) -> None:
        """Go on with the step that waits."""
        self.stop = None
        self._at = self._since = now
        self._note(now, f"continued in step {self.step + 1}")

    def skip(self, now: Instant) -> None:
        """Go on with the next step, from a wait too."""
        self.catch_up(now, cut=True)
        if self.begun:
            self._note(now, f"step {self.step + 1} skipped")
            self.stop = None
            self._at = self._since = now
            self._next(now)

    def break_off(self, why: str, now: Instant) -> None:
        """End the run where it is."""
        self.catch_up(now, cut=True)
        if self.begun:
            self._end(now, why)

    def pressure(self) -> float:
        """Give the pressure in the kit (kPa); 0 when nothing flows."""
        return self._pressure(self._step()) if self.running else 0.0

    def volumes(self, now: Instant) -> Volumes:
        """Give what the pump has counted up to now; asking moves nothing."""
        done = list(self._done)
        if self.running:
            step = self._step()
            done[self.step] = min(step.volume, done[self.step] + step.flow / 60.0 * float(now - self._at))
        prime, load, wash, recovery = done
        return Volumes(load, prime + wash + recovery, recovery, load + wash)

    def catch_up(self, now: Instant, *, cut: bool = False) -> None:
        """Let everything happen that is complete up to now; ``cut`` ends the stretch that is going on."""
        while self.running and self._at < now:
            until = self._boundary()
            if until > now:
                if not cut:
                    return
                until = now
            self._flow(until)

    def _boundary(self) -> Instant:
        """Give the moment at which the stretch that is going on ends by itself."""
        step = self._step()
        on_grid = GRID * (math.floor(float(self._at) / GRID) + 1)
        done_at = float(self._at) + (step.volume - self._done[self.step]) / step.flow * 60.0
        return Instant(min(on_grid, done_at))

    def _flow(self, until: Instant) -> None:
        """Move what flows from the last accounted moment to ``until``, or less when a line or a bag does not let it."""
        step = self._step()
        counted = min(step.volume - self._done[self.step], step.flow / 60.0 * float(until - self._at))
        wanted = counted * self._pump
        there, room = self._there(step), self._room(step)
        if self._pressure(step) > physics.MOST_PRESSURE or room < min(wanted, NOTHING):
            self._trouble(Stop.PRESSURE, until)
            return
        if there < min(wanted, NOTHING):
            self._trouble(Stop.BUBBLE, until)
            return
        moved = min(wanted, there, room)
        share = moved / wanted if wanted else 1.0
        self._at = Instant(float(self._at) + float(until - self._at) * share)
        self._done[self.step] += counted * share
        if moved > 0.0:
            self._move(step, moved)
        if share >= 1.0 and step.volume - self._done[self.step] < NOTHING:
            self._next(self._at)

    def _trouble(self, why: Stop, until: Instant) -> None:
        """Wait for a person as soon as the trouble shows."""
        shows = max(float(self._at), float(self._since) + SHOWS)
        if shows > float(until):
            self._at = until
            return
        self._at = Instant(shows)
        self.stop = why
        self._note(self._at, f"{why} in step {self.step + 1}")

    def _move(self, step: physics.Step, volume: float) -> None:
        """Move a volume (mL) out of its line, through the chamber, and what leaves the chamber to where it goes."""
        kit, line = self._world.container(self.kit), self.lines[step.line]
        dest = self._dest(step) if step.out else self.kit
        now = self._moment(line, dest)
        self._world.age(self.kit, now)
        fills = min(volume, max(0.0, physics.CHAMBER - float(kit.contents.volume))) if step.out else volume
        if fills > 0.0:
            self._world.pour(line, self.kit, volume=Millilitres(fills), now=now)
        if volume - fills <= 0.0:
            return
        before = kit.contents
        came = self._world.pour(line, self.kit, volume=Millilitres(volume - fills), now=now)
        if step.name is physics.StepName.RECOVERY:
            self._stuck = self._stuck or before.times(self._share_that_sticks())
            out = physics.recovered(before, came, stuck=self._stuck)
        else:
            live, dead = physics.leaves(step.flow, self._setting.force, spread=self._spread())
            out = physics.washed_out(before, came, live=live, dead=dead)
        self._world.separate(out, source=self.kit, dest=dest, now=now)
        minutes = volume / step.flow
        self._world.kill(self.kit, -math.expm1(-physics.DIES * self._setting.force * minutes), now)

    def _moment(self, *containers: str) -> Instant:
        """Give the moment of a move: never before what else has happened to the containers."""
        known = [self._world.container(one).aged_at for one in (*containers, self.kit)]
        return max([self._at, *(one for one in known if one is not None)])

    def _next(self, now: Instant) -> None:
        if self.step + 1 < len(physics.STEPS):
            self.step += 1
            self._since = now
        else:
            self._end(now, "run complete")

    def _end(self, now: Instant, why: str) -> None:
        self.begun, self.stop, self.ended = False, None, now
        self._note(now, why)

    def _step(self) -> physics.Step:
        return physics.steps(self._setting)[self.step]

    def _dest(self, step: physics.Step) -> str:
        return self.waste if step.out == "waste" else self.lines[step.out]

    def _there(self, step: physics.Step) -> float:
        line = self.lines.get(step.line, "")
        return float(self._world.container(line).contents.volume) if line else 0.0

    def _room(self, step: physics.Step) -> float:
        """Give what still goes where the step leads (mL); none without a bag there."""
        if not step.out:
            return float(self._world.container(self.kit).room)
        if step.out != "waste" and step.out not in self.lines:
            return 0.0
        return float(self._world.container(self._dest(step)).room)

    def _pressure(self, step: physics.Step) -> float:
        return physics.pressure(step.flow, clamped=max(self.clamped.get(one, 0.0) for one in (step.line, step.out)))

    def _spread(self) -> float:
        return math.exp(0.25 * normal(self._world.seed, self._name, "elutriation", self.runs))

    def _share_that_sticks(self) -> float:
        return min(0.2, physics.STICKS * math.exp(0.25 * normal(self._world.seed, self._name, "sticks", self.runs)))

    def _note(self, now: Instant, what: str) -> None:
        self.events.append(f"{iso(now)} {what}")
