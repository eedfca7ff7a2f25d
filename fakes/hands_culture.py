"""Hands at a culture: cells are poured, put into the incubator, sampled for sugar, and led over a magnet.

The question names containers, volumes and lots, as in ``hands_filling``; additions and new bags are done there.
Units: mL, g/L; beads per 3 million cells.
"""

import re
from collections.abc import Callable

from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import normal
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.contents import Contents
from fakes.hands_balance import clear, weighed
from fakes.memmert import FakeMemmert
from fakes.panel import Crew, Habit, Values
from fakes.physics.culture import GLUCOSE, LACTATE
from fakes.result_folder import FakeFolder

INCUBATOR, ANALYSER_CLASS = "incubator", "metabolite analyser"
HAND = 0.5  # mL, standard deviation of what is poured from bag to bag
ANALYSER = 0.03  # coefficient of variation of a glucose or lactate reading
POURS, WALKS = Seconds(240.0), Seconds(60.0)  # s
_POUR = re.compile(r"^Mix (\S+)\. Transfer (all|\S+ mL) of it into (\S+) by a sterile connection")
_IN = re.compile(r"^Put (\S+) into the incubator")
_OUT = re.compile(r"^Take (\S+) out of the incubator")
_TAKE = re.compile(r"^Take it out of the incubator\. Mix\. Put (\S+) alone")
_SUGAR = re.compile(r"^Measure glucose and lactate of (\S+) and")
_TELL = re.compile(r"^Enter (?:glucose and lactate|what was measured) of (\S+)$")
_NO_SUGAR = re.compile(r"^No result of the analyser for (\S+):")
_MAGNET = re.compile(r"^Mix (\S+) and put it on the magnet")
_DRAW = re.compile(r"Draw (\S+) mL from (\S+) into (\S+),")
_BEADS = re.compile(r"^Count the beads that are left in (\S+)")
_REST = re.compile(r"^Label what is left in (\S+)")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about cultures."""
    hands = _Hands(crew)
    return [
        Habit(_POUR.pattern, hands.pour, POURS),
        Habit(_IN.pattern, hands.put_in, WALKS),
        Habit(_TAKE.pattern, hands.take_and_weigh, WALKS),  # before the next one, which it looks like
        Habit(_OUT.pattern, hands.take_out, WALKS),
        Habit(_SUGAR.pattern, hands.measure, Seconds(300.0)),
        Habit(_TELL.pattern, hands.tell),
        Habit(_NO_SUGAR.pattern, hands.look_for_sugar),
        Habit(_MAGNET.pattern, hands.put_on_magnet),
        Habit(r"^Draw \S+ mL from \S+ into \S+, mixed, then confirm", hands.draw),
        Habit(_BEADS.pattern, hands.count_beads, Seconds(420.0)),
        Habit(_REST.pattern, hands.put_aside),
    ]


class _Hands:
    """One person's hands at a culture."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def pour(self, prompt: Prompt) -> Values:
        """Pour cells from one bag into the one on the balance."""
        source, much, dest = _found(_POUR, prompt)
        self._bench("mix", container=source)
        if much == "all":
            self._bench("pour", source=source, dest=dest)
        else:
            seed = self._crew.plant.world.seed
            meant = float(much.split(" ")[0]) + HAND * normal(seed, "hand", prompt.id)
            self._bench("pour", source=source, dest=dest, volume=max(0.0, meant))
        return weighed(self._crew, prompt)

    async def put_in(self, prompt: Prompt) -> Values:
        """Put the culture into the incubator."""
        (container,) = _found(_IN, prompt)
        clear(self._crew)
        self._open(lambda: self._incubator("put", container=container))
        return self._label(prompt)

    async def take_out(self, prompt: Prompt) -> Values:
        """Take it out and stand it on the bench."""
        self._take(_found(_OUT, prompt)[0])
        return self._label(prompt)

    async def take_and_weigh(self, prompt: Prompt) -> Values:
        """Take it out, mix it, and put it on the balance."""
        container = _found(_TAKE, prompt)[0]
        self._take(container)
        self._bench("mix", container=container)
        return weighed(self._crew, prompt)

    async def measure(self, prompt: Prompt) -> Values:
        """Let the analyser measure a sample tube; there may be none, or one without files."""
        (sample,) = _found(_SUGAR, prompt)
        analyser = self._crew.asset(ANALYSER_CLASS)
        if isinstance(self._crew.plant.fake(analyser) if analyser else None, FakeFolder):
            self._crew.plant.hand(analyser, "measure", sample=sample, after=1.0)
            await self._crew.site.house.clock.sleep(Seconds(10.0))
        return {}

    async def tell(self, prompt: Prompt) -> Values:
        """Enter what was measured."""
        (sample,) = _found(_TELL, prompt)
        contents = self._crew.plant.world.container(sample).contents
        return {
            "glucose": self._concentration(contents, GLUCOSE, sample=sample),
            "lactate": self._concentration(contents, LACTATE, sample=sample),
        }

    async def look_for_sugar(self, prompt: Prompt) -> Values:
        """Enter by hand what the analyser gives no figures for."""
        return {"choice": prompt.opening.options[-1]} if prompt.opening else {}

    async def put_on_magnet(self, prompt: Prompt) -> Values:
        """Let the bag rest on the magnet."""
        (container,) = _found(_MAGNET, prompt)
        self._bench("mix", container=container)
        self._bench("rest", container=container)
        return {}

    async def draw(self, prompt: Prompt) -> Values:
        """Draw one sample into a tube."""
        volume, source, sample = _found(_DRAW, prompt)
        self._bench("mix", container=source)
        self._bench("sample", container=sample, source=source, volume=float(volume))
        return {}

    async def count_beads(self, prompt: Prompt) -> Values:
        """Count the beads among 3 million cells."""
        (sample,) = _found(_BEADS, prompt)
        contents = self._crew.plant.world.container(sample).contents
        beads, cells = contents.particles.get("beads", 0.0), float(contents.cells)
        mean = 3e6 * beads / cells if cells else 0.0
        seen = mean + mean**0.5 * normal(self._crew.plant.world.seed, "beads", sample)
        return {"beads": float(max(0, round(seen)))}

    async def put_aside(self, prompt: Prompt) -> Values:
        """Put what is left over into the refrigerator."""
        clear(self._crew)
        self._bench("move", container=_found(_REST, prompt)[0], to="fridge")
        return {}

    def _concentration(self, contents: Contents, what: str, *, sample: str) -> float:
        """Give a concentration (g/L) as an analyser reads it."""
        if not float(contents.volume):
            return 0.0
        true = 1000.0 * contents.solutes.get(what, 0.0) / float(contents.volume)
        return round(max(0.0, true * (1.0 + ANALYSER * normal(self._crew.plant.world.seed, what, sample))), 2)

    def _take(self, container: str) -> None:
        self._open(lambda: self._incubator("take", container=container, to=BENCH))

    def _open(self, act: Callable[[], None]) -> None:
        """Open the door, act, close it."""
        self._incubator("door", open=True)
        act()
        self._incubator("door", open=False)

    def _label(self, prompt: Prompt) -> Values:
        opening = prompt.opening
        return {} if opening is None else {"code": self._crew.symbol(opening.accept[0], opening.expects)}

    def _incubator(self, action: str, **details: object) -> None:
        asset = self._crew.asset(INCUBATOR)
        if isinstance(self._crew.plant.fake(asset), FakeMemmert):
            self._crew.plant.hand(asset, action, **details)

    def _bench(self, action: str, **details: object) -> None:
        self._crew.plant.hand(BENCH, action, **details)


def _found(pattern: re.Pattern[str], prompt: Prompt) -> tuple[str, ...]:
    found = pattern.search(prompt.opening.text if prompt.opening else "")
    return found.groups() if found else ()
