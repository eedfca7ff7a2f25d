"""Hands in the cold: a container is fetched from the store, thawed and looked at, or packed into a dry shipper.

The question names containers, positions and shippers. Ice is there while a container is in its freezing range or below.
Units: degC, kg, s.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import normal
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.echotherm import FakeEchoTherm
from fakes.panel import Crew, Habit, Values
from fakes.physics.product import FREEZING

THAWER, BATH = "thawer", "water bath"
COLD_BOX, SHIPPER, STORE = "cold box", "dry shipper", "storage"
NEAR = 0.1  # K above freezing, from which on nobody sees ice
READS = 0.3  # K, standard deviation of an infrared thermometer
LOOKS, PATIENCE = Seconds(10.0), 200  # s between two looks of who waits for the end of a thaw; looks
PAPERS: Values = {
    "shipper": "DS-07",
    "qualified": "in date",
    "dry": 11.20,
    "charged": 14.52,
    "logger": "TL-3310",
    "calibrated": "in date",
    "inside": -188.4,
    "seal": "SL-60411",
    "carrier": "Example Couriers, 114",
    "waybill": "EX-2201187",
    "condition": "intact",
    "to": "Ward 4, order 0101",
}
_LEAVES = re.compile(r"^Take (\S+(?: out of \S+)?(?:, \S+(?: out of \S+)?)*): confirm when it leaves the store")
_IN_BOX = re.compile(r"^Confirm when (.+) is in the cold box")
_OUT_OF_BOX = re.compile(r"^Take (.+) out of the cold box: confirm when it leaves it")
_INTO_SHIPPER = re.compile(r"^Put (.+) into shipper \S+, close it")
_INTO_THAWER = re.compile(r"^Take (\S+) out of the cold box, scan its label, and put it into the thawer")
_LOOK = re.compile(r"^Move (\S+) gently in the thawer")
_OUT = re.compile(r"^Take (\S+) out of the thawer")
_TO_ITS_END = re.compile(r"has no pause\. Thaw (\S+) until|The thaw was \w+: (\S+) can't stay half thawed")
_ELSEWHERE = re.compile(r"^The thawer failed: bring (\S+) into another one")
_BACK = re.compile(r"(?:[Bb]ring) (.+?) back into the store")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about frozen containers."""
    hands = _Hands(crew)
    return [
        Habit(_LEAVES.pattern, hands.leave_store),
        Habit(_IN_BOX.pattern, hands.put_in_box, Seconds(20.0)),
        Habit(_OUT_OF_BOX.pattern, hands.take_out_of_box),
        Habit(_INTO_SHIPPER.pattern, hands.put_in_shipper, Seconds(25.0)),
        Habit(_INTO_THAWER.pattern, hands.put_in_thawer, Seconds(20.0)),
        Habit(_LOOK.pattern, hands.look, Seconds(10.0)),
        Habit(_OUT.pattern, hands.take_out),
        Habit(_TO_ITS_END.pattern, hands.thaw_to_its_end),
        Habit(_ELSEWHERE.pattern, hands.go_elsewhere, Seconds(20.0)),
        Habit(_BACK.pattern, hands.bring_back, Seconds(60.0)),
        Habit(r"^Take a dry shipper that was charged", hands.read, Seconds(300.0)),
        Habit(r"^Start a logger", hands.read, Seconds(600.0)),
        Habit(r"^Put the papers to shipper", hands.read, Seconds(180.0)),
        Habit(r"^Hand (shipper )?\S+ over ", hands.read, Seconds(60.0)),
        Habit(r"^At \S+: set it to (\S+) degC, wait until it is warm", hands.warm_bath, Seconds(900.0)),
    ]


