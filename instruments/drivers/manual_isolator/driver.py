"""An isolator that nobody can talk to: people read its pressure, test its gloves, and attach the report of its cycle.

Wire:   none. The driver remembers nothing: what was read follows from what was answered in the step. Its door and its
        alarm may be contacts of their own (``digital_inputs``).
Units:  Pa.
Source: EU GMP Annex 1 (2022), 4.16, 4.18 to 4.22 (isolators: pressure, leak test of gloves, decontamination); 21 CFR
        211.188(b)(11); support level L0, because there are no bytes that a document or a capture could prove.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from automation.engine.prompts import Answer, Entry, Question, ask_person, asker
from automation.kernel.errors import InputError
from instruments.drivers.by_person import ByPerson, by_hand, declared, on_label
from instruments.drivers.factory import Factory
from instruments.interfaces.isolator import CycleReport, GloveTest, Isolator, IsolatorStatus, PressureRead
from instruments.transport import Link

PASSED, FAILED = "passed", "failed"
MOST_GLOVES = 40
USUAL = {"lowest": "-200", "highest": "200"}
"""What a reading of the pressure may be at all (Pa), unless the site declares a narrower range."""


class ManualIsolator(ByPerson):
    """An ``Isolator`` that people read; a driver without control reads as well, because nothing acts on it."""

    def __init__(self, link: Link, given: Mapping[str, str], *, control: bool) -> None:
        """Ask under the name of the link; what is plausible is the site's declaration."""
        super().__init__(link.name, declared(given), control=control)
        self._lowest, self._highest = (_pascals(given, key) for key in ("lowest", "highest"))
        if self._lowest >= self._highest:
            raise InputError(f"lowest is {self._lowest:g} and highest {self._highest:g} Pa; lowest < highest is needed")

    async def look(self) -> IsolatorStatus:
        """Give what was read in this step."""
        found, cycle = IsolatorStatus(), Answer()
        for one in asker().heard():
            match one.word:
                case "pressure":
                    found = replace(found, pressure=_pressure(one.answer))
                case "gloves":
                    found = replace(found, gloves=_gloves(one.answer))
                case "cycle":
                    cycle = one.answer
                case "report":
                    found = replace(found, cycle=_cycle(cycle, one.answer))
        return found

    async def pressure(self) -> PressureRead:
        """Let a person read the pressure, and a second one verify."""
        reading = Entry("pressure", "Pressure against the room", "Pa", low=self._lowest, high=self._highest, decimals=0)
        text = self._at("read the pressure against the room")
        return _pressure(await ask_person(Question("enter", text, fields=(reading,), second=True), word="pressure"))

    async def glove_test(self) -> GloveTest:
        """Let a person test every glove and sleeve, and a second one verify."""
        fields = (
            Entry("gloves", "Gloves and sleeves tested", low=1.0, high=float(MOST_GLOVES), decimals=0),
            Entry("result", "Result", options=(PASSED, FAILED)),
        )
        text = self._at("test every glove and sleeve, and enter how many and whether all are without a leak")
        return _gloves(await ask_person(Question("enter", text, fields=fields, second=True), word="gloves"))

    async def cycle_report(self) -> CycleReport:
        """Let a person enter how the cycle ended, a second one verify, and its report be attached until it is there."""
        fields = (Entry("cycle", "Cycle, as the isolator has it"), Entry("result", "Result", options=(PASSED, FAILED)))
        text = self._at("enter the last decontamination cycle and how it ended, by its own report")
        said = await ask_person(Question("enter", text, fields=fields, second=True), word="cycle")
        trouble = ""
        while True:
            question = Question("attach", self._at(f"{trouble}attach the report of this cycle"))
            attached = await ask_person(question, word="report")
            try:
                data = asker().file(attached)
            except InputError as wrong:
                trouble = f"the file was not taken ({wrong}); "
                continue
            if data:
                return _cycle(said, attached)
            trouble = "the file was not taken (it is empty); "


def _pressure(answer: Answer) -> PressureRead:
    return PressureRead(answer.number("pressure"), _entered(answer))


def _gloves(answer: Answer) -> GloveTest:
    return GloveTest(answer.word("result") == PASSED, round(answer.number("gloves")), _entered(answer))


def _cycle(said: Answer, attached: Answer) -> CycleReport:
    return CycleReport(said.word("cycle"), said.word("result") == PASSED, attached.word("file"), _entered(said))


def _entered(answer: Answer) -> str:
    return f"entered by {answer.by}, verified by {answer.verified_by}"


def _pascals(given: Mapping[str, str], key: str) -> float:
    text = given.get(key, USUAL[key])
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -10_000.0 <= value <= 10_000.0:
        raise InputError(f"{key} is {text!r}; a pressure in Pa is needed, for example 35")
    return value


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ManualIsolator:
    """Build the driver; of the link only the name is used. Raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    return ManualIsolator(link, given, control=control)


FACTORY = Factory(
    build=build,
    interface=Isolator,
    support=by_hand("people read, test and attach"),
    transports=(),
    settings={
        **on_label("isolator"),
        "lowest": "lowest plausible pressure against the room, Pa; -200 unless declared",
        "highest": "highest plausible pressure against the room, Pa; 200 unless declared",
    },
)
