"""A separator that nobody can talk to: a person selects the program, starts it, and says how it ended.

Wire:   none. The driver remembers nothing: where the run stands follows from what was asked and answered in the step.
Units:  none.
Source: 21 CFR 211.68(b), 211.188(b)(11) (who performed, who checked); Annex 11 6; support level L0, because there are
        no bytes that a document or a capture could prove.
"""

from dataclasses import dataclass, replace

from automation.engine.handles import Container
from automation.engine.prompts import Heard, Question, asker
from automation.kernel.quantity import Seconds
from instruments.drivers.by_person import ByPerson, compared, manual, to_compare
from instruments.interfaces.panel_program import PanelProgram
from instruments.interfaces.separator import (
    CellSeparator,
    SeparatorState,
    SeparatorStatus,
)

ENDED, STOPPED = "it ended as it should", "it stopped before its end"
LONGEST = Seconds(86_400.0)  # a run; the step that watches it knows how long its own may take
_NONE = PanelProgram("", ())


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the run stands, folded from the answers of a step."""

    program: PanelProgram = _NONE
    state: SeparatorState = SeparatorState.NO_PROGRAM
    ends: int = 0  # answers to the question how it ended


class ManualSeparator(ByPerson):
    """A ``CellSeparator`` at whose panel a person works.

    RefusedError: the driver is read-only, or the run does not stand so that this is possible; nobody was asked.
    """

    async def look(self) -> SeparatorStatus:
        """Give where the run stands; asks once how it ended and waits for nobody."""
        stand = _stand(asker().heard())
        if stand.state is SeparatorState.RUNNING:
            text = self._at("say how the run ended, when it is over")
            question = Question("choose", text, options=(ENDED, STOPPED), second=True, within=LONGEST)
            asker().ask_aside(question, word="end", number=stand.ends + 1)
        return SeparatorStatus(stand.state, stand.program.name)

    async def prepare(self, *, program: PanelProgram) -> None:
        """Let a person select the program and compare every value, and a second one verify."""
        self._commanding("prepare")
        if _stand(asker().heard()).state is SeparatorState.RUNNING:
            self._refuse("nothing is selected while a run goes on")
        await self._confirm(to_compare(program), word="prepare", second=True)

    async def prepared(self) -> PanelProgram:
        """Give the program that two persons have compared last."""
        return _stand(asker().heard()).program

    async def start(self, *, source: Container, product: Container) -> None:
        """Let a person start the run."""
        self._commanding("start")
        state = _stand(asker().heard()).state
        if state is not SeparatorState.READY and not asker().already(word="start"):
            self._refuse(f"no program was selected since the last run; it is {state}")
        await self._confirm(f"start the run from {source.id} into {product.id} and confirm at once", word="start")

    async def stop(self) -> None:
        """Let a person end the run early."""
        self._commanding("stop")
        stand = _stand(asker().heard())
        if stand.state is not SeparatorState.RUNNING and not asker().already(word="stop"):
            return
        if not asker().already(word="stop"):
            asker().take_back(word="end", number=stand.ends + 1, reason="the run is ended early")
        await self._confirm("end the run, let it bring out the cells, then confirm", word="stop")


def _stand(heard: tuple[Heard, ...]) -> Stand:
    """Fold what was asked and answered in a step."""
    stand = Stand()
    for one in heard:
        match one.word:
            case "prepare":
                stand = Stand(compared(one.text), SeparatorState.READY, stand.ends)
            case "start":
                stand = replace(stand, state=SeparatorState.RUNNING)
            case "end":
                over = SeparatorState.ENDED if one.answer.word("choice") == ENDED else SeparatorState.FAILED
                stand = replace(stand, state=over, ends=stand.ends + 1)
            case "stop":
                stand = replace(stand, state=SeparatorState.FAILED, ends=stand.ends + 1)
    return stand


FACTORY = manual(ManualSeparator, CellSeparator, device="separator", how="a person works at the panel and enters")
