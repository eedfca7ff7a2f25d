"""Policies and suppression by design over a real door: what follows from an alarm, per state of the operation."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from automation.engine.afterwards import Afterwards
from automation.engine.alarmmodel import Action, Definition, Policy, Vigilance
from automation.engine.calling import Calling
from automation.engine.policies import STREAM, Policies
from automation.engine.recorder import Recorder
from automation.engine.suppression import Suppression
from automation.formulas.alarming import Bound, Side
from automation.gmp.plant.alarms import Priority
from automation.gmp.quality.deviations import Deviation
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Seconds
from tests.support.doors import START, Doorway, doorway
from tests.unit.gmp.moves import ISSUE, RAISING

STEP = "batch/B1/step/freeze"
LID = Definition(
    id="lid",
    asset="crf-01",
    channel="lid",
    bound=Bound(side=Side.ABOVE, limit=0.5),
    unit="1",
    priority=Priority.HIGH,
    consequence="ice",
    response="close it",
    respond_within=Seconds(60.0),
    owner="engineering",
    version="1",
    suppressed_in=("freeze.loading",),
)


@dataclass(slots=True)
class Watch:
    """A door with policies and suppression, in simulated time."""

    way: Doorway
    vigilance: Vigilance
    afterwards: Afterwards = field(default_factory=Afterwards)

    def begin(self) -> None:
        """Start as a site does, also for a second time."""
        calling = Calling(self.way.door, self.vigilance.roster, self.afterwards)
        Suppression(self.way.ledger, self.way.door, self.vigilance.alarms.values(), self.afterwards)
        recorder = Recorder(self.way.ledger, self.way.clock, STREAM)
        Policies(self.way.door, recorder, self.vigilance, calling, self.afterwards).start()

    def write(self, kind: str, **body: object) -> None:
        """Write an event of the step, as the runner does."""
        recorder = Recorder(self.way.ledger, self.way.clock, STEP)
        recorder.write(kind, msgspec.defstruct("Said", list(body))(**body))

    def step(self, state: str) -> None:
        """Let the step stand in a state."""
        self.write("enter", visit=1, state=state)
        self.afterwards.run()

    def raised(self, **said: object) -> None:
        """Raise an alarm of the step."""
        name = said.pop("name", "probe")
        self.way.do(f"alarm/{name}", "raise", {**RAISING, "batch": "B1", "step": "freeze", **said})
        self.afterwards.run()

    def kinds(self, stream: str) -> list[str]:
        """Give the kinds of a stream's events."""
        return [event.kind for event in self.way.ledger.stream(stream)]


def at_work(folder: Path, vigilance: Vigilance, script: Callable[[Watch], Awaitable[None]]) -> None:
    """Run a script with a batch that runs and a freeze in it."""

    async def main(_clock: SimulatedClock) -> None:
        with _batch(folder) as way:
            watch = Watch(way, vigilance)
            watch.begin()
            watch.write("bound", operation="freeze", assets={"freezer": "crf-01"})
            await script(watch)

    run_simulated(main, start=START)


@contextmanager
def _batch(folder: Path) -> Iterator[Doorway]:
    with doorway(folder) as way:
        way.do("batch/B1", "issue", ISSUE, by="issue")
        way.do("batch/B1", "start", by="perform")
        yield way


def policies(*some: Policy) -> Vigilance:
    """Give a site's rules."""
    return Vigilance({"lid": LID}, {one.id: one for one in some})


HOLD = Policy(id="hold", actions=(Action.HOLD, Action.DEVIATION), during=("freeze.cooling",))


@pytest.mark.requirement("F125")
def test_a_policy_holds_only_in_the_state_that_it_names(tmp_path: Path) -> None:
    """Where a hold is not safe for the product, nothing is held."""

    async def script(watch: Watch) -> None:
        watch.step("freezing")
        watch.raised(name="first")
        assert "hold" not in watch.kinds("batch/B1")
        watch.step("cooling")
        watch.raised(name="second")
        assert watch.kinds("batch/B1")[-1] == "hold"
        assert [one.id for one in watch.way.door.every("deviation")] == ["B1-D01"]

    at_work(tmp_path, policies(HOLD), script)


