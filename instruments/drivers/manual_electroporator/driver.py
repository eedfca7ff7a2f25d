"""An electroporator that nobody can talk to: a person selects the program, sends the pulse, and says what it showed.

Wire:   none. The driver remembers nothing: what was selected and pulsed follows from what was answered in the step.
Units:  none.
Source: 21 CFR 211.68(b), 211.188(b)(11) (who performed, who checked); Annex 11 6; support level L0, because there are
        no bytes that a document or a capture could prove.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from automation.engine.handles import Container
from automation.engine.prompts import Heard, Question, ask_person, asker
from instruments.drivers.by_person import ByPerson, compared, manual, to_compare
from instruments.interfaces.electroporator import (
    Electroporator,
    PulseState,
    PulseStatus,
)
from instruments.interfaces.panel_program import PanelProgram

DELIVERED, ARC, NOTHING = "delivered as programmed", "arc or error in the pulse", "it refused: no pulse was sent"
SHOWN: Mapping[str, PulseState] = {
    DELIVERED: PulseState.DELIVERED,
    ARC: PulseState.ARC,
    NOTHING: PulseState.NOTHING,
}
_NONE = PanelProgram("", ())


@dataclass(frozen=True, slots=True)
class Stand:
    """What was selected and what was pulsed last, folded from the answers of a step."""

    program: PanelProgram = _NONE
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

    async def prepare(self, *, program: PanelProgram) -> None:
        """Let a person select the program and compare every value, and a second one verify."""
        self._commanding("prepare")
        await self._confirm(to_compare(program), word="prepare", second=True)

    async def prepared(self) -> PanelProgram:
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
                stand = Stand(compared(one.text), PulseState.READY)
            case "pulse":
                stand = replace(stand, state=SHOWN.get(one.answer.word("choice"), PulseState.UNKNOWN))
    return stand


FACTORY = manual(
    ManualElectroporator, Electroporator, device="electroporator", how="a person works at the panel and enters"
)
