"""Which decisions of a recipe come out in which ways: every step, every state that has several ways out, every way.

``python -m tests.plant.branches`` goes through every way of every installed operation and recipe, by the tests and
scenes that ``ways.yaml`` names (``tests.plant.ways_check``): a table, and 1 when a way is neither reached nor excused.

To look for more: ``python -m tests.plant.branches RECIPE ... [--step STEP] [--about TEXT] [--late] [--numbers]``. A
recipe is run to its end, and its folder is kept at every question to people. From each, people then answer otherwise,
once or every time: each other choice, numbers at and between their bounds, another code, and with ``--late`` hours
later. With ``--numbers`` every number of a step's parameters is also made far smaller and far larger, so that what is
measured lies beyond it. What is asked of people then is answered in each way too. A table says by how many runs each
way was reached; 1 is the exit status when a recipe does not run to its end. Units: s of simulated time.
"""

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from automation.bootstrap import begins, open_site, operations, read_site, release
from automation.engine.issue import Order, issue
from automation.engine.issue import start as begin
from automation.engine.journal import Moved, Stage
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.source import read
from automation.engine.recipe.variant import written_out
from automation.engine.rounds import ROUND, SKIPPED, Decided
from automation.engine.site import Site
from automation.gmp.form import Field
from automation.gmp.people.prompts import Opening
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError
from automation.kernel.machine import Table
from automation.ledger.event import Event
from fakes.kit.runs import issuer
from tests.plant.ways_check import reached, table, wrong
from tests.support.crash import at_appends
from tests.support.runs import BATCH, Hook, make_site, with_hooks
from tests.support.scenes import answer, differs, late

LONGEST = 30 * 86_400.0  # s; a run that hangs ends here
AFTER = 3_600.0  # s that a held batch is looked at
LATE = 360.0  # min
OFTEN = 3
FACTORS = (0.01, 0.1, 30.0)
STEPS = f"batch/{BATCH}/step/"


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """One way out of one decision: a move out of a state that has several, or a word of the recipe."""

    step: str
    decision: str  # operation.state, or the word
    option: str


@dataclass(slots=True)
class Found:
    """What was reached, each with the number of runs, and whether the undisturbed run came to its end."""

    recipe: Recipe
    whole: bool = False
    runs: int = 0
    reached: Counter[Branch] = field(default_factory=Counter)

    def take(self, events: Iterable[Event]) -> None:
        """Count what one run reached."""
        self.runs += 1
        self.reached.update(set(_reached(self.recipe, events)))


def every(recipe: Recipe) -> Iterator[Branch]:
    """Give every way out of every decision of a recipe."""
    spec = operations()
    for step in recipe.steps:
        drawn = cast("Table", getattr(spec[step.operation].operation, "table"))  # noqa: B009  of the protocol
        ways = Counter(str(row.source) for row in drawn.rows)
        for row in drawn.rows:
            if ways[str(row.source)] > 1:
                yield Branch(step.id, f"{step.operation}.{row.source}", row.command)
        if step.when is not None:
            yield from (Branch(step.id, "when", option) for option in ("done", "left out"))
    for part in recipe.parts:
        again = part.divides or part.at_most > 1
        options = [*(["another"] if again else []), "the last", *(["not in time"] if part.until is not None else [])]
        yield from (Branch(part.id, str(part.word), option) for option in options)


def _reached(recipe: Recipe, events: Iterable[Event]) -> Iterator[Branch]:
    for event in events:
        if not event.stream.startswith(STEPS):
            continue
        name = recipe.named(event.stream.removeprefix(STEPS))
        step = recipe.step(name)
        part = recipe.part_of(name)
        if event.kind == "move":
            moved = event.read(Moved)
            yield Branch(name, f"{step.operation}.{moved.source}", moved.command)
        elif event.kind in {"bound", SKIPPED} and step.when is not None:
            yield Branch(name, "when", "left out" if event.kind == SKIPPED else "done")
        elif event.kind == ROUND and part is not None:
            said = event.read(Decided)
            option = "another" if said.more else "the last" if said.met else "not in time"
            yield Branch(part.id, str(part.word), option)


# what people answer otherwise


