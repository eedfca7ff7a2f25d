"""An electroporator that nobody can talk to: a person selects the program, sends the pulse, and says what it showed.

Wire:   none. The driver remembers nothing: what was selected and pulsed follows from what was answered in the step.
Units:  none.
Source: 21 CFR 211.68(b), 211.188(b)(11) (who performed, who checked); Annex 11 6; support level L0, because there are
        no bytes that a document or a capture could prove.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automation.engine.handles import Container
from automation.engine.prompts import Heard, Question, ask_person, asker
from instruments.drivers.by_person import ByPerson, declared
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, OnHostLoss, Support, SupportLevel
from instruments.interfaces.electroporator import (
    Electroporator,
    PulseProgram,
    PulseSetting,
    PulseState,
    PulseStatus,
)
from instruments.transport import Link

DELIVERED, ARC, NOTHING = "delivered as programmed", "arc or error in the pulse", "it refused: no pulse was sent"
SHOWN: Mapping[str, PulseState] = {
    DELIVERED: PulseState.DELIVERED,
    ARC: PulseState.ARC,
    NOTHING: PulseState.NOTHING,
}
_NONE = PulseProgram("", ())
_NAME = re.compile(r"select the program '(.+)' and compare:")
_SETTING = re.compile(r"^- (.+?): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stand:
    """What was selected and what was pulsed last, folded from the answers of a step."""

    program: PulseProgram = _NONE
    state: PulseState = PulseState.NO_PROGRAM


class ManualElectroporator(ByPerson):
    """An ``Electroporator`` at whose panel a person works.

    RefusedError: the driver is read-only, or no program was selected; nobody was asked.
    """

    async def look(self) -> PulseStatus:
        """Give what people have said of the last pulse."""
        stand = _stand(asker().heard())
        words = {state: word for word, state in SHOWN.items()}
        return PulseStatus(stand.state, stand.program.name, words.get(stand.state, ""))

    async def prepare(self, *, program: PulseProgram) -> None:
        """Let a person select the program and compare every value, and a second one verify."""
        self._commanding("prepare")
        lines = "".join(f"\n- {one.name}: {one.value}" for one in program.settings)
        await self._confirm(f"select the program '{program.name}' and compare:{lines}", word="prepare", second=True)

    async def prepared(self) -> PulseProgram:
        """Give the program that two persons have compared last."""
        return _stand(asker().heard()).program

    async def pulse(self, *, cassette: Container) -> None:
        """Let a person send the pulse and say what the device shows."""
        self._commanding("pulse")
        if _stand(asker().heard()).state is PulseState.NO_PROGRAM:
            self._refuse("no program was selected")
        text = self._at(f"put {cassette.id} in, send the pulse, and say at once what the device shows")
        await ask_person(Question("choose", text, options=tuple(SHOWN)), word="pulse")


def _stand(heard: tuple[Heard, ...]) -> Stand:
    """Fold what was asked and answered in a step."""
    stand = Stand()
    for one in heard:
        match one.word:
            case "prepare":
                stand = Stand(_read(one.text), PulseState.READY)
            case "pulse":
                stand = replace(stand, state=SHOWN.get(one.answer.word("choice"), PulseState.UNKNOWN))
    return stand


def _read(text: str) -> PulseProgram:
    """Read back the program that a question named."""
    name = _NAME.search(text)
    settings = tuple(PulseSetting(*found) for found in _SETTING.findall(text))
    return PulseProgram(name[1] if name else "", settings)


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ManualElectroporator:
    """Build the driver; of the link only the name is used. Raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    return ManualElectroporator(link.name, declared(given), control=control)


FACTORY = Factory(
    build=build,
    interface=Electroporator,
    support=Support(
        kind=DriverKind.MANUAL,
        level=SupportLevel.L0,
        on_host_loss=OnHostLoss.CONTINUES,
        source="no bytes: a person works at the panel and enters",
    ),
    transports=(),
    settings={
        "maker": "maker of the electroporator; declared",
        "model": "its model; declared",
        "serial": "its serial number; declared",
        "firmware": "its software, as it shows it; declared",
    },
)
