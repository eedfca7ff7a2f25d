"""Hands in the wash step: kits are loaded, bags weighed and connected, and what a washer waits for is put right.

The questions name every bag, lot and line. What the hands do at a centrifuge or at the panel of a washer without a link
stands in ``hands_washing``.
Units: mL, g.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import clear, weighed
from fakes.panel import Crew, Habit, Values
from fakes.rotea import FakeRotea

WASHER = "cell washer"
RINSE = 10.0  # mL of buffer through the chamber, when cells are brought out by hand
CONNECTS = Seconds(180.0)  # s that a person needs
_LABEL = re.compile(r"Take a new (\S+) of lot \S+, put the label (\S+) on it")
_PAN = re.compile(r"Put (\S+) alone on the balance")
_PROTOCOL = re.compile(r"select the protocol '(.+?)', load .*kit of lot (\S+), close")
_LINES = {
    "buffer": re.compile(r"wash buffer ([^\s,.]+)"),
    "product": re.compile(r"product bag ([^\s,.]+)"),
    "source": re.compile(r"source bag ([^\s,.]+)"),
}
_RINSE = re.compile(r"out of the chamber into (\S+) by hand")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about the questions of the wash step."""
    hands = Hands(crew)
    return [
        Habit(r"^At the washer: select the protocol .* load", hands.load_kit, Seconds(120.0)),
        Habit(r"alone on the balance.*tubes hanging free", hands.put_on_balance),
        Habit(r"^Weigh \S+ on another balance", hands.weigh_elsewhere),
        Habit(r"^Connect at the washer in this order", hands.connect, CONNECTS),
        Habit(r"^(Close the door of the washer|The washer did not start)", hands.close_door),
        Habit(r"^Enter the volumes of this wash", hands.read_volumes),
        Habit(r"^The washer waits: ", hands.put_right),
        Habit(r"Bring the cells out of the chamber into \S+ by hand", hands.rinse, Seconds(300.0)),
    ]


class Hands:
    """One person's hands in the wash step."""

    def __init__(self, crew: Crew) -> None:
        """Work with this crew, at its plant."""
        self._crew = crew
        self._plant = crew.plant

    async def load_kit(self, prompt: Prompt) -> Values:
        """Select the protocol, put a new kit in, close the door, and read the number on the kit."""
        found = _PROTOCOL.search(_text(prompt))
        number = f"{found[2] if found else 'KIT'}-{self._kits():03d}"
        if isinstance(self._fake(), FakeRotea):
            if found:
                self._washer("select", protocol=found[1])
            self._washer("door", open=True)
            self._washer("kit", id=number)
            self._washer("door", open=False)
        return {"kit": number}

    async def put_on_balance(self, prompt: Prompt) -> Values:
        """Clear the pan, put the container on it, and read its label when that is asked for."""
        text = _text(prompt)
        if text.startswith("Close the clamps") and isinstance(self._fake(), FakeRotea):
            self._washer("door", open=True)
        if new := _LABEL.search(text):
            kind, name = new.groups()
            if not self._plant.world.has(name):
                self._plant.hand(BENCH, "new", container=name, kind=kind)
        if text.startswith("Mix") and (found := _PAN.search(text)):
            self._plant.hand(BENCH, "mix", container=found[1])
        return weighed(self._crew, prompt)

    async def weigh_elsewhere(self, prompt: Prompt) -> Values:
        """Weigh on another balance that shows two decimals."""
        name = _text(prompt).split()[1]
        return {"mass": round(float(self._plant.world.container(name).mass), 2)}

    async def connect(self, prompt: Prompt) -> Values:
        """Take everything off the balance and connect the bags to the lines that the question names."""
        clear(self._crew)
        if isinstance(self._fake(), FakeRotea):
            for line, pattern in _LINES.items():
                found = pattern.search(_text(prompt))
                if found:
                    self._washer("connect", line=line, container=found[1])
        return await self.close_door(prompt)

    async def close_door(self, _prompt: Prompt) -> Values:
        """Close the door of the washer."""
        if isinstance(self._fake(), FakeRotea):
            self._washer("door", open=False)
        return {}

    async def put_right(self, prompt: Prompt) -> Values:
        """Close the door, open all clamps, let it go on; when it waits for the same again, go on with the next."""
        if isinstance(self._fake(), FakeRotea):
            self._washer("door", open=False)
            for line in _LINES:
                self._washer("clamp", line=line, share=0.0)
        first = ", time 1" in _text(prompt)
        return {"choice": "continue" if first else "skip"}

    async def rinse(self, prompt: Prompt) -> Values:
        """Bring out by hand what is in the chamber, and rinse it once with buffer."""
        fake, found = self._fake(), _RINSE.search(_text(prompt))
        if found and isinstance(fake, FakeRotea) and self._plant.world.has(fake.washing.kit):
            kit, buffer = fake.washing.kit, fake.washing.lines["buffer"]
            self._plant.hand(BENCH, "pour", source=kit, dest=found[1])
            self._plant.hand(BENCH, "pour", source=buffer, dest=kit, volume=RINSE)
            self._plant.hand(BENCH, "pour", source=kit, dest=found[1])
            return {"rinsed": RINSE}
        return {"rinsed": 0.0}

    async def read_volumes(self, _prompt: Prompt) -> Values:
        """Read off the washer's own panel what it has counted."""
        fake = self._fake()
        if not isinstance(fake, FakeRotea):
            return {"washed": 0.0, "wasted": 0.0}
        counted = fake.washing.volumes(self._crew.site.house.clock.now())
        return {"washed": round(counted.washed, 1), "wasted": round(counted.wasted, 1)}

    def _kits(self) -> int:
        """Count the kits that were asked for at this site, this one too."""
        prompts = self._crew.site.house.door.every("prompt")
        return sum(isinstance(one, Prompt) and bool(_PROTOCOL.search(_text(one))) for one in prompts)

    def _fake(self) -> object:
        asset = self._crew.asset(WASHER)
        return self._plant.fake(asset) if asset else None

    def _washer(self, action: str, **details: object) -> None:
        self._plant.hand(self._crew.asset(WASHER), action, **details)


def _text(prompt: Prompt) -> str:
    return prompt.opening.text if prompt.opening else ""
