"""Scripted people of a simulated site: they read what is asked, act on the plant with their hands, and answer.

Everything goes the way of real people: answers by the site's answers, hands through the plant's log. How long a
person takes is a pure function of (seed, prompt). Units: s.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from functools import cache, cached_property
from importlib.metadata import entry_points

from automation.engine.answers import Given
from automation.engine.recipe.yaml_source import Plain
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.engine.sitemodel import PersonEntry, SiteFile
from automation.formulas.identifiers import Kind
from automation.gmp.door import Command, Proof
from automation.gmp.marks import OPEN, of_batch, stored_at
from automation.gmp.objects import Thing
from automation.gmp.people.prompts import SEEN_WITHIN, SIGNING, Prompt
from automation.gmp.plant.assets import Asset
from automation.gmp.product.batches import Batch
from automation.gmp.qualified import Work, unqualified
from automation.gmp.words import Right
from automation.kernel.errors import CellwrightError, FailedError, IdentityError, InputError, RefusedError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from fakes import (
    hands_balance,
    hands_centrifuge,
    hands_cold,
    hands_culture,
    hands_electroporation,
    hands_filling,
    hands_isolator,
    hands_media_fill,
    hands_pipetting,
    hands_rocking,
    hands_sampling,
    hands_selection,
    hands_stimulus,
    hands_stored,
    hands_wash_step,
    hands_washing,
)
from fakes.bench import NAME as BENCH
from fakes.panel import Crew, Habit, Panel, Place, Values
from fakes.plant import ERRAND, Errand

QUICKEST, SLOWEST = 8.0, 35.0  # s from a question to its answer
TERMINAL = "terminal-1"
LOOKS = 5  # times that a person looks for a result file that is not there
_DAMAGED = re.compile(r"^No result for \S+: \S+, line \d+: ")


class Staff:
    """All scripted people of a site."""

    def __init__(self, plant: Place, file: SiteFile) -> None:
        """Know the plant by hand and the papers by heart."""
        self.plant = plant
        self.file = file
        self.habits: list[Habit] = []  # tried before the usual ones; tests put theirs here
        self.away = False
        self.clears = True  # after another patient's label; else somebody else does
        self.notes: list[str] = []  # refusals that people were told
        self.stuck: list[str] = []  # what they could not do, and why: no paper, no device, a mistake in what hands do
        self._site: Site | None = None
        self._scanned: Prompt | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._papers = self._read_papers(file.world.get("papers"))
        self._pace = float(str(file.world.get("pace", 1.0)))  # their time as a share of a person's; of load tests
        papers_of = file.world.get("papers_of")  # of single containers
        self._own_papers: Mapping[str, Plain] = papers_of if isinstance(papers_of, dict) else {}

    def come(self, site: Site) -> None:
        """Start work: what is open already is answered, what is asked later too."""
        self._site = site
        site.house.door.follow(self._follow)
        site.scanning.on_word(self._hear)
        self._look_round()

    def leave(self) -> None:
        """Walk away: what is asked from now on is not answered."""
        self.away = True

    def come_back(self) -> None:
        """Take up what was asked meanwhile."""
        self.away = False
        self._look_round()

    def _look_round(self) -> None:
        for thing in self.site.house.door.marked("prompt", OPEN):
            if isinstance(thing, Prompt):
                self._begin(thing, {"entered": "verify", "locked": "clear"}.get(thing.state, "answer"))

    @property
    def site(self) -> Site:
        """Give the site where they work."""
        if self._site is None:
            msg = "the scripted people have not come to work"
            raise InputError(msg)
        return self._site

    def _follow(self, event: Event, thing: Thing) -> None:
        if not isinstance(thing, Prompt):
            return
        if thing.state == "open" and event.kind in {"open", "clear", "dispute"}:
            self._begin(thing, "answer")
        elif thing.state == "entered":
            self._begin(thing, "verify")
        elif thing.state == "locked":
            self._begin(thing, "clear")

    def _begin(self, prompt: Prompt, what: str) -> None:
        if self.away:
            return
        work = {"answer": self._answer, "verify": self._verify, "clear": self._clear}[what]
        self._start(work(prompt), f"{what} {prompt.id}")

    def _start(self, work: Coroutine[object, object, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._leave_off)

    def _leave_off(self, task: asyncio.Task[None]) -> None:
        """Note why a person could not go on; the question stays open."""
        self._tasks.discard(task)
        trouble = None if task.cancelled() else task.exception()
        if trouble is not None:
            why = str(trouble) if isinstance(trouble, CellwrightError) else repr(trouble)
            self.stuck.append(f"{task.get_name()}: {why}")

    async def _answer(self, prompt: Prompt) -> None:
        habit = self._habit(prompt, [*self.habits, *self._work])
        anew = not self.plant.was_begun(prompt.id)  # who has done it already only has to say so
        await self._think(prompt, "answer", habit.takes if habit and anew else None)
        try:
            values = await self._do(habit, prompt) if habit else await self._usual(prompt)
        except FailedError as trouble:  # it can't be done; the question stays open and becomes an alarm
            self.notes.append(str(trouble))
            self.stuck.append(f"answer {prompt.id}: {trouble}")
            return
        if values is not None and prompt.opening is not None and prompt.opening.kind == "scan" and self._scanner():
            await self._pull_trigger(prompt, values)
            return
        while values is not None:
            now = self.site.answers.prompt(prompt.id)
            if self.away or now.state not in {"open", "claimed"}:
                return
            try:
                await self._give(now, values)
            except IdentityError as refusal:
                self.notes.append(str(refusal))
                return
            except RefusedError as refusal:
                self.notes.append(str(refusal))
                self._note_nobody(now, refusal)
                await self._think(prompt, f"again {len(self.notes)}", None)
                values = await self._usual(prompt)
            else:
                return

    async def _do(self, habit: Habit, prompt: Prompt) -> Values | None:
        """Do what hands have to do about a question; what was done before a restart is remembered."""
        token = ERRAND.set(Errand(prompt.id))
        try:
            return await habit.act(prompt)
        finally:
            ERRAND.reset(token)

    async def _pull_trigger(self, prompt: Prompt, values: Values) -> None:
        """Claim the prompt at the terminal and scan there; the read goes the way of the cable."""
        now = self.site.answers.prompt(prompt.id)
        if self.away or now.state not in {"open", "claimed"}:
            return
        while self._terminal_busy(prompt):
            await self.site.house.clock.sleep(Seconds(1.0))
        person = self._for(now, count=1)[0]
        if now.state == "open":
            await self.site.house.door.submit(
                Command(f"prompt/{prompt.id}", "claim", {"terminal": TERMINAL}, person.id, TERMINAL)
            )
        self._scanned = prompt
        details = {name: value for name, value in values.items() if name != "code"}
        self.plant.hand(self._scanner(), "scan", text=str(values["code"]), **details)

    def _terminal_busy(self, prompt: Prompt) -> bool:
        """Tell whether somebody scans something else at the terminal."""
        prompts = (one for one in self.site.house.door.marked("prompt", OPEN) if isinstance(one, Prompt))
        return any(one.state == "claimed" and one.terminal == TERMINAL and one.id != prompt.id for one in prompts)

    def _hear(self, _terminal: str, words: str) -> None:
        """A scan was refused: note what was said, and scan what was asked for."""
        self.notes.append(words)
        prompt, self._scanned = self._scanned, None
        if prompt is not None and self.site.answers.prompt(prompt.id).state == "claimed":
            self._start(self._scan_again(prompt), f"scan again {prompt.id}")

    async def _scan_again(self, prompt: Prompt) -> None:
        await self._think(prompt, f"again {len(self.notes)}", None)
        values = await self._usual(prompt)
        if values is not None:
            await self._pull_trigger(prompt, values)

    def _scanner(self) -> str:
        return self.asset("barcode scanner")

    async def _give(self, prompt: Prompt, values: Values) -> None:
        meanings = SIGNING.get(prompt.wants, ())
        people = self._for(prompt, count=max(1, len(meanings)))
        proofs = tuple(
            Proof(person.id, secret_of(person), str(meaning)) for person, meaning in zip(people, meanings, strict=False)
        )
        shown = tuple(Proof(p.person, p.secret, p.meaning, self._shown(prompt)) for p in proofs)
        await self.site.answers.give(Given(prompt.id, people[0].id, values, TERMINAL, shown))

    async def _verify(self, prompt: Prompt) -> None:
        await self._think(prompt, "verify", None)
        now = self.site.answers.prompt(prompt.id)
        if now.state != "entered":
            return
        second = self._other(now.answered_by)
        proof = Proof(second.id, secret_of(second))
        door = self.site.house.door
        if now.answered_at is not None and door.now > now.answered_at + SEEN_WITHIN:
            body = {"reason": "nobody was there to see it"}
            await door.submit(Command(f"prompt/{prompt.id}", "dispute", body, second.id, TERMINAL, (proof,)))
            return
        await self.site.answers.verify(Given(prompt.id, second.id, {}, TERMINAL, (proof,)))

    async def _clear(self, prompt: Prompt) -> None:
        await self._think(prompt, "clear", Seconds(240.0))
        if not self.clears or self.site.answers.prompt(prompt.id).state != "locked":
            return
        first = self._for(prompt, count=1)[0]
        second = self._other(first.id)
        proofs = (
            Proof(first.id, secret_of(first), "performed"),
            Proof(second.id, secret_of(second), "verified"),
        )
        statement = "line cleared: only the product of this batch is on the bench"
        await self.site.answers.clear_line(Given(prompt.id, first.id, {}, TERMINAL, proofs, statement))

    async def _think(self, prompt: Prompt, what: str, takes: Seconds | None) -> None:
        share = uniform(self.plant.world.seed, "person", prompt.id, what)
        usual = Seconds(round(QUICKEST + (SLOWEST - QUICKEST) * share, 3))
        await self.site.house.clock.sleep(Seconds(self._pace * float(takes if takes is not None else usual)))

    @staticmethod
    def _shown(prompt: Prompt) -> bytes:
        return prompt.opening.text.encode() if prompt.opening else b""

    # who

    def _note_nobody(self, prompt: Prompt, refusal: RefusedError) -> None:
        """Note once that a question waits for people whom the site does not have."""
        why = f"answer {prompt.id}: {refusal}"
        if not self._able(prompt) and why not in self.stuck:
            self.stuck.append(why)

    def _able(self, prompt: Prompt) -> list[PersonEntry]:
        """Give people who are asked and qualified."""
        asks = set(self._asks(prompt))
        return [p for p in self.file.people.values() if self._rights(p) & asks and self._trained(p, prompt)]

    @staticmethod
    def _asks(prompt: Prompt) -> tuple[str, ...]:
        return prompt.opening.asks if prompt.opening else (Right.PERFORM,)

    def _for(self, prompt: Prompt, *, count: int) -> list[PersonEntry]:
        """Give people who may answer, the usual performer first, each another person."""
        able = self._able(prompt)
        if not able:
            what = prompt.operation or ", ".join(self._asks(prompt))
            raise RefusedError(f"nobody here is asked and qualified: {what}")
        if count > 1:
            first = next((p for p in able if Right.PERFORM in self._rights(p)), able[0])
            rest = [p for p in able if p.id != first.id and Right.VERIFY in self._rights(p)]
            return [first, *rest][:count]
        return able[:1]

    def _trained(self, person: PersonEntry, prompt: Prompt) -> bool:
        operation = prompt.opening.operation if prompt.opening else ""
        door = self.site.house.door
        return not operation or not unqualified(door, person.id, Work(operation, prompt.batch), at=door.now)

    def _other(self, person: str) -> PersonEntry:
        able = (p for p in self.file.people.values() if p.id != person and Right.VERIFY in self._rights(p))
        return next(able)

    def _rights(self, person: PersonEntry) -> frozenset[Right]:
        return frozenset().union(*(self.file.roles.get(role, frozenset()) for role in person.roles))

    # what

    async def work(self, prompt: Prompt) -> Values | None:
        """Do what the question asks, as on any other day, and give the answer."""
        habit = self._habit(prompt, self._work)
        return await habit.act(prompt) if habit else await self._usual(prompt)

    @staticmethod
    def _habit(prompt: Prompt, habits: list[Habit]) -> Habit | None:
        text = prompt.opening.text if prompt.opening else ""
        return next((habit for habit in habits if re.search(habit.pattern, text)), None)

    @cached_property
    def _work(self) -> list[Habit]:
        """What hands do about the questions of the operations."""
        panel = Panel(self)
        return [
            *(habit for habits in _brought() for habit in habits(self)),
            *hands_isolator.habits(self),  # before those who attach any report
            Habit(r"export the results", self._count, Seconds(420.0)),
            Habit(r"^Put .* into the chamber", self._load),
            Habit(r"^Take .* out and transfer now", self._take_out),
            Habit(r"in their positions in the store", self._put_away),
            Habit(r"^Clean ", panel.clean),
            Habit(r"(select|look up) the stored program", panel.select, Seconds(240.0)),
            Habit(r"set the chamber to", panel.aim),
            Habit(r"press start", panel.press_start),
            Habit(r"let the held program go on", panel.press_go_on),
            Habit(r"when the program no longer runs", panel.look_for_end),
            Habit(r"attach the report", panel.attach, Seconds(90.0)),
            Habit(r"^Enter the count of", panel.count, Seconds(300.0)),
            Habit(r"^No result for ", self._no_result),
            *hands_cold.habits(self),
            *hands_centrifuge.habits(self),
            *hands_culture.habits(self),
            *hands_electroporation.habits(self),
            *hands_selection.habits(self),
            *hands_media_fill.habits(self),
            *hands_stored.habits(self),
            *hands_rocking.habits(self),
            *hands_sampling.habits(self),
            *hands_stimulus.habits(self),
            *hands_filling.habits(self),  # before those at the balance: an addition ends there
            *hands_wash_step.habits(self),
            *hands_balance.habits(self),
            *hands_pipetting.habits(self),
            *hands_washing.habits(self),
        ]

    async def _usual(self, prompt: Prompt) -> Values | None:
        """Answer as the papers and labels say; the first option of a choice."""
        opening = prompt.opening
        if opening is None:
            return None
        match str(opening.kind):
            case "scan":
                return {"code": self.symbol(opening.accept[0], opening.expects)}
            case "enter":
                return self._papers_say(prompt)
            case "choose":
                return {"choice": opening.options[0]}
            case _:
                return {}

    def symbol(self, code: str, kind: str) -> str:
        """Give a code as it stands in the symbol on a label."""
        own = {str(one): f"{one.name}:{code}" for one in (Kind.CONTAINER, Kind.LOT, Kind.ASSET, Kind.POSITION)}
        isbt = {Kind.DIN: f"={code}00", Kind.UNIT: f"={code[:13]}00=<{code[13:]}", Kind.COI: f"&/{code}"}
        return {**own, **{str(one): symbol for one, symbol in isbt.items()}}.get(kind, code)

    async def _count(self, prompt: Prompt) -> Values:
        """Draw the tubes that the question names, and let the counter count them."""
        counter, text = self.asset("cell counter"), prompt.opening.text if prompt.opening else ""
        asked = re.search(r"Draw (\S+) mL from (\S+) into each of (\S+) and (\S+?)[,:]", text)
        if asked is None:
            return {}
        volume, source, *tubes = asked.groups()
        self.plant.hand(BENCH, "mix", container=source)
        for tube in tubes:
            self.plant.hand(BENCH, "sample", container=tube, source=source, volume=float(volume))
            if counter:
                self.plant.hand(counter, "count", sample=tube, after=1.0)
        await self.site.house.clock.sleep(Seconds(10.0 * self._pace))
        return {}

    async def _no_result(self, prompt: Prompt) -> Values:
        """Look at a damaged file once more, for one that is not there a few times; then count under the microscope."""
        if prompt.opening is None:
            return {}
        sample = prompt.opening.text.partition(":")[0]
        marked = self.site.house.door.marked("prompt", of_batch(prompt.batch))
        every = (one for one in marked if isinstance(one, Prompt))
        answered = (one.opening.text for one in every if one.state == "answered" and one.opening)
        looked = sum(text.startswith(sample) for text in answered)
        enough = 1 if _DAMAGED.match(prompt.opening.text) else LOOKS
        return {"choice": prompt.opening.options[-1 if looked >= enough else 0]}

    async def _load(self, prompt: Prompt) -> Values:
        text = prompt.opening.text if prompt.opening else ""
        containers = text.removeprefix("Put ").partition(" into the chamber")[0].split(", ")
        probed = re.search(r"sample probe to (\S+?),", text)
        container = probed[1] if probed else containers[0]
        freezer = self.asset("controlled rate freezer")
        self.plant.hand(freezer, "lid", open=True)
        for one in containers:
            self.plant.hand(freezer, "load", container=one)
        self.plant.hand(freezer, "probe", to=container)
        self.plant.hand(freezer, "probe", channel="sample", to=container)
        self.plant.hand(freezer, "lid", open=False)
        return {}

    async def _take_out(self, _prompt: Prompt) -> Values:
        freezer = self.asset("controlled rate freezer")
        for container in self.plant.world.inside(freezer):
            self.plant.hand(freezer, "unload", container=container, to="bench")
        self.plant.hand(freezer, "probe", channel="sample", to="bench")
        return {}

    async def _put_away(self, prompt: Prompt) -> Values:
        freezer = self.asset("controlled rate freezer")
        text = prompt.opening.text if prompt.opening else ""
        names = re.search(r"Confirm when (.*) are in their positions", text)
        for container in names[1].split(", ") if names else ():
            self.plant.hand(freezer, "unload", container=container, to="storage")
        return {}

    def asset(self, capability: str) -> str:
        """Give the asset of a class that a fake stands for; empty when there is none.

        Of several it is the one that the step claims whose question is being answered, then one in use.
        """
        found = [a.id for a in self.file.assets.values() if a.asset_class == capability and a.fake]
        return min(found, key=self._use) if len(found) > 1 else "".join(found)

    def _use(self, asset: str) -> int:
        """Rank an asset by its use: that of the errand that is run, somebody's, nobody's."""
        errand = ERRAND.get()
        if self._site is None:
            return 0
        thing = self._site.house.door.find("asset", asset)
        if not isinstance(thing, Asset) or thing.claim is None:
            return 2
        prompt = self._site.house.door.find("prompt", errand.name) if errand is not None else None
        ours = isinstance(prompt, Prompt) and (prompt.batch, prompt.step) == thing.claim
        return 0 if ours else 1

    def _papers_say(self, prompt: Prompt) -> Values:
        """Read every entry off the papers; positions are those that are free, each another one."""
        values: Values = {}
        for one in prompt.opening.fields if prompt.opening else ():
            word, _, container = one.name.partition(" ")
            if word == "position" and container:
                first = str(self._papers.get("position", "1"))
                values[one.name] = self._free_position(first, besides={str(said) for said in values.values()})
            else:
                values[one.name] = self._paper(one.name, prompt.batch)
        return values

    def _paper(self, name: str, batch: str) -> str | float | bool:
        """Read a value off the papers of the batch's container, else off the site's; the seal off the container."""
        made = self.site.house.door.find("batch", batch)
        container = made.containers[0] if isinstance(made, Batch) and made.containers else ""
        stated = self.file.containers.get(container)
        if name == "seal" and stated is not None and stated.sealed_with:
            return stated.sealed_with
        papers = {**self._papers, **self._read_papers(self._own_papers.get(container))}
        if name not in papers:
            msg = f"the scripted people know no {name}; world.papers has {', '.join(sorted(papers))}"
            raise CellwrightError(msg)
        return papers[name]

    def _free_position(self, first: str, *, besides: set[str]) -> str:
        """Give the first position from ``first`` on in which no container stands, nor is about to."""
        door = self.site.house.door
        rack, _, number = first.rpartition("/")
        at = int(number)
        while (here := f"{rack}/{at:02d}") in besides or any(door.marked("container", stored_at(here))):
            at += 1
        return here

    @staticmethod
    def _read_papers(papers: Plain) -> Mapping[str, str | float | bool]:
        if not isinstance(papers, dict):
            return {}
        return {name: value for name, value in papers.items() if isinstance(value, str | float | int | bool)}


@cache
def _brought() -> tuple[Callable[[Crew], list[Habit]], ...]:
    """Give what installed packages say hands do about the questions of their own operations (``cellwright.hands``)."""
    return tuple(point.load() for point in sorted(entry_points(group="cellwright.hands"), key=lambda one: one.name))
