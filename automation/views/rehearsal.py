"""The calendar of a batch: when people are needed, who, where, with which kits, and how late each part may begin.

Read off the ledger of a rehearsed batch: every question that people answered is work, what lies between is waiting.
Work of one step without a longer gap is one block.
Units:  moments in s (UTC), durations in s; hours of a shift are local time in the site's zone.
Source: 21 CFR 211.111 (time limits); the latest starts follow from the time limits of the recipe alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from automation.engine.journal import Enter
from automation.engine.recipe.model import Recipe
from automation.gmp.people.prompts import Prompt
from automation.gmp.quality.timers import Clock
from automation.gmp.stock.stated import Use
from automation.kernel.clock import MICRO, local
from automation.kernel.quantity import Instant, Seconds
from automation.views.story import Story, Told

NIGHT, WEEKEND = "night", "weekend"
_SATURDAY = 5
_CLOCKS = frozenset({Clock.LIMIT, Clock.EXPOSURE})


@dataclass(frozen=True, slots=True)
class Shift:
    """When people are at work on working days: local time; across midnight when it ends before it begins."""

    begins: time
    ends: time

    def holds(self, begin: datetime, end: datetime) -> bool:
        """Tell whether work from ``begin`` to ``end`` lies within one shift."""
        day = begin.date() if begin.time() >= self.begins else begin.date() - timedelta(days=1)
        opens = datetime.combine(day, self.begins, begin.tzinfo)
        across = timedelta(days=int(self.ends <= self.begins))
        return opens <= begin and end <= datetime.combine(day + across, self.ends, begin.tzinfo)


@dataclass(frozen=True, slots=True)
class Task:
    """One question that people answered, from its being asked to its last answer."""

    step: str
    what: str
    begin: Instant
    end: Instant
    people: tuple[str, ...]
    terminal: str


@dataclass(frozen=True, slots=True)
class Block:
    """Hands-on work of one step without a longer gap; empty ``step``: of the batch, such as cleaning afterwards."""

    step: str
    title: str
    begin: Instant
    end: Instant
    people: tuple[str, ...]  # all who are needed, also the second person
    rooms: tuple[str, ...]
    kits: tuple[str, ...]
    tasks: tuple[str, ...]
    marks: tuple[str, ...]  # night, weekend
    earliest: Instant | None = None  # no sooner by a time limit
    latest: Instant | None = None  # no later by a time limit

    @property
    def takes(self) -> Seconds:
        """Give how long it lasts."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Wait:
    """Time between two blocks in which nobody is needed, and what goes on meanwhile."""

    step: str
    state: str
    begin: Instant
    end: Instant

    @property
    def takes(self) -> Seconds:
        """Give how long it lasts."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Limited:
    """One limit on time as the rehearsal kept it; ``earliest`` and ``latest`` are for the begin of its last work."""

    name: str
    step: str
    started: Instant
    ended: Instant
    due: Instant | None  # None for a limit that only has a least time
    work: Instant | None  # begin of that work; None when it goes on since before the limit started
    earliest: Instant | None
    latest: Instant | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The whole rehearsal."""

    zone: str
    begin: Instant
    end: Instant
    blocks: tuple[Block, ...]
    waits: tuple[Wait, ...]
    limits: tuple[Limited, ...]

    def lines(self) -> list[Block | Wait]:
        """Give blocks and waits in the order of their begin."""
        return sorted((*self.blocks, *self.waits), key=lambda one: (one.begin, one.end))


@dataclass(frozen=True, slots=True)
class Plan:
    """How a calendar is drawn: the recipe, the shift, the rooms by terminal, the gap (s) that parts two blocks."""

    recipe: Recipe
    shift: Shift
    rooms: Mapping[str, str]
    apart: Seconds


def rehearsal(story: Story, plan: Plan) -> Calendar:
    """Give the calendar of a batch that was run to its end."""
    groups = _groups(_tasks(story), plan.apart)
    limits = tuple(_limits(story, plan.recipe, groups))
    kits = _kits(story, groups)
    blocks = tuple(_block(story, plan, some, used, limits) for some, used in zip(groups, kits, strict=True))
    begins = Instant(story.batch.events[0].at / MICRO)
    ends = max([block.end for block in blocks], default=begins)
    return Calendar(story.zone, begins, ends, blocks, tuple(_waits(story, blocks, plan.apart)), limits)


def _block(story: Story, plan: Plan, some: list[Task], kits: tuple[str, ...], limits: tuple[Limited, ...]) -> Block:
    step, begin, end = some[0].step, some[0].begin, _end(some)
    rooms = _rooms(story, step) or tuple(plan.rooms.get(task.terminal, "") for task in some)
    bounds = [one for one in limits if one.step == step and one.work == begin]
    return Block(
        step=step,
        title=_title(plan.recipe, step),
        begin=begin,
        end=end,
        people=tuple(dict.fromkeys(name for task in some for name in task.people)),
        rooms=tuple(dict.fromkeys(room for room in rooms if room)),
        kits=kits,
        tasks=tuple(task.what for task in some),
        marks=tuple(_marks(begin, end=end, shift=plan.shift, zone=story.zone)),
        earliest=max((one.earliest for one in bounds if one.earliest is not None), default=None),
        latest=min((one.latest for one in bounds if one.latest is not None), default=None),
    )


