"""Controlled-rate freezer that nobody can talk to: a person works its panel and says what it shows.

Wire:   none. Every act and every look is a question to a person; the run report is a file that a person attaches.
        The driver remembers nothing: where the run stands follows from what was answered in the step.
Units:  degC, K/min, s; a file of the run as in ``curve_csv.wire``.
Source: 21 CFR 211.68(b) (input is checked), 211.188(b)(11) (who performed and who checked); support level L0, because
        there are no bytes that a document or a capture could prove, and no real freezer was worked by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.handles import Container
from automation.engine.prompts import Answer, Question, ask_person, asker
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.by_person import ByPerson, declared
from instruments.drivers.curve_csv import wire
from instruments.drivers.factory import Factory
from instruments.drivers.stored_programs import APPROVED, DIFFERENT, written
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.freezer import (
    ControlledRateFreezer,
    PowerFail,
    Program,
    ReportPoint,
    Run,
    RunReport,
    RunState,
)
from instruments.transport import Link

ENDS = {"ended": RunState.COMPLETE, "held": RunState.HOLD, "stopped": RunState.RESET}
"""What a person can say of a run that no longer runs, and the state that it means."""
RUN_WITHIN = Seconds(28_800.0)  # s; longer than any program, so that a running program is never an unanswered prompt
REPORTS = ("file", "none")


@dataclass(frozen=True, slots=True)
class Settings:
    """The site's declarations."""

    identity: Identity
    power_fail: PowerFail
    reports: bool  # it writes a run report that can be attached


class ObservedFreezer(ByPerson):
    """A ``ControlledRateFreezer`` behind a person.

    RefusedError: the driver is read-only; nobody was asked.
    FailedError: what is asked for can't be known without a link.
    """

    def __init__(self, name: str, given: Settings, *, control: bool) -> None:
        """Ask under the name of the asset; without ``control`` every command is refused."""
        super().__init__(name, given.identity, control=control)
        self._given = given

    async def power_fail(self) -> PowerFail:
        """Give what the site declares of the freezer's configuration; checked at OQ."""
        return self._given.power_fail

    async def load(self, *, program: Program) -> None:
        """Let a person select the stored program and compare it, and a second one verify."""
        self._commanding("load")
        await self._confirm(
            f"select the stored program {program.name!r} and compare it with the approved one:\n{written(program)}\n"
            "Confirm when every line at the panel reads the same",
            second=True,
        )

    async def loaded(self, *, program: Program) -> Program:
        """Let a person say whether the selected program reads as approved; another one has no known segments."""
        question = Question(
            "choose",
            self._at(f"does the selected program {program.name!r} read as approved?\n{written(program)}"),
            options=(APPROVED, DIFFERENT),
        )
        answer = await ask_person(question)
        return program if answer.word("choice") == APPROVED else Program(program.name, ())

    async def start(self, *, containers: tuple[Container, ...]) -> None:
        """Let a person press start; the moment of the answer is the start of the run."""
        self._commanding("start")
        inside = ", ".join(container.id for container in containers) or "nothing"
        await self._confirm(f"press start (in the chamber: {inside}) and confirm at once", word="start")

    async def run(self) -> Run:
        """Give where the run stands by what was answered; asks once for its end and waits for nobody."""
        state, number = self._stands()
        if state is RunState.RUN:
            text = self._at("answer when the program no longer runs: ended, held, or stopped before its end")
            question = Question("choose", text, options=tuple(ENDS), within=RUN_WITHIN)
            state = _ended(asker().ask_aside(question, word="end", number=number))
        return Run(state=state, segment=0, remaining=None, setpoint=None, chamber=None)

    async def chamber(self) -> Celsius:
        """Refuse: nothing reads this chamber but an independent probe; raises FailedError."""
        msg = f"{self._name}: the chamber of a freezer without a link can't be read; use the independent probe"
        raise FailedError(msg)

    async def hold(self) -> None:
        """Let a person hold the program."""
        self._commanding("hold")
        await self._confirm("hold the program where it is, then confirm", word="hold")

    async def go_on(self) -> None:
        """Let a person make a held program go on."""
        self._commanding("go_on")
        await self._confirm("let the held program go on, then confirm", word="continue")

    async def reset(self) -> None:
        """Let a person end the program."""
        self._commanding("reset")
        await self._confirm("end the program, then confirm", word="reset")
        self._no_end("the program was ended by a person")

    async def stand_by(self, *, target: Celsius) -> None:
        """Let a person set the temperature (degC) that the chamber keeps while no program runs."""
        self._commanding("stand_by")
        await self._confirm(f"set the chamber to {target:g} degC, no program running, then confirm")

    async def report(self) -> RunReport | None:
        """Let a person attach the run report until it can be read; None when the site declares that there is none."""
        self._no_end("the run report is asked for")
        if not self._given.reports:
            return None
        trouble = ""
        while True:
            answer = await ask_person(Question("attach", self._at(f"{trouble}attach the report of this run")))
            try:
                return _read(asker().file(answer), answer.word("file"))
            except InputError as wrong:
                trouble = f"the file was not taken ({wrong}); "

    def _stands(self) -> tuple[RunState, int]:
        """Fold what was answered in this step: the state, and the number of the question for the end of the run."""
        state, number = RunState.RESET, 1
        for one in asker().heard():
            match one.word:
                case "start" | "continue":
                    state = RunState.RUN
                case "hold":
                    state = RunState.HOLD
                case "end":
                    state, number = _ended(one.answer), number + 1
                case "reset":
                    state, number = RunState.RESET, number + 1
        return state, number

    def _no_end(self, reason: str) -> None:
        """Take back the open questions for an end that nobody waits for any more."""
        for number in range(1, self._stands()[1] + 1):
            asker().take_back(word="end", number=number, reason=reason)


