"""A thawer that nobody can talk to, a water bath among them: a person sets it, and enters what its thermometer shows.

Wire:   none. The driver remembers nothing: how it stands follows from what was asked and answered in the step.
Units:  degC.
Source: 21 CFR 211.188(b)(11) (who performed, who checked); Annex 11 6; support level L0, because there are no bytes
        that a document or a capture could prove.
"""

from automation.engine.prompts import Entry, Question, ask_person, asker
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.by_person import ByPerson, manual
from instruments.interfaces.thawer import Thawer, ThawerState, ThawerStatus

WARM = Seconds(3600.0)  # until a bath is warm before people are called


class ManualThawer(ByPerson):
    """A ``Thawer`` at which a person works.

    RefusedError: the driver is read-only; nobody was asked.
    """

    async def look(self) -> ThawerStatus:
        """Give what was entered last in this step; asks nobody."""
        for heard in reversed(asker().heard()):
            if heard.word == "rest":
                break
            if heard.word == "keep":
                kept, shown = (Celsius(heard.answer.number(name)) for name in ("kept", "shown"))
                return ThawerStatus(ThawerState.HEATING, shown, kept)
        return ThawerStatus(ThawerState.RESTING, None)

    async def keep(self, *, temperature: Celsius) -> None:
        """Let a person set it, wait, and enter what it is set to and what its thermometer shows; a second verifies."""
        self._commanding("setting a temperature")
        text = f"set it to {temperature:g} degC, wait until it is warm, and read its calibrated thermometer"
        entries = (
            Entry("kept", "Set to", unit="degC", low=0.0, high=60.0, decimals=1),
            Entry("shown", "Thermometer", unit="degC", low=0.0, high=60.0, decimals=1),
        )
        question = Question("enter", self._at(text), fields=entries, second=True, within=WARM)
        await ask_person(question, word="keep")

    async def rest(self) -> None:
        """Let a person switch it off."""
        self._commanding("switching it off")
        await self._confirm("switch it off, then confirm", word="rest")


FACTORY = manual(ManualThawer, Thawer, device="thawer", how="a person sets it and reads its thermometer")