@pytest.mark.parametrize(
    ("rule", "said", "follows"),
    [
        ({"least": Priority.MEDIUM}, {"priority": "low"}, False),
        ({"least": Priority.MEDIUM}, {"priority": "medium"}, True),
        ({"product": True}, {}, False),
        ({"product": True}, {"product": True}, True),
        ({"alarms": ("probe",)}, {}, True),
        ({"alarms": ("freezer-1",)}, {}, True),
        ({"alarms": ("other",)}, {}, False),
    ],
)
def test_a_policy_is_for_the_alarms_that_it_describes(
    tmp_path: Path, rule: dict[str, object], said: dict[str, object], *, follows: bool
) -> None:
    """By priority, by product at risk, by name of the definition or by source."""

    async def script(watch: Watch) -> None:
        watch.raised(**said)
        assert bool(list(watch.way.door.every("deviation"))) is follows

    at_work(tmp_path, policies(Policy(id="one", actions=(Action.DEVIATION,), **rule)), script)  # type: ignore[arg-type]  # a table of cases


def test_an_open_deviation_is_not_opened_again_by_the_same_alarm(tmp_path: Path) -> None:
    """What comes again belongs to it."""

    async def script(watch: Watch) -> None:
        watch.raised()
        watch.way.do("alarm/probe", "clear")
        watch.way.do("alarm/probe", "again")
        watch.afterwards.run()
        assert len(list(watch.way.door.every("deviation"))) == 1
        assert watch.kinds(STREAM) == ["in force", "done", "done"]

    at_work(tmp_path, policies(Policy(id="one", actions=(Action.DEVIATION,))), script)


def test_what_was_left_when_the_program_died_is_done_once_at_the_next_start(tmp_path: Path) -> None:
    """Judged by the state in which the step stood when the alarm came, not by the one now."""

    async def script(watch: Watch) -> None:
        watch.step("cooling")
        watch.way.do("alarm/probe", "raise", {**RAISING, "batch": "B1", "step": "freeze"})
        watch.afterwards = Afterwards()  # the first program is gone before it did anything
        watch.write("enter", visit=2, state="freezing")
        watch.begin()
        assert watch.kinds("batch/B1")[-1] == "hold"
        before = watch.way.ledger.last.seq
        watch.begin()
        assert watch.way.ledger.last.seq == before

    at_work(tmp_path, policies(HOLD), script)


def test_new_rules_do_not_reach_back(tmp_path: Path) -> None:
    """An alarm of last year opens no deviation because a policy was written today."""

    async def script(watch: Watch) -> None:
        watch.raised()
        watch.vigilance = policies(Policy(id="new", actions=(Action.DEVIATION,)))
        watch.begin()
        assert list(watch.way.door.every("deviation")) == []

    at_work(tmp_path, policies(), script)


def test_an_alarm_is_set_aside_while_its_step_makes_it_meaningless(tmp_path: Path) -> None:
    """A lid is open while one loads; afterwards the alarm comes back as its condition stands."""

    async def script(watch: Watch) -> None:
        watch.step("loading")
        assert watch.way.state("alarm/lid") == "suppressed by design"
        watch.way.do("alarm/lid", "raise", RAISING)
        watch.step("freezing")
        assert watch.way.state("alarm/lid") == "unacknowledged"
        watch.step("loading")
        watch.way.do("alarm/lid", "clear")
        watch.step("freezing")
        assert watch.way.state("alarm/lid") == "normal"

    at_work(tmp_path, policies(), script)


def test_a_step_that_is_over_suppresses_nothing(tmp_path: Path) -> None:
    """Nor does one of another asset."""

    async def script(watch: Watch) -> None:
        watch.step("loading")
        watch.write("procedural", state="aborted")
        watch.afterwards.run()
        assert watch.way.state("alarm/lid") == "normal"
        watch.write("bound", operation="freeze", assets={"freezer": "crf-09"})
        watch.step("loading")
        assert watch.way.state("alarm/lid") == "normal"

    at_work(tmp_path, policies(), script)


def test_a_deviation_of_a_policy_names_its_alarm_and_its_cause(tmp_path: Path) -> None:
    """So that a reviewer gets from one to the other."""

    async def script(watch: Watch) -> None:
        watch.raised(message="probe is out")
        found = watch.way.get(Deviation, "deviation/B1-D01")
        assert found.opening is not None
        assert (found.opening.title, found.opening.rule) == ("probe is out", "alarm probe")
        assert watch.way.ledger.stream("deviation/B1-D01")[0].cause == watch.way.ledger.stream("alarm/probe")[0].seq

    at_work(tmp_path, policies(Policy(id="one", actions=(Action.DEVIATION,))), script)