def _title(recipe: Recipe, step: str) -> str:
    """Give what a block is about; a later round of a step says which."""
    name = recipe.named(step)
    part = recipe.part_of(name)
    title = next((one.title for one in recipe.steps if one.id == name), "Cleaning and line clearance")
    return (
        f"{title} ({part.unit} {step.removeprefix(f'{name}-') if step != name else 1})" if part is not None else title
    )


def _end(some: Iterable[Task]) -> Instant:
    return max(task.end for task in some)


def _tasks(story: Story) -> list[Task]:
    found = [_task(told) for told in story.prompts if told.now.answered_at is not None]
    return sorted(found, key=lambda task: (task.begin, task.end))


def _task(told: Told[Prompt]) -> Task:
    now = told.now
    hands = tuple(dict.fromkeys(name for name in (now.answered_by, now.verified_by, *sorted(now.hands)) if name))
    terminal = next((event.terminal for event in reversed(told.events) if event.terminal), "")
    begin, end = (Instant(told.events[place].at / MICRO) for place in (0, -1))
    text = now.opening.text if now.opening else told.id
    return Task(now.step, text, begin, end, hands, terminal)


def _groups(tasks: Iterable[Task], apart: Seconds) -> list[list[Task]]:
    """Part the work by step and by longer gaps; steps that run at the same time stay apart."""
    going: dict[str, list[Task]] = {}
    found: list[list[Task]] = []
    for task in tasks:
        some = going.get(task.step)
        if some is not None and task.begin - _end(some) <= apart:
            some.append(task)
            continue
        going[task.step] = [task]
        found.append(going[task.step])
    return found


def _kits(story: Story, groups: list[list[Task]]) -> list[tuple[str, ...]]:
    """Give what each block takes from stock: a use belongs to the first block of its step that ends after it."""
    found: list[dict[tuple[str, str], float]] = [{} for _ in groups]
    for told in story.lots:
        for event, one in told.of("use"):
            if not isinstance(one.body, Use) or one.body.batch != story.id:
                continue
            own = [n for n, some in enumerate(groups) if some[0].step == one.body.step]
            at = Instant(event.at / MICRO)
            place = next((n for n in own if _end(groups[n]) >= at), own[-1] if own else None)
            if place is not None:
                key = told.now.what, told.now.unit
                found[place][key] = found[place].get(key, 0.0) + one.body.quantity
    return [tuple(f"{what} {many:.6g} {unit}" for (what, unit), many in some.items()) for some in found]


def _rooms(story: Story, step: str) -> tuple[str, ...]:
    names = story.bound[step].assets.values() if step in story.bound else ()
    known = {told.id: told.now.location for told in story.assets}
    return tuple(dict.fromkeys(known[name] for name in names if known.get(name)))


def _marks(begin: Instant, *, end: Instant, shift: Shift, zone: str) -> Iterator[str]:
    first, last = local(begin, zone=zone), local(end, zone=zone)
    if not shift.holds(first, last):
        yield NIGHT
    if max(first.weekday(), last.weekday()) >= _SATURDAY:
        yield WEEKEND


def _waits(story: Story, blocks: tuple[Block, ...], apart: Seconds) -> Iterator[Wait]:
    """Give the longer gaps in which nobody is needed anywhere."""
    entered = sorted(
        (event.at / MICRO, step, event.read(Enter).state)
        for step, events in story.steps.items()
        for event in events
        if event.kind == "enter"
    )
    busy = min([block.begin for block in blocks], default=Instant(0.0))
    for block in sorted(blocks, key=lambda one: one.begin):
        if block.begin - busy > apart:
            step, state = _during(entered, begin=busy, end=block.begin)
            yield Wait(step, state, busy, block.begin)
        busy = max(busy, block.end)


def _during(entered: list[tuple[float, str, str]], *, begin: Instant, end: Instant) -> tuple[str, str]:
    """Name the step and state that was entered last before most of the gap had passed."""
    middle = (float(begin) + float(end)) / 2
    return next(((step, state) for at, step, state in reversed(entered) if at <= middle), ("", ""))


def _limits(story: Story, recipe: Recipe, groups: list[list[Task]]) -> Iterator[Limited]:
    """Give the limits on time with what they leave to the last work that begins between their two moments.

    Those of the recipe end in the step that it names, an exposure in the step that was under way.
    """
    stated = {limit.name: limit for limit in recipe.time_limits}
    for told in story.timers:
        timer, limit = told.now, stated.get(told.now.what)
        if timer.started_at is None or timer.ended_at is None or timer.clock not in _CLOCKS or not timer.bounded:
            continue
        since, until = timer.started_at, timer.ended_at
        step = limit.end.step if limit is not None else _step_at(story, until)
        begins = (some[0].begin for some in groups if some[0].step == step)
        work = max((at for at in begins if since <= at <= until), default=None)
        due = None if limit is not None and limit.most is None else timer.due
        least = None if limit is None else limit.least
        yield Limited(
            name=timer.what,
            step=step,
            started=since,
            ended=until,
            due=due,
            work=work,
            earliest=None if work is None or least is None else work + (since + least - until),
            latest=None if work is None or due is None else work + (due - until),
        )


def _step_at(story: Story, moment: Instant) -> str:
    """Name the step that began last before a moment."""
    begun = ((events[0].at / MICRO, step) for step, events in story.steps.items())
    return max((one for one in begun if one[0] <= float(moment)), default=(0.0, ""))[1]
