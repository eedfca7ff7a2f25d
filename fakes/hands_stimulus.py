"""Hands at feeders, fragments and stained tubes, and what people find in papers about patient, donor and feeders.

Papers say what they should; tests put other habits before these.
Units: mL.
"""

import re

from automation.gmp.marks import of_batch
from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import clear
from fakes.panel import Crew, Habit, Values

CYTOMETER = "flow cytometer"
CUTS, PLACES, STAINS = Seconds(2700.0), Seconds(480.0), Seconds(3600.0)  # s
LOOKS = 5  # times that a person looks for a file that is not there
_CERTIFICATE = re.compile(r"^Enter what the certificate of")
_CUT = re.compile(r"^Cut the tumour of (\S+) into")
_PLACE = re.compile(r"^Put (\d+) fragments of (\S+) into (\S+), evenly")
_STAIN = re.compile(r"^Mix\. Draw (\S+) mL from (\S+) into (\S+), stain it and acquire (\d+) events")
_NO_FILE = re.compile(r"^No result of the cytometer: no result for (\S+):")
_DOCUMENT = re.compile(r"^Enter number and issue of the document")
_COMPARE = re.compile(r"^Compare \(")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about feeders, fragments, stained tubes and papers."""
    hands = _Hands(crew)
    return [
        Habit(_CERTIFICATE.pattern, hands.read_certificate),
        Habit(_CUT.pattern, hands.cut, CUTS),
        Habit(_PLACE.pattern, hands.place, PLACES),
        Habit(_STAIN.pattern, hands.stain, STAINS),
        Habit(_NO_FILE.pattern, hands.look_for_file),
        Habit(_DOCUMENT.pattern, hands.read_number),
        Habit(_COMPARE.pattern, hands.compare, Seconds(300.0)),
    ]


class _Hands:
    """One person's hands and eyes."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def read_certificate(self, _prompt: Prompt) -> Values:
        """Read the certificate of an irradiation."""
        return {"irradiation": "irradiated, certificate at hand", "certificate": "IRR-2041"}

    async def cut(self, prompt: Prompt) -> Values:
        """Cut as many fragments as the tumour gives."""
        (tumour,) = _found(_CUT, prompt)
        return {"fragments": float(int(self._crew.plant.world.container(tumour).contents.particles["fragments"]))}

    async def place(self, prompt: Prompt) -> Values:
        """Bring so many fragments into the vessel, with what clings to them."""
        number, tumour, vessel = _found(_PLACE, prompt)
        clear(self._crew)
        self._bench("pour", source=tumour, dest=vessel, fragments=float(number))
        return {}

    async def stain(self, prompt: Prompt) -> Values:
        """Draw a sample, stain it, and acquire it."""
        volume, source, sample, events = _found(_STAIN, prompt)
        self._bench("mix", container=source)
        self._bench("sample", container=sample, source=source, volume=float(volume))
        self._crew.plant.hand(self._crew.asset(CYTOMETER), "acquire", sample=sample, events=float(events), after=1.0)
        await self._crew.site.house.clock.sleep(Seconds(10.0))
        return {}

    async def look_for_file(self, prompt: Prompt) -> Values:
        """Look for the file a few times, then say that there will be none."""
        opening = prompt.opening
        marked = self._crew.site.house.door.marked("prompt", of_batch(prompt.batch))
        every = (one for one in marked if isinstance(one, Prompt) and one.state == "answered")
        looked = sum(_found(_NO_FILE, one) == _found(_NO_FILE, prompt) for one in every)
        return {"choice": opening.options[-1 if looked >= LOOKS else 0]} if opening else {}

    async def read_number(self, _prompt: Prompt) -> Values:
        """Read the number of a document."""
        return {"document": "DOC-3301, issue 2"}

    async def compare(self, _prompt: Prompt) -> Values:
        """Compare, and find that it is so."""
        return {"criterion": "met"}

    def _bench(self, action: str, **details: object) -> None:
        self._crew.plant.hand(BENCH, action, **details)


def _found(pattern: re.Pattern[str], prompt: Prompt) -> tuple[str, ...]:
    found = pattern.search(prompt.opening.text if prompt.opening else "")
    return found.groups() if found else ()
