"""What a drill came to: what happened and when, who acted, what was decided, what devices and ledger say, what is good.

Units: s after the trouble came; moments in the site's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from automation.engine.conduct import open_prompts
from automation.engine.journal import Enter, Fell, Resolved
from automation.engine.past import Past, past
from automation.gmp.product.containers import Container
from automation.gmp.quality.timers import Timer
from automation.kernel.clock import MICRO, iso
from automation.ledger.event import Event
from fakes.drills.stage import BATCH, Stage
from fakes.witness import counted, done, idle

STEPS = f"batch/{BATCH}/step/"
_ORDERS = {"hold", "restart", "pause", "unpause", "stop", "abort", "resolve", "continue"}


@dataclass(frozen=True, slots=True)
class AlarmTold:
    """One alarm: when it came, how long until somebody acknowledged it, and how long until its cause was gone."""

    message: str
    came_s: float
    acknowledged_s: float | None
    by: str
    over_s: float | None


@dataclass(frozen=True, slots=True)
class Debrief:
    """All that is said after a drill; nothing of it is a training record."""

    simulated: bool
    site: str
    recipe: str
    seed: int | None
    trouble: str
    what: str
    operation: str
    state: str
    asset: str
    struck_at: str
    story: tuple[str, ...]
    alarms: tuple[AlarmTold, ...]
    doubts: tuple[str, ...]
    decisions: tuple[str, ...]
    refused: tuple[str, ...]
    deviations: tuple[str, ...]
    limits: tuple[str, ...]
    product: tuple[str, ...]
    within_limits: bool
    steps: tuple[str, ...]
    counts: tuple[str, ...]
    batch: str
    wrong: tuple[str, ...]  # what must never be so, whoever handled it; nothing in the good case
    good: str

    @property
    def text(self) -> str:
        """Give it as text."""
        return _read(self)

    @property
    def good_end(self) -> bool:
        """Tell whether the batch has ended and nothing is as it may never be."""
        return self.batch == "closed" and not self.wrong


def debrief(stage: Stage, *, recipe: str) -> Debrief:
    """Tell what happened from the ledger and the devices as they stand."""
    site, scene = stage.site, stage.scene
    events = list(site.house.ledger.events())
    told = _Teller(stage, events)
    overrun = [thing for thing in told.timers() if thing.state == "overrun"]
    deviations = told.deviations()
    return Debrief(
        simulated=True,
        site=site.file.name,
        recipe=recipe,
        seed=site.file.seed,
        trouble=scene.trouble.name,
        what=scene.trouble.what,
        operation=scene.operation,
        state=scene.spot.state,
        asset=scene.asset,
        struck_at=iso(stage.struck_at, zone=site.file.zone) if stage.struck_at is not None else "",
        story=tuple(told.story()),
        alarms=tuple(told.alarms()),
        doubts=tuple(told.doubts()),
        decisions=tuple(told.decisions()),
        refused=tuple(str(event.fields["why"]) for event in events if event.stream.startswith("refusals/")),
        deviations=deviations,
        limits=tuple(f"{one.what}: {one.state}" for one in told.timers()),
        product=told.product(),
        within_limits=not deviations and not overrun and told.ended_well(),
        steps=told.steps(),
        counts=tuple(told.counts()),
        batch=str(stage.run.batch.state),
        wrong=tuple(told.wrong()),
        good=scene.trouble.good,
    )


def _read(told: Debrief) -> str:
    """Give a debrief as text."""
    device = f" at {told.asset}" if told.asset else ""
    when = f"came at {told.struck_at}" if told.struck_at else "never came: the batch did not get there"
    rows = {
        "trouble": (f"{told.trouble}: {told.what}{device}; {when}",),
        "during": (f"{told.operation}, state {told.state!r}; recipe {told.recipe}, {told.site}, seed {told.seed}",),
        "story": told.story,
        "alarms": tuple(_alarm(one) for one in told.alarms),
        "doubts": told.doubts,
        "decisions": told.decisions,
        "refused": told.refused,
        "deviations": told.deviations,
        "time limits": told.limits,
        "product": told.product,
        "steps": told.steps,
        "device = ledger": told.counts,
        "within limits": ("yes" if told.within_limits else "no: see deviations, time limits and steps",),
        "batch": (told.batch,),
        "must not be": told.wrong,
        "a good answer": (told.good,),
    }
    lines = ["SIMULATED drill: practice, no training record and no evidence of anything"]
    for name, said in rows.items():
        lines += [f"{name if not n else '':<16} {text}" for n, text in enumerate(said or ("none",))]
    return "\n".join(lines)


def _alarm(one: AlarmTold) -> str:
    acted = "nobody acknowledged it" if one.acknowledged_s is None else f"{one.by} after {one.acknowledged_s:.0f} s"
    over = "still there" if one.over_s is None else f"over after {one.over_s:.0f} s"
    return f"+{one.came_s:.0f} s {one.message}: {acted}, {over}"


class _Teller:
    """Reads one drill off its events."""

    def __init__(self, stage: Stage, events: list[Event]) -> None:
        self._stage = stage
        self._site = stage.site
        self._events = events
        self._zero = float(stage.struck_at or 0.0)

    def story(self) -> list[str]:
        """Give what was ordered and which states the step went through, from the trouble on."""
        found = []
        for event in self._after():
            if event.stream.startswith(STEPS) and event.kind == "enter":
                entered = event.read(Enter)
                found.append(f"{self._at(event)} {event.stream.removeprefix(STEPS)} is {entered.state!r}")
            elif event.stream.startswith(STEPS) and event.kind in {"failed", "refused"} and "error" in event.fields:
                found.append(f"{self._at(event)} {event.kind}: {event.read(Fell).message}")
            elif event.stream == f"batch/{BATCH}" and event.kind in _ORDERS:
                given = self._given(event)
                found.append(f"{self._at(event)} {event.kind} by {event.by}: {given.get('reason', '')}")
        return found

    def alarms(self) -> list[AlarmTold]:
        """Give the alarms that came after the trouble, each time that they came."""
        found, latest = list[AlarmTold](), dict[str, int]()
        for event in self._after():
            if not event.stream.startswith("alarm/"):
                continue
            at, place = event.at / MICRO - self._zero, latest.get(event.stream, -1)
            if event.kind in {"raise", "again"} and (place < 0 or found[place].over_s is not None):
                latest[event.stream] = len(found)
                found.append(AlarmTold(str(self._given(event)["message"]), at, None, "", None))
            elif event.kind == "acknowledge" and place >= 0 and found[place].acknowledged_s is None:
                found[place] = replace(found[place], acknowledged_s=at - found[place].came_s, by=event.by)
            elif event.kind == "clear" and place >= 0 and found[place].over_s is None:
                found[place] = replace(found[place], over_s=at - found[place].came_s)
        return found

    def doubts(self) -> list[str]:
        """Give every doubt and what was decided about it."""
        found = []
        for event in self._after():
            if event.stream.startswith(STEPS) and event.kind == "doubt":
                found.append(f"{self._at(event)} {event.read(Fell).message}")
            elif event.stream.startswith(STEPS) and event.kind == "resolved":
                said = event.read(Resolved)
                found.append(f"{self._at(event)} {said.by} says {said.outcome}: {said.reason}")
        return found

    def decisions(self) -> list[str]:
        """Give what people chose."""
        asked: dict[str, str] = {}
        found = []
        for event in self._after():
            if event.stream.startswith("prompt/") and event.kind == "open" and self._given(event)["kind"] == "choose":
                asked[event.stream] = str(self._given(event)["text"])
            elif event.stream in asked and event.kind in {"answer", "enter"}:
                choice = cast("Mapping[str, object]", self._given(event)["values"]).get("choice", "")
                found.append(f"{self._at(event)} {event.by}: {choice!r} to {asked[event.stream][:90]!r}")
        return found

    def deviations(self) -> tuple[str, ...]:
        """Give the titles of the deviations."""
        opened = (e for e in self._events if e.stream.startswith("deviation/") and e.kind == "open")
        return tuple(str(self._given(event)["title"]) for event in opened)

    def timers(self) -> list[Timer]:
        """Give the time limits of the batch."""
        return [one for one in self._site.house.door.every("timer") if isinstance(one, Timer) and one.batch == BATCH]

    def product(self) -> tuple[str, ...]:
        """Say where every container of the batch stands."""
        found = (one for one in self._site.house.door.every("container") if isinstance(one, Container))
        return tuple(f"{c.id}: {c.state}{', on QA hold' if c.on_hold else ''}" for c in found if c.batch == BATCH)

    def steps(self) -> tuple[str, ...]:
        """Say how every step that was begun stands."""
        return tuple(
            f"{name}: {one.state}" + ("" if one.stage == "complete" else f" ({one.stage})")
            for name, one in ((step, self._past(step)) for step in self._stage.run.steps)
            if one.stage != "idle"
        )

    def ended_well(self) -> bool:
        """Tell whether all steps were completed in a state after which the batch goes on by itself."""
        return all(self._past(step).stage == "complete" for step in self._stage.run.steps)

    def counts(self) -> list[str]:
        """Compare each device's own counter with what the ledger holds as done."""
        return [f"{'.'.join(what)}: {seen} = {told}" for what, seen, told, _ in self._compared()]

    def wrong(self) -> list[str]:
        """Give what must never be so after a drill that has ended."""
        nothing = idle(self._events)
        wrong = [
            f"{'.'.join(what)} counts {seen}, the ledger holds {told} as done"
            for what, seen, told, doubtful in self._compared()
            if not told - nothing[what] <= seen <= told + doubtful
        ]
        if self._stage.run.batch.state == "closed":
            wrong += [f"{prompt.id} stays open" for prompt in open_prompts(self._site, BATCH)]
            claims = (one for one in self._site.house.door.every("asset") if getattr(one, "claim", None))
            wrong += [f"{one.id} stays claimed" for one in claims]
        return wrong

    def _compared(self) -> list[tuple[tuple[str, str], int, int, int]]:
        places = {(e.stream, e.fields.get("visit"), e.fields.get("n")): e for e in self._steps() if e.kind == "call"}
        open_ = [places.get((e.stream, e.fields["visit"], e.fields["n"])) for e in self._steps() if e.kind == "doubt"]
        doubtful = [(str(e.fields["asset"]), str(e.fields["method"])) for e in open_ if e is not None]
        found = []
        for what, told in sorted(done(self._events).items()):
            seen = counted(self._site, what[0], method=what[1])
            if seen is not None:
                found.append((what, seen, told, doubtful.count(what) if self._unresolved() else 0))
        return found

    def _unresolved(self) -> bool:
        kinds = [event.kind for event in self._steps()]
        return kinds.count("doubt") > kinds.count("resolved")

    def _steps(self) -> list[Event]:
        return [event for event in self._events if event.stream.startswith(STEPS)]

    def _past(self, step: str) -> Past:
        return past("", [event for event in self._events if event.stream == f"{STEPS}{step}"])

    def _after(self) -> list[Event]:
        return [event for event in self._events if self._stage.struck_at is not None and event.at / MICRO >= self._zero]

    def _at(self, event: Event) -> str:
        return f"+{event.at / MICRO - self._zero:.0f} s"

    @staticmethod
    def _given(event: Event) -> Mapping[str, object]:
        return cast("Mapping[str, object]", event.fields["given"])