def otherwise(opening: Opening, *, hours_late: bool) -> Iterator[Hook]:
    """Give every other way to deal with a question, once and every time."""
    exactly = f"^{re.escape(opening.text)}$"
    for option in opening.options:
        yield answer(exactly, choice=option)
    for one in opening.fields:
        for value in _values(one):
            yield _often(differs(exactly, **{one.name: value}), 1)
            yield _often(differs(exactly, **{one.name: value}), OFTEN)
    if opening.kind == "scan":
        yield answer(exactly, code="=A99992600099900")
    if hours_late:
        yield late(exactly, LATE)


def _often(hook: Hook, times: int) -> Hook:
    def hooks(site: Site) -> None:
        for _ in range(times):
            hook(site)

    return hooks


def _values(one: Field) -> Iterator[str | float]:
    if one.options:
        yield from one.options
    elif one.is_number:
        low, high = one.low or 0.0, one.high if one.high is not None else 1000.0
        yield from (low, high, (low + high) / 2, low + (high - low) / 20)
    else:
        yield "not as stated"


def _opening(event: Event) -> Opening:
    given = cast("dict[str, object]", event.fields["given"])
    return Opening.model_validate(given)


def numbers(text: str, step: str) -> Iterator[str]:
    """Give a recipe with each number of a step's parameters far smaller, and far larger."""
    found = re.search(rf"^( *)- id: {re.escape(step)}\n", text, re.MULTILINE)
    if found is None:
        return
    begin = text.index("given:", found.end()) if "given:" in text[found.end() :] else len(text)
    after = re.compile(rf"^{found[1]}(- |[a-z]+:)|^{found[1]}  (limits|yields|signatures):|^[a-z_]+:", re.MULTILINE)
    end = stop.start() if (stop := after.search(text, begin)) else len(text)
    for number in re.finditer(r"(?<=[ \[])-?\d+(\.\d+)?(e\d+)?(?= [a-zA-Z%]|[,}\n])", text[begin:end]):
        for factor in FACTORS:
            value = float(number[0]) * factor
            whole = "." not in number[0] and "e" not in number[0] and value == int(value)
            new = str(int(value)) if whole else f"{value:.6f}"
            yield text[: begin + number.start()] + new + text[begin + number.end() :]


# runs


@dataclass(frozen=True, slots=True)
class Wish:
    """Where the questions come from: a site, one step of the recipe or all, about something or anything."""

    site: str = "a"
    step: str = ""
    about: str = ""  # a pattern of the question
    late: bool = False
    numbers: bool = False

    def wants(self, opening: Opening) -> bool:
        """Tell whether a question is one of those."""
        return self.step in {"", opening.step} and re.search(self.about, opening.text) is not None


def explore(folder: Path, recipe: str, wish: Wish) -> Found:
    """Run a recipe, and from every question that is wanted each other answer."""
    asked: list[Event] = []

    def wanted(event: Event) -> bool:
        hit = event.stream.startswith("prompt/") and event.kind == "open"
        if hit and wish.wants(_opening(event)):
            asked.append(event)
            return True
        return False

    run, kept = at_appends(make_site(folder / "site", wish.site), folder / "kept", wanted, recipe=recipe)
    found = Found(load(recipe, operations()), whole=run.state == "closed")
    found.take(run.events)
    known = {_opening(event).text for event in asked}
    for event, moment in zip(asked, kept.moments, strict=True):
        start = Start(recipe, _opening(event).step, kept.into / moment)
        for hook in otherwise(_opening(event), hours_late=wish.late):
            _try(found, start, known, hook)
        shutil.rmtree(kept.into / moment)
    for step in found.recipe.steps if wish.numbers else ():
        if wish.step in {"", step.id}:
            _try_numbers(folder, found, wish, step.id, known)
    return found


def _try_numbers(folder: Path, found: Found, wish: Wish, step: str, known: set[str]) -> None:
    """Run the recipe with other numbers in one step; what is no recipe then is left out."""
    text = written_out(read(found.recipe.header.id))
    site = make_site(folder / "numbers", wish.site)
    for other in numbers(text, step):
        file = folder / "numbers.yaml"
        file.write_text(other, encoding="utf-8")
        try:
            load(file, operations())
        except InputError:
            continue
        _try(found, Start(str(file), step, site, fresh=True), known)