def _ended(answer: Answer | None) -> RunState:
    return RunState.RUN if answer is None else ENDS[answer.word("choice")]


def _read(data: bytes, sha256: str) -> RunReport:
    """Read a run report; raises InputError with the line that is not understood."""
    name = sha256[:12]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise InputError(f"not text in UTF-8: {wrong.reason} at byte {wrong.start}", where=name) from None
    points = wire.read(text, name=name)
    return RunReport(sha256, tuple(ReportPoint(point.at, point.chamber, point.sample) for point in points))


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ObservedFreezer:
    """Build the driver; of the link only the name is used. Raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    strategy, report = given.get("power_fail", PowerFail.UNKNOWN.value), given.get("report", REPORTS[0])
    if strategy not in set(PowerFail):
        raise InputError(f"power_fail is {strategy!r}; allowed: {', '.join(PowerFail)}", where="power_fail")
    if report not in REPORTS:
        raise InputError(f"report is {report!r}; allowed: {', '.join(REPORTS)}", where="report")
    settings = Settings(declared(given), PowerFail(strategy), report == REPORTS[0])
    return ObservedFreezer(link.name, settings, control=control)


FACTORY = Factory(
    build=build,
    interface=ControlledRateFreezer,
    support=Support(
        kind=DriverKind.OBSERVED,
        level=SupportLevel.L0,
        on_host_loss=OnHostLoss.CONTINUES,
        source="no bytes: a person works the panel; the run report is comma-separated text by RFC 4180",
    ),
    transports=(),
    settings={
        "maker": "maker on the freezer's label; declared",
        "model": "model on the label; declared",
        "serial": "serial number on the label; declared",
        "firmware": "firmware that the freezer shows; declared",
        "power_fail": "what the freezer does when power comes back in a run: continue, hold, reset or 'ramp back'; "
        "declared by the site and checked at OQ",
        "report": "file: a run report is attached after each run (unless said); none: the freezer writes none",
    },
)
