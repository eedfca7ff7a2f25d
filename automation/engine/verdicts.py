"""What a step comes to: its results judged against the recipe's limits, its yields, its signatures.

Source: 21 CFR 211.100(b) and 211.110 (results out of limits are deviations), 211.103 (yields), 211.188(b)(11).
"""

from collections.abc import Callable

import msgspec

from automation.engine.alarms import Alarms
from automation.engine.house import House
from automation.engine.past import past
from automation.engine.prompts import WITHIN, Question
from automation.engine.recipe.model import Literal, Step, Yield
from automation.engine.recipe.spec import unit_of
from automation.engine.recorder import Recorder
from automation.engine.rounds import Rounds
from automation.formulas.limits import Band, Judgement, Limits, decimal, judge
from automation.gmp.words import Right
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """One result beside its limits."""

    what: str
    raw: str
    reported: str
    unit: str
    band: str
    sentence: str
    limits: tuple[str, ...] = ()
    kind: str = "result"  # result or yield


class Concluded(msgspec.Struct, frozen=True):
    """The step is judged and signed."""

    state: str


class Verdicts:
    """Concludes the steps of one batch."""

    def __init__(self, house: House, rounds: Rounds) -> None:
        """Judge for a batch."""
        self._house = house
        self._rounds = rounds
        self._batch = rounds.batch

    def judged(self, step: Step) -> bool:
        """Tell whether a step is concluded already."""
        return any(event.kind == "concluded" for event in self._stream(step.id))

    async def conclude(self, step: Step) -> None:
        """Judge, ask for the signatures, and note that the step is concluded."""
        if self.judged(step):
            return
        recorder = Recorder(
            self._house.ledger, self._house.clock, f"batch/{self._batch}/step/{step.id}", self._house.careful
        )
        alarms = Alarms(self._house.door, batch=self._batch, step=step.id)
        self._judge(step, recorder, alarms)
        state = past("", self._stream(step.id)).state
        if step.signatures:
            question = question_of(step, f"{step.title or step.id} ended as {state!r}")
            name = f"{self._batch}.{step.id}.signatures"
            await self._house.desk.ask(name, question, batch=self._batch, step=step.id, alarms=alarms)
        event = recorder.write("concluded", Concluded(state))
        await self._house.ledger.durable(event.seq)

    def _judge(self, step: Step, recorder: Recorder, alarms: Alarms) -> None:
        done: set[str] = set()
        for event in self._stream(step.id):
            if event.kind == "judged":
                done.add(event.read(Judged).what)
                self._follow(event, alarms)  # an earlier process may not have come to it
        results = past("", self._stream(step.id)).results
        spec = self._house.operations[step.operation]
        for name, limits in step.limits.items():
            if name not in done:
                self._note(
                    judge_result(results.get(name), limits, kind=spec.results[name], name=name), recorder, alarms
                )
        for one in step.yields:
            if one.name not in done:
                self._note(judge_yield(one, self._result), recorder, alarms)

    def _note(self, judged: Judged, recorder: Recorder, alarms: Alarms) -> None:
        self._follow(recorder.write("judged", judged), alarms)

    @staticmethod
    def _follow(event: Event, alarms: Alarms) -> None:
        """Open the deviation that a result out of its limits is."""
        open_deviation(event, alarms)

    def _result(self, step: str, name: str) -> object:
        return past("", self._stream(self._rounds.latest(step))).results.get(name)

    def _stream(self, step: str) -> list[Event]:
        return self._house.ledger.stream(f"batch/{self._batch}/step/{step}")


def judge_result(value: object, limits: Limits, *, kind: object, name: str) -> Judged:
    """Judge a result of a step, of the type that the operation declares, against its limits."""
    number = float(value) if isinstance(value, int | float) else None
    return _shown(judge(number, unit_of(kind), limits, what=name), name)


def judge_yield(one: Yield, result: Callable[[str, str], object]) -> Judged:
    """Judge a yield; ``result`` gives a result by step and name."""
    theory = one.theoretical
    actual = result(one.actual.step, one.actual.result)
    expected = theory.value if isinstance(theory, Literal) else result(theory.step, theory.result)
    share = None
    if isinstance(actual, int | float) and isinstance(expected, int | float) and expected:
        share = decimal(100.0 * float(actual) / float(expected))
    return _shown(judge(share, "%", one.limits, what=one.name), one.name, kind="yield")


def open_deviation(event: Event, alarms: Alarms) -> None:
    """Open the deviation of a verdict that is out of its limits; once."""
    judged = event.read(Judged)
    if judged.band in {Band.REJECT, Band.ACTION, Band.NOT_EVALUABLE}:
        alarms.deviation(judged.sentence, rule=f"limit of {judged.what}", cause=event.seq)


def question_of(step: Step, text: str, *, within: Seconds = WITHIN) -> Question:
    """Give the question for the signatures under a step; an alarm after ``within`` (s)."""
    return Question(
        "witness" if len(step.signatures) > 1 else "sign",
        text,
        meanings=tuple(str(meaning) for meaning in step.signatures),
        asks=(Right.PERFORM, Right.VERIFY, Right.REVIEW, Right.APPROVE),
        within=within,
    )


def _shown(found: Judgement, what: str, *, kind: str = "result") -> Judged:
    return Judged(
        what,
        "" if found.raw is None else str(found.raw),
        "" if found.reported is None else str(found.reported),
        found.unit,
        str(found.band),
        found.sentence,
        () if found.limit is None else (str(found.limit),),
        kind,
    )
