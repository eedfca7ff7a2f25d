"""Hands that formulate and fill: what a scripted person does about the questions of these operations.

The question names containers, lots and volumes. A lot of a liquid is the container of the world of the same name. A
hand meets a volume to within ``HAND`` mL, by seed.
Units: mL.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import normal
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import clear, put_alone, weighed
from fakes.hands_pipetting import stand
from fakes.panel import Crew, Habit, Values
from fakes.pipetting import Pipettor
from fakes.zpl_printer import FakeZplPrinter, PrintedLabel

HAND = 0.05  # mL, standard deviation of what a hand adds
MIXES, SEALS = Seconds(45.0), Seconds(120.0)  # s for adding and mixing, for sealing and looking
HANDLER, PRINTER = "liquid handler", "label printer"
_COATED = " with coated "  # what is added meets a surface on which vector and cells come together
_ADD = re.compile(r"Add (\S+) mL of [^,]+, lot (\S+), to (\S+)")
_NEW = re.compile(r"^Put the new, empty (\S+) (\S+) alone on the balance")
_FILL = re.compile(r"^Mix (\S+)\. Fill (\S+) mL (?:more )?from it into ([^\s,]+),")
_STAND = re.compile(r"^Scan the label of the new, empty (\S+) (\S+) and put it open on the deck at (\S+)$")
_TROUGH = re.compile(r"^Put (\S+) on the deck at ([^\s,]+), and a full rack of tips")
_SEAL = re.compile(r"^Take all off the deck\. Seal or close (.*), look at each")
_LABELS = re.compile(r"^Look at the labels (.*): text")
_OUT = re.compile(r"^Look at the printer: has label (\S+) come out")
_COUNT = re.compile(r"^Line clearance after filling .*?(\d+) containers are filled", re.DOTALL)


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about formulating and filling."""
    hands = _Hands(crew)
    return [
        Habit(_ADD.pattern, hands.add, MIXES),
        Habit(r"^Bring (\S+) and .* to 2 to 8 degC and make ready", hands.cool),
        Habit(r"\. Mix, close and put .* at 2 to 8 degC", hands.put_away),
        Habit(_NEW.pattern, hands.take_new),
        Habit(_FILL.pattern, hands.fill, MIXES),
        Habit(_STAND.pattern, hands.stand),
        Habit(_TROUGH.pattern, hands.load),
        Habit(_SEAL.pattern, hands.seal, SEALS),
        Habit(_COUNT.pattern, hands.count),
        Habit(_LABELS.pattern, hands.look),
        Habit(r"Which label is printed again, and why", hands.tell),
        Habit(_OUT.pattern, hands.see),
    ]


