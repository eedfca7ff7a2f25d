"""The people of the ward: they answer rightly what they are asked, and give any other answer that a sequence wants.

Everything goes the way of real people: answers by the site's answers, scans by the scanner or by a terminal, hands
through the plant's log. Units: s of simulated time.
"""

import re
from dataclasses import dataclass
from random import Random

from automation.engine.answers import Given
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.form import CODE, Value
from automation.gmp.people.prompts import SIGNING, Prompt
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from tests.identity.careless import ASKS, END, NOTE, PUMP
from tests.identity.ward import patient_of
from tests.support.runs import plant_of, staff_of

PEOPLE = FIRST, SECOND, STRANGER = ("anna", "ben", "dora")
TERMINAL, SCANNER = "terminal-1", "scanner-01"
_TO_STORE = re.compile(r"^Confirm when (.*) are in their positions in the store")
_LEAVES = re.compile(r"^Take (.*) out and transfer now")
_NEW = re.compile(r"^Put label (\S+) on a new bag")
_HANDOVER = Seconds(2.0)  # s that a scanner needs


@dataclass(slots=True)
class Crew:
    """Two who do the work, and one who is not trained for it."""

    site: Site

    def __post_init__(self) -> None:
        """Let the scripted people lend their hands, and answer nothing by themselves."""
        staff = staff_of(self.site)
        staff.leave()
        staff.come(self.site)

    async def values(self, prompt: Prompt, rng: Random) -> dict[str, Value]:
        """Do with hands what a question wants, and give the right answer; raises what hands raise."""
        text = prompt.opening.text if prompt.opening else ""
        if text == ASKS:
            return self.careless(prompt.batch, rng)
        new = _NEW.match(text)
        if new is not None:
            if not plant_of(self.site).world.has(new[1]):
                plant_of(self.site).hand(BENCH, "new", container=new[1], kind="bag150")
            return {}
        found = _LEAVES.match(text) or _TO_STORE.match(text)
        if found is not None and not self._in_freezer(found[1].split(", ")[0]):
            for name in found[1].split(", ") if text.startswith("Confirm") else ():
                plant_of(self.site).hand(BENCH, "move", container=name, to="storage")
            return {}
        return dict(await staff_of(self.site).work(prompt) or {})

    def _in_freezer(self, name: str) -> bool:
        return plant_of(self.site).world.container(name).place not in {"fridge", "bench"}

    def careless(self, batch: str, rng: Random) -> dict[str, Value]:
        """Name two containers of the batch, in either direction, or end it."""
        ends = [f"P{patient_of(batch)}-B{batch.rpartition('-')[2]}", f"{batch}-C1"]
        rng.shuffle(ends)
        return {"what": rng.choices((PUMP, NOTE, END), (5, 2, 3))[0], "source": ends[0], "dest": ends[1]}

    def hang(self, pump: str, values: dict[str, Value]) -> None:
        """Hang at a pump whatever is named, as far as there is such a bag."""
        plant, ends = plant_of(self.site), (str(values["source"]), str(values["dest"]))
        if values["what"] == PUMP and all(plant.world.has(one) for one in ends):
            plant.hand(pump, "connect", source=ends[0], dest=ends[1])

    async def give(self, prompt: Prompt, values: dict[str, Value], *, by: str = FIRST, second: str = SECOND) -> None:
        """Answer a question, under signatures where it wants them; raises as the site's answers do."""
        meanings = SIGNING.get(prompt.wants, ())
        proofs = tuple(self.proof(who, str(m)) for who, m in zip((by, second), meanings, strict=False))
        await self.site.answers.give(Given(prompt.id, by, values, TERMINAL, proofs))

    async def to_the_door(self, prompt: Prompt, code: str) -> None:
        """Give a code to the door itself, where nobody looks at it before."""
        body = {"values": {CODE: code}}
        await self.site.house.door.submit(Command(f"prompt/{prompt.id}", "answer", body, FIRST, TERMINAL))

    async def verify(self, prompt: Prompt, *, by: str = SECOND) -> None:
        """Verify what was entered."""
        await self.site.answers.verify(Given(prompt.id, by, {}, TERMINAL, (self.proof(by, ""),)))

    async def clear(self, prompt: Prompt, *signs: tuple[str, str]) -> None:
        """Clear the line, with these signatures."""
        proofs = tuple(self.proof(who, meaning) for who, meaning in signs)
        await self.site.answers.clear_line(Given(prompt.id, FIRST, {}, TERMINAL, proofs, "only this product is here"))

    async def scan(self, prompt: Prompt, code: str) -> None:
        """Claim a question at the terminal and pull the trigger there; what is refused is told at the terminal."""
        door = self.site.house.door
        await door.submit(Command(f"prompt/{prompt.id}", "claim", {"terminal": TERMINAL}, FIRST, TERMINAL))
        plant_of(self.site).hand(SCANNER, "scan", text=code)
        await self.site.house.clock.sleep(_HANDOVER)
        now = self.site.answers.prompt(prompt.id)
        if now.state == "claimed":
            await door.submit(Command(f"prompt/{prompt.id}", "unclaim", {}, FIRST, TERMINAL))

    def proof(self, person: str, meaning: str) -> Proof:
        """Give a person's own secret, and what it means."""
        return Proof(person, secret_of(self.site.file.people[person]), meaning, b"as shown")