@dataclass(frozen=True, slots=True)
class Start:
    """From where a batch goes on until a step is over: a kept moment, or a site at which it is issued."""

    recipe: str
    step: str
    folder: Path
    fresh: bool = False


def _try(found: Found, start: Start, known: set[str], *hooks: Hook) -> None:
    """Go on from a start, and again for each way to answer the first choice that nobody was asked for before."""
    events = _gone_on(start, hooks)
    found.take(events)
    asked = [_opening(event) for event in events if event.stream.startswith("prompt/") and event.kind == "open"]
    fresh = next((one for one in asked if one.options and _alike(one) not in known), None)
    if fresh is None:
        return
    known.add(_alike(fresh))
    for option in fresh.options:
        found.take(_gone_on(start, (*hooks, answer(f"^{re.escape(_alike(fresh))}", choice=option))))


def _alike(opening: Opening) -> str:
    """Give how a question begins, before the first number in it."""
    return re.split(r"\d", opening.text, maxsplit=1)[0]


def _gone_on(start: Start, hooks: tuple[Hook, ...]) -> list[Event]:
    """Let a batch go on until the step is over, or it was held for a while."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "site"
        shutil.copytree(start.folder, folder)
        return run_simulated(lambda clock: _main(clock, start, folder, hooks), start=begins(folder, read_site(folder)))


async def _main(clock: SimulatedClock, start: Start, folder: Path, hooks: tuple[Hook, ...]) -> list[Event]:
    site = await open_site(folder, with_hooks(None, hooks), clock=clock)
    try:
        over, before = asyncio.Event(), site.house.ledger.last.seq
        loop = asyncio.get_running_loop()

        def look(event: Event) -> None:
            own = event.stream == STEPS + start.step and event.kind == "procedural"
            ended = own and event.read(Stage).state in {"complete", "stopped", "aborted"}
            if event.seq > before and (ended or (event.stream, event.kind) == (f"batch/{BATCH}", "hold")):
                loop.call_later(1.0 if ended else AFTER, over.set)

        site.house.ledger.subscribe(look)
        recipe = load(start.recipe, site.house.operations)
        if start.fresh:
            who = issuer(site)
            await issue(site, recipe, Order(BATCH, release=release(), reason="another number"), by=who)
            await begin(site, BATCH, by=who)
        run = site.take_up(recipe, BATCH)
        work, seen = loop.create_task(run.run()), loop.create_task(over.wait())
        await asyncio.wait({work, seen}, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, seen):
            task.cancel()
        await asyncio.gather(work, seen, return_exceptions=True)
        return list(site.house.ledger.events())
    finally:
        site.close()


def lines(found: Found) -> Iterator[str]:
    """Give the lines of one recipe: step, decision, option, and by how many runs it was reached."""
    wanted = sorted(every(found.recipe))
    hit = sum(found.reached[one] > 0 for one in wanted)
    ended = "runs to its end" if found.whole else "DOES NOT RUN TO ITS END"
    name = found.recipe.header.id
    yield f"{name}: {ended}; {hit} of {len(wanted)} ways out of its decisions reached by {found.runs} runs\n"
    for one in wanted:
        times = found.reached[one]
        yield f"{name:<20} {one.step:<18} {one.decision:<32} {one.option:<16} {times or 'not from here'}\n"


def main() -> None:
    """Explore the recipes that are named; without one, go through every way there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*")
    parser.add_argument("--site", default="a")
    parser.add_argument("--step", default="", help="only from the questions of this step")
    parser.add_argument("--about", default="", help="only from the questions that this pattern fits")
    parser.add_argument("--late", action="store_true", help="also hours later than usual")
    parser.add_argument("--numbers", action="store_true", help="also other numbers in the parameters")
    asked = parser.parse_args()
    if not asked.recipes:
        found = reached()
        sys.stdout.writelines(table(found))
        missing = list(wrong(found))
        sys.stdout.writelines(f"{line}\n" for line in missing)
        sys.exit(bool(missing))
    whole = True
    for recipe in asked.recipes:
        with tempfile.TemporaryDirectory() as folder:
            seen = explore(Path(folder), recipe, Wish(asked.site, asked.step, asked.about, asked.late, asked.numbers))
        sys.stdout.writelines(lines(seen))
        sys.stdout.flush()
        whole = whole and seen.whole
    sys.exit(not whole)


if __name__ == "__main__":
    main()
