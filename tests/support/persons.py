"""A step whose devices are people: real ledger, door, desk and binding, and two scripted persons who answer.

Units: s of simulated time.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from automation.engine.alarms import Alarms
from automation.engine.answers import Answers, Given
from automation.engine.binding import STAY, Binding, Stay
from automation.engine.gates import StepGates
from automation.engine.journal import Again, Enter
from automation.engine.past import past
from automation.engine.prompts import OPERATOR, Desk, Operator
from automation.engine.recorder import Recorder
from automation.gmp.form import Value
from automation.gmp.people.prompts import Prompt
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from instruments.transport import Link
from instruments.transport.memory import MemoryStream
from tests.support.doors import START, Doorway, proof

BATCH, STEP = "B1", "work"
Script = list[tuple[str, Mapping[str, Value]]]
"""What people answer, in order: words of the question, and the values."""
_T = TypeVar("_T")


@dataclass(slots=True)
class Crew:
    """One step with one asset, and the two persons ``perform`` and ``verify`` who answer its prompts."""

    way: Doorway
    folder: Path
    script: Script = field(default_factory=list)
    absent: bool = False  # nobody answers
    desk: Desk = field(init=False)
    operator: Operator = field(init=False)
    recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        """Come to the site."""
        door = self.way.door
        self.desk = Desk(door, Blobs(self.folder, sync=False))
        self.recorder = Recorder(self.way.ledger, self.way.clock, f"batch/{BATCH}/step/{STEP}")
        self.operator = self.at(BATCH)

    def at(self, batch: str) -> Operator:
        """Ask in the step of a batch."""
        alarms = Alarms(self.way.door, batch=batch, step=STEP)
        return Operator(self.recorder, self.desk, alarms, operation="")

    def bind(self, driver: object, interface: type) -> object:
        """Bind a driver as the asset ``device``, which is ready and claimed by the step."""
        if self.way.state("asset/device") == "absent":
            free = {"needs_calibration": False, "needs_cleaning": False}
            self.way.do("asset/device", "register", {"asset_class": "device", **free}, by="second")
            self.way.do("asset/device", "install", {"due": "2099-12-31"})
            self.way.do("asset/device", "claim", {"batch": BATCH, "step": STEP})
        gates = StepGates(self.way.door, BATCH, STEP, "identity")
        return Binding(self.recorder, gates).bind("device", driver, interface)

    def enter(self) -> None:
        """Enter a new state of the step; the devices' questions belong to it from now on."""
        number = past("at work", self.stream()).visits + 1
        self.recorder.write("enter", Enter(number, "at work"))
        self.restart()

    def restart(self) -> None:
        """Come back to the state that was entered last, as after the death of the program."""
        self.operator = self.at(BATCH)
        OPERATOR.set(self.operator)
        visit = past("at work", self.stream()).main
        assert visit is not None
        free = asyncio.Event()
        free.set()
        STAY.set(Stay(visit.number, visit.journal, free))

    def again(self) -> None:
        """Let the last effect be tried anew, as a person's restart does."""
        stay = STAY.get()
        self.recorder.write("again", Again(stay.number, stay.n))
        self.restart()

    def stream(self) -> list[Event]:
        """Give the step's own events."""
        return self.way.ledger.stream(self.recorder.stream)

    def kinds(self) -> list[str]:
        """Give the kinds of the step's own events."""
        return [event.kind for event in self.stream()]

    def prompts(self) -> list[Prompt]:
        """Give all prompts in the order of their making."""
        return [thing for thing in self.way.door.every("prompt") if isinstance(thing, Prompt)]

    def texts(self) -> list[str]:
        """Give what was asked, in order."""
        return [prompt.opening.text for prompt in self.prompts() if prompt.opening is not None]

    async def answer(self) -> None:
        """Answer the open prompts as the script says, until nobody asks any more."""
        answers = Answers(self.way.door)
        for prompt in self.prompts():
            text = prompt.opening.text if prompt.opening is not None else ""
            if self.absent or prompt.state != "open" or not self.script or self.script[0][0] not in text:
                continue
            _, values = self.script.pop(0)
            await answers.give(Given(prompt.id, "perform", values, "bench-1"))
            if self.way.state(f"prompt/{prompt.id}") == "entered":
                await answers.verify(Given(prompt.id, "verify", {}, "bench-2", (proof("verify"),)))

    async def work(self) -> None:
        """Answer whenever something is asked; to be run beside the step."""
        while True:
            await self.answer()
            await self.desk.changed("prompt")


def with_crew(way: Doorway, folder: Path, work: Callable[[Crew], Coroutine[object, object, _T]]) -> _T:
    """Run the work of a step in simulated time, with people beside it."""

    async def main(_clock: SimulatedClock) -> _T:
        crew = Crew(way, folder)
        crew.enter()
        people = asyncio.get_running_loop().create_task(crew.work(), name="people")
        try:
            return await work(crew)
        finally:
            people.cancel()

    return run_simulated(main, start=START)


def no_link(name: str) -> Link:
    """Give what the site gives to a driver without a port: a link that leads nowhere, with the asset's name."""
    return Link(MemoryStream(), name=name)
