"""A centrifuge that nobody can talk to: a person sets the program, starts it, and says how it ended.

Wire:   none. The driver remembers nothing: where the spin stands follows from what was asked and answered in the step.
Units:  x g, min, degC.
Source: 21 CFR 211.68(b), 211.188(b)(11) (who performed, who checked); Annex 11 6; support level L0, because there are
        no bytes that a document or a capture could prove.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automation.engine.handles import Container
from automation.engine.prompts import Heard, Question, asker
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Grams, Seconds, TimesGravity
from instruments.drivers.by_person import ByPerson, by_hand, declared, on_label
from instruments.drivers.factory import Factory
from instruments.interfaces.centrifuge import Centrifuge, CentrifugeState, CentrifugeStatus, Rotor, SpinProgram
from instruments.transport import Link

ENDED, STOPPED = "it ended as it should", "it stopped before its end"
_NONE = SpinProgram(TimesGravity(0.0), Seconds(0.0), Celsius(0.0), 0)
_SET = re.compile(r"- Force: (\S+) x g\n- Time: (\S+) min\n- Temperature: (\S+) degC\n- Brake: (\d+)")


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the spin stands, folded from the answers of a step."""

    program: SpinProgram = _NONE
    state: CentrifugeState = CentrifugeState.STANDING
    ends: int = 0  # answers to the question how it ended


class ManualCentrifuge(ByPerson):
    """A ``Centrifuge`` at whose panel a person works.

    RefusedError: the driver is read-only, or the spin does not stand so that this is possible; nobody was asked.
    """

    def __init__(self, link: Link, given: Mapping[str, str], *, control: bool) -> None:
        """Ask under the name of the link; the rotor is the site's declaration."""
        super().__init__(link.name, declared(given), control=control)
        radius, strongest, differ = (_number(given, key) for key in ("radius", "strongest", "differ_at_most"))
        self._rotor = Rotor(radius, TimesGravity(strongest), Grams(differ))

    async def look(self) -> CentrifugeStatus:
        """Give where the spin stands; asks once how it ended and waits for nobody."""
        stand = _stand(asker().heard())
        if stand.state is CentrifugeState.SPINNING:
            text = self._at("say how the spin ended, when the rotor stands")
            question = Question("choose", text, options=(ENDED, STOPPED), second=True)
            asker().ask_aside(question, word="end", number=stand.ends + 1)
        why = "the spin stopped before its end" if stand.state is CentrifugeState.FAILED else ""
        return CentrifugeStatus(stand.state, message=why)

    async def rotor(self) -> Rotor:
        """Give the rotor that the site declares."""
        return self._rotor

    async def prepare(self, *, program: SpinProgram) -> None:
        """Let a person set every value, and a second one verify; refused beyond what the rotor stands."""
        self._commanding("prepare")
        if _stand(asker().heard()).state is CentrifugeState.SPINNING:
            self._refuse("nothing is set while the rotor turns")
        if program.force > self._rotor.strongest:
            self._refuse(f"{program.force:g} x g is not possible; this rotor stands {self._rotor.strongest:g} x g")
        lines = (
            f"- Force: {program.force:g} x g\n- Time: {float(program.duration) / 60.0:g} min\n"
            f"- Temperature: {program.temperature:g} degC\n- Brake: {program.brake}"
        )
        await self._confirm(
            f"set the spin and compare, for a largest radius of {self._rotor.radius_mm:g} mm:\n{lines}",
            word="prepare",
            second=True,
        )

    async def prepared(self) -> SpinProgram:
        """Give the program that two persons have compared last."""
        return _stand(asker().heard()).program

    async def start(self, *, containers: tuple[Container, ...]) -> None:
        """Let a person start the spin."""
        self._commanding("start")
        state = _stand(asker().heard()).state
        if state is not CentrifugeState.STANDING and not asker().already(word="start"):
            self._refuse(f"nothing was set since the last spin; it is {state}")
        names = ", ".join(one.id for one in containers)
        await self._confirm(f"close it, start the spin of {names}, and confirm when the rotor turns", word="start")

    async def stop(self) -> None:
        """Let a person stop the spin."""
        self._commanding("stop")
        stand = _stand(asker().heard())
        if stand.state is not CentrifugeState.SPINNING and not asker().already(word="stop"):
            return
        if not asker().already(word="stop"):
            asker().take_back(word="end", number=stand.ends + 1, reason="the spin is stopped early")
        await self._confirm("stop the spin, wait until the rotor stands, then confirm", word="stop")


def _stand(heard: tuple[Heard, ...]) -> Stand:
    """Fold what was asked and answered in a step."""
    stand = Stand()
    for one in heard:
        match one.word:
            case "prepare":
                stand = Stand(_read(one.text), CentrifugeState.STANDING, stand.ends)
            case "start":
                stand = replace(stand, state=CentrifugeState.SPINNING)
            case "end":
                ended = one.answer.word("choice") == ENDED
                state = CentrifugeState.STANDING if ended else CentrifugeState.FAILED
                stand = replace(stand, state=state, ends=stand.ends + 1)
            case "stop":
                stand = replace(stand, state=CentrifugeState.FAILED, ends=stand.ends + 1)
    return stand


def _read(text: str) -> SpinProgram:
    """Read back the program that a question named."""
    found = _SET.search(text)
    if found is None:
        return _NONE
    force, minutes, temperature, brake = found.groups()
    return SpinProgram(
        TimesGravity(float(force)), Seconds(60.0 * float(minutes)), Celsius(float(temperature)), int(brake)
    )


def _number(given: Mapping[str, str], key: str) -> float:
    try:
        value = float(given.get(key, USUAL[key]))
    except ValueError:
        value = math.nan
    if not 0.0 < value < 1e6:
        raise InputError(f"{key} is {given[key]!r}; a number above 0 is needed")
    return value


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ManualCentrifuge:
    """Build the driver; of the link only the name is used. Raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    return ManualCentrifuge(link, given, control=control)


USUAL = {"radius": "180", "strongest": "3000", "differ_at_most": "5"}
"""Of a large benchtop centrifuge with swing-out buckets, unless the site declares its own (mm, x g, g)."""

FACTORY = Factory(
    build=build,
    interface=Centrifuge,
    support=by_hand("a person works at the panel and enters"),
    transports=(),
    settings={
        **on_label("centrifuge"),
        "radius": "largest radius of the rotor, mm; 180 unless declared",
        "strongest": "force that the rotor stands, x g; 3000 unless declared",
        "differ_at_most": "allowed between opposite buckets, g; 5 unless declared",
    },
)