class _Hands:
    """One person's hands at frozen containers."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def leave_store(self, prompt: Prompt) -> Values:
        """Take the containers out: from here on they warm up in the air."""
        for part in _said(_LEAVES, prompt).split(", "):
            self._move(part.partition(" out of ")[0], BENCH)
        return {}

    async def put_in_box(self, prompt: Prompt) -> Values:
        """Put them into the cold box."""
        return self._carry(_said(_IN_BOX, prompt), COLD_BOX)

    async def take_out_of_box(self, prompt: Prompt) -> Values:
        """Take them out of it again."""
        return self._carry(_said(_OUT_OF_BOX, prompt), BENCH)

    async def put_in_shipper(self, prompt: Prompt) -> Values:
        """Put them into the shipper, one above the other."""
        self._carry(_said(_INTO_SHIPPER, prompt), SHIPPER)
        fields = prompt.opening.fields if prompt.opening else ()
        return {one.name: f"rack 1, place {n}" for n, one in enumerate(fields, 1)}

    async def put_in_thawer(self, prompt: Prompt) -> Values:
        """Scan the label and let the container in."""
        self._into_thawer(_said(_INTO_THAWER, prompt))
        opening = prompt.opening
        return {} if opening is None else {"code": self._crew.symbol(opening.accept[0], opening.expects)}

    async def look(self, prompt: Prompt) -> Values:
        """Lift it and look; the surface is as warm as what is in it."""
        name = _said(_LOOK, prompt)
        options = prompt.opening.fields[0].options if prompt.opening else ("", "")
        off = READS * normal(self._crew.plant.world.seed, "infrared", prompt.id)
        surface = round(self._temperature(name) + off, 1)
        return {"ice": options[1 if self._has_ice(name) else 0], "surface": surface}

    async def take_out(self, prompt: Prompt) -> Values:
        """Take it out and stand it on the bench."""
        self._take(_said(_OUT, prompt))
        return self._papers(prompt)

    async def thaw_to_its_end(self, prompt: Prompt) -> Values:
        """Wait until no ice is left, then take it out."""
        name = _said(_TO_ITS_END, prompt)
        for _ in range(PATIENCE):
            if not self._has_ice(name):
                break
            await self._crew.site.house.clock.sleep(LOOKS)
        self._take(name)
        return {}

    async def go_elsewhere(self, prompt: Prompt) -> Values:
        """Go on in a water bath."""
        self._move(_said(_ELSEWHERE, prompt), BATH)
        return {}

    async def bring_back(self, prompt: Prompt) -> Values:
        """Put back what is still frozen, wherever it is; what nobody names is where it was."""
        for name in _said(_BACK, prompt).split(", "):
            world = self._crew.plant.world
            if world.has(name) and self._has_ice(name) and world.container(name).place != STORE:
                self._take(name)
                self._move(name, STORE)
        return {}

    async def read(self, prompt: Prompt) -> Values:
        """Read everything off plates and papers; every paper of a list is there."""
        return self._papers(prompt)

    async def warm_bath(self, prompt: Prompt) -> Values:
        """Set a bath without a plug to our desk, and read its thermometer."""
        found = re.search(r"set it to (\S+) degC", prompt.opening.text if prompt.opening else "")
        wanted = float(found[1]) if found else 37.0
        return {"kept": wanted, "shown": wanted}

    def _papers(self, prompt: Prompt) -> Values:
        fields = prompt.opening.fields if prompt.opening else ()
        return {one.name: PAPERS.get(one.name, one.options[0] if one.options else "1") for one in fields}

    def _carry(self, names: str, to: str) -> Values:
        for name in names.split(", "):
            self._move(name, to)
        return {}

    def _move(self, name: str, to: str) -> None:
        self._crew.plant.hand(BENCH, "move", container=name, to=to)

    def _into_thawer(self, name: str) -> None:
        asset = self._crew.asset(THAWER)
        if asset and isinstance(self._crew.plant.fake(asset), FakeEchoTherm):
            self._crew.plant.hand(asset, "put", container=name)
        else:
            self._move(name, BATH)

    def _take(self, name: str) -> None:
        self._move(name, BENCH)

    def _temperature(self, name: str) -> float:
        return float(self._crew.plant.world.temperature(name, self._crew.site.house.clock.now()))

    def _has_ice(self, name: str) -> bool:
        return self._temperature(name) <= FREEZING + NEAR


def _said(pattern: re.Pattern[str], prompt: Prompt) -> str:
    """Give what the first group that fits has found."""
    found = pattern.search(prompt.opening.text if prompt.opening else "")
    return next((one for one in found.groups() if one), "") if found else ""