class _Hands:
    """One person's hands at the bench."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def add(self, prompt: Prompt) -> Values:
        """Add what the question names, mix, and weigh when it asks for that."""
        volume, lot, container = _found(_ADD, prompt)
        self._pour(float(volume), source=lot, dest=container, key=prompt.id)
        if _COATED in _text(prompt):
            self._bench("coat", container=container)
        return weighed(self._crew, prompt)

    async def cool(self, prompt: Prompt) -> Values:
        """Put the container on a cold pack."""
        self._bench("move", container=_text(prompt).split(" ")[1], to="fridge")
        return {}

    async def put_away(self, prompt: Prompt) -> Values:
        """Put every container that the question names into the refrigerator."""
        named = re.search(r"put (.*) at 2 to 8 degC", _text(prompt))
        for one in named[1].split(", ") if named else ():
            self._bench("move", container=one, to="fridge")
        return {}

    async def take_new(self, prompt: Prompt) -> Values:
        """Stick the label on a new container, and put it on the balance."""
        kind, container = _found(_NEW, prompt)
        if not self._crew.plant.world.has(container):
            self._bench("new", container=container, kind=kind)
        put_alone(self._crew, container)
        return {"code": self._label(container)}

    async def fill(self, prompt: Prompt) -> Values:
        """Fill the container on the balance."""
        source, volume, container = _found(_FILL, prompt)
        self._pour(float(volume), source=source, dest=container, key=prompt.id)
        return {}

    async def stand(self, prompt: Prompt) -> Values:
        """Put a new tube with its label on the deck."""
        _, container, position = _found(_STAND, prompt)
        self._place(position, container)
        return {"code": self._label(container)}

    async def load(self, prompt: Prompt) -> Values:
        """Put the trough on the deck, and a full rack of tips."""
        container, position = _found(_TROUGH, prompt)
        clear(self._crew)
        self._place(position, container)
        self._crew.plant.hand(self._crew.asset(HANDLER), "tips")
        return {}

    async def seal(self, prompt: Prompt) -> Values:
        """Take everything off the deck and the balance, close it, look at it, and put it on cold packs."""
        handler = self._crew.asset(HANDLER)
        for position, container in self._standing().items():
            self._crew.plant.hand(handler, "take", position=position, to="fridge" if "." in container else "bench")
        clear(self._crew)
        for one in _found(_SEAL, prompt)[0].split(", "):
            self._bench("move", container=one, to="fridge")
        return {entry.name: "good" for entry in prompt.opening.fields} if prompt.opening else {}

    async def count(self, prompt: Prompt) -> Values:
        """Count as many containers as there should be, and no label."""
        return {"labels": 0.0, "containers": float(_found(_COUNT, prompt)[0])}

    async def look(self, prompt: Prompt) -> Values:
        """Take the labels out of the printer, and say whether each one is there."""
        missing = [one for one in _found(_LABELS, prompt)[0].split(", ") if not self._take(one)]
        return {"choice": prompt.opening.options[bool(missing)]} if prompt.opening else {}

    async def tell(self, prompt: Prompt) -> Values:
        """Name the first label that is not there."""
        names = prompt.opening.fields[0].options if prompt.opening else ()
        missing = next((one for one in names if not self._take(one)), "")
        return {"label": missing, "found": "nothing came out of the printer", "reason": "it was not there"}

    async def see(self, prompt: Prompt) -> Values:
        """Say whether a label lies at the printer."""
        out = self._take(_found(_OUT, prompt)[0])
        return {"choice": prompt.opening.options[out]} if prompt.opening else {}

    def _place(self, position: str, container: str) -> None:
        """Put a container on the deck, unless it stands there."""
        if self._standing().get(position) != container:
            stand(self._crew, container, at=position)

    def _standing(self) -> dict[str, str]:
        """Give what stands where on the deck."""
        pipettor = getattr(self._crew.plant.fake(self._crew.asset(HANDLER)), "pipettor", None)
        return dict(pipettor.standing) if isinstance(pipettor, Pipettor) else {}

    def _take(self, label: str) -> bool:
        """Take a label that came out of the printer; tells whether it did."""
        if any(one.id == label for one in self._out[0]):
            return True
        there = any(one.id == label for one in self._out[1])
        if there:
            self._crew.plant.hand(self._crew.asset(PRINTER), "take", label=label)
        return there

    def _pour(self, volume: float, *, source: str, dest: str, key: str) -> None:
        """Mix the source, pour about as much as was asked for, mix again."""
        world = self._crew.plant.world
        meant = max(0.0, volume + HAND * normal(world.seed, "hand", key))
        self._bench("mix", container=source)
        self._bench("pour", source=source, dest=dest, volume=meant)
        self._bench("mix", container=dest)

    def _bench(self, action: str, **details: object) -> None:
        self._crew.plant.hand(BENCH, action, **details)

    def _label(self, container: str) -> str:
        """Read the newest label that came out of the printer for a container; nothing when there is none."""
        taken, lying = self._out
        out = (one for one in reversed((*taken, *lying)) if one.id.startswith(f"{container}-L"))
        return next((one.code for one in out if "RECORD COPY" not in one.lines), "no label")

    @property
    def _out(self) -> tuple[list[PrintedLabel], list[PrintedLabel]]:
        """Give the labels that were taken from the printer, and those that lie there."""
        fake = self._crew.plant.fake(self._crew.asset(PRINTER))
        if not isinstance(fake, FakeZplPrinter):
            return [], []
        fake.at(self._crew.site.house.clock.now())  # lets what is due come out
        return fake.taken, fake.printed


def _text(prompt: Prompt) -> str:
    return prompt.opening.text if prompt.opening else ""


def _found(pattern: re.Pattern[str], prompt: Prompt) -> tuple[str, ...]:
    """Give what a question names; empty words when it says something else."""
    found = pattern.search(_text(prompt))
    return found.groups() if found else ("",) * pattern.groups
