"""What crossed the border of a batch: what came in, what was taken out, and what is left in its containers.

Read off container events and counts alone, in the order of the ledger. A container is even: what is drawn takes its
share of cells and mass. A count of a container sets its cells anew; what the record carried into it and the count did
not find was lost in the steps between (a wash, for example), and is one crossing of its own.
Units:  mL, g, cells; each amount remembers the readings that it comes from (see ``automation.formulas.traced``).
Source: 21 CFR 211.103 (yields at each phase), 211.192 (unexplained discrepancy); JCGM 100:2008 (GUM) 5.2.2.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from automation.engine.journal import brought
from automation.formulas.traced import NOTHING, Traced, reading
from automation.gmp.objects import Fact
from automation.gmp.product.containers import Drawing, Emptying, Filling, State, Weighing
from automation.ledger.event import Event
from automation.views.story import Story
from automation.views.wording import quantity as written

VOLUME, MASS, VIABLE, TOTAL = "volume", "mass", "viable cells", "total cells"
CELLS = (VIABLE, TOTAL)
MEASURED, CALCULATED, DECLARED = "measured", "calculated", "declared"
_PAN = "mass of "  # the part of a reading that is the balance's
_GONE = "unaccounted"  # in a container that was emptied: never shown, it is what a balance leaves over
_HERE = frozenset({State.IN_PROCESS, State.STORED, State.HANDED_OVER, State.DESTROYED})

Amounts = Mapping[str, Traced]


@dataclass(slots=True)
class Crossing:
    """One amount that came in or went out, by quantity, with how each is known."""

    what: str
    kind: str  # received, added, weighed, counted; sample, waste, lost, hold-up, container
    events: tuple[int, ...]
    step: str
    amounts: dict[str, Traced]
    how: dict[str, str]
    goes_in: bool = False
    source: str = ""  # the container that it came out of
    of: str = ""  # the container that came in, or was counted

    @property
    def is_shown(self) -> bool:
        """Tell whether it is a line of a balance."""
        return self.kind != _GONE


@dataclass(slots=True)
class _Inside:
    """What a container holds as the record knows it, and through which steps that came since it was last counted."""

    amounts: dict[str, Traced] = field(default_factory=lambda: {VOLUME: NOTHING})
    how: dict[str, str] = field(default_factory=dict)
    through: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    events: list[int] = field(default_factory=list)
    step: str = ""  # that last put something in
    is_weighed: bool = False

    def share(self, volume: Traced) -> dict[str, Traced]:
        """Give what comes along with a volume; of an empty container nothing is known but the volume."""
        whole = self.amounts[VOLUME]
        part = volume / whole if whole.value > 0.0 else NOTHING
        return {VOLUME: volume} | {name: held * part for name, held in self.amounts.items() if name != VOLUME}

    def take(self, amounts: Amounts) -> None:
        """Take amounts out; of what is not known nothing can be taken."""
        for name, amount in amounts.items():
            if name in self.amounts:
                self.amounts[name] -= amount


class _Counted(msgspec.Struct, frozen=True):
    """What a count brings (cells/mL, standard uncertainty of the viable ones); None while it has none."""

    viable_concentration: float | None = None
    viable_uncertainty: float | None = None
    total_concentration: float | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What crossed the border of a batch, and which amounts nobody knows."""

    crossings: tuple[Crossing, ...]
    unknown: Mapping[str, str]  # quantity, and why its balance can't be drawn


def tally(story: Story) -> Tally:
    """Give what crossed the border of a batch, in the order of the ledger."""
    replay = _Replay(story)
    for event, what in _told(story):
        replay.take(event, what)
    return replay.end()


def _told(story: Story) -> Iterator[tuple[Event, str | _Counted]]:
    """Give the events of containers (with the container's name) and the counts, in the order of the ledger."""
    found: list[tuple[Event, str | _Counted]] = [(e, told.id) for told in story.containers for e in told.events]
    for events in story.steps.values():
        since = {
            name: value for event in events if event.kind == "recalculated" for name, value in brought(event).items()
        }
        moves = ((event, brought(event)) for event in events if event.kind == "move")
        counts = [(e, said | since) for e, said in moves if "viable_concentration" in said]
        found += [(e, msgspec.convert(said, _Counted)) for e, said in counts]
    return iter(sorted(found, key=lambda pair: pair[0].seq))


class _Replay:
    """Follows the amounts through a batch."""

    def __init__(self, story: Story) -> None:
        self._told = {told.id: told for told in story.containers}
        self._facts: dict[int, Fact] = {
            event.seq: fact for told in story.containers for event, fact in zip(told.events, told.facts, strict=True)
        }
        self._relative = {name: _relative_of(story, name) for name in story.steps}
        self._counts = {step: _source_of_samples(self._facts.values(), step) for step in story.steps}
        self._roots = frozenset(name for name, told in self._told.items() if told.now.parent not in self._told)
        self._inside: dict[str, _Inside] = {}
        self._crossings: list[Crossing] = []
        self._on_the_way: dict[tuple[str, str], list[tuple[float, dict[str, Traced]]]] = {}
        self._unknown: dict[str, str] = {}

    def take(self, event: Event, what: str | _Counted) -> None:
        """Follow one event."""
        if isinstance(what, _Counted):
            self._count(event, what)
            return
        body = self._facts[event.seq].body
        inside = self._inside.setdefault(what, _Inside())
        match body:
            case Filling():
                self._fill(event, what, inside, body)
            case Drawing():
                self._draw(event, what, inside, body)
            case Emptying():
                self._empty(event, what, inside, body)
            case Weighing():
                self._weigh(event, what, inside, body)
            case _ if event.kind == "receive":
                self._receive(event, what, inside)

    def _receive(self, event: Event, name: str, inside: _Inside) -> None:
        """Take in a container that did not come out of another of the batch: its volume is what was declared."""
        told = self._told[name]
        volume = told.values[0].volume_ml
        if name not in self._roots or volume <= 0.0:
            return
        standard = volume * max((self._relative[step] for step, of in self._counts.items() if of == name), default=0.0)
        inside.amounts = {VOLUME: reading(f"volume of {name}", volume, standard=standard)}
        inside.how, inside.events, inside.step = {VOLUME: DECLARED}, [event.seq], _step(event)
        self._crossings.append(
            Crossing(f"{name}, as received", "received", (told.events[0].seq, event.seq), _step(event),
                     dict(inside.amounts), dict(inside.how), goes_in=True, of=name)
        )  # fmt: skip

    def _fill(self, event: Event, name: str, inside: _Inside, said: Filling) -> None:
        moved, was_weighed = self._arrived(event, name, said), MASS in inside.amounts
        starts, product = inside.amounts[VOLUME].value <= 0.0, bool(inside.sources) or name in self._roots
        for quantity in dict.fromkeys((*inside.amounts, *moved)):
            if quantity in CELLS and said.lot:
                continue  # material holds no cells
            if quantity not in moved:
                self._lose(quantity, inside, why=f"{said.lot or said.source} put into {name} (event {event.seq})")
            elif quantity in inside.amounts or starts or (quantity in CELLS and not product):
                inside.amounts[quantity] = inside.amounts.get(quantity, NOTHING) + moved[quantity]
        inside.how = _how(said)
        inside.events.append(event.seq)
        inside.step = said.step
        if said.source:
            source = self._inside.get(said.source, _Inside())
            inside.through = tuple(dict.fromkeys((*inside.through, *source.through, said.step)))
            inside.sources = tuple(dict.fromkeys((*inside.sources, *source.sources, said.source)))
        known = {quantity: moved[quantity] for quantity in (VOLUME, MASS) if quantity in {*moved} & {*inside.amounts}}
        if said.source not in self._told:
            what = f"{said.what or 'material'} of lot {said.lot}" if said.lot else said.what or said.source
            self._cross(f"{what}, into {name}", event, known, kind="added", step=said.step, how=inside.how)
        elif MASS in known and not was_weighed and MASS not in self._inside[said.source].amounts:
            only = {MASS: known[MASS]}
            what = f"{name}, out of {said.source}, first weighed"
            self._cross(what, event, only, kind="weighed", step=said.step, how=inside.how)

    def _cross(  # noqa: PLR0913  one line of a balance has as many parts
        self, what: str, event: Event, amounts: Amounts, *, kind: str, step: str, how: Mapping[str, str]
    ) -> None:
        self._crossings.append(Crossing(what, kind, (event.seq,), step, dict(amounts), dict(how), goes_in=True))

    def _arrived(self, event: Event, name: str, said: Filling) -> dict[str, Traced]:
        """Give what came in: the very amounts that were drawn for it, or what this event's own readings say."""
        waiting = self._on_the_way.get((said.source, name), [])
        if waiting and waiting[0][0] == said.volume_ml:
            moved = waiting.pop(0)[1]
        else:
            volume = _volume(event, said)
            source = self._inside.get(said.source)
            moved = source.share(volume) if source is not None else {VOLUME: volume}
        if said.mass_g is not None and MASS not in moved:
            moved[MASS] = _mass(moved[VOLUME], said.mass_g, said.standard_g)
        elif said.density is not None and MASS not in moved:
            standard = said.density * said.density_percent / 100.0
            moved[MASS] = moved[VOLUME] * reading(f"density of {said.lot}", said.density, standard=standard)
        return moved

    def _draw(self, event: Event, name: str, inside: _Inside, said: Drawing) -> None:
        volume = _volume(event, said)
        if said.by_difference:
            volume = Traced(said.volume_ml, dict(inside.amounts[VOLUME].parts))
        amounts = inside.share(volume)
        if said.mass_g is not None and MASS in inside.amounts:
            amounts[MASS] = _mass(volume, said.mass_g, said.standard_g)
        inside.take(amounts)
        if said.to in self._told:
            self._on_the_way.setdefault((name, said.to), []).append((said.volume_ml, amounts))
            return
        kind = "waste" if said.to == "waste" else "sample"
        what = f"waste of {name}" if kind == "waste" else said.to
        self._crossings.append(
            Crossing(f"{what}{f', {said.why}' if said.why else ''}", kind, (event.seq,), said.step, amounts, _how(said),
                     source=name)
        )  # fmt: skip

    def _empty(self, event: Event, name: str, inside: _Inside, said: Emptying) -> None:
        left = inside.share(reading(f"event {event.seq}", said.left_ml, standard=said.standard_ml))
        inside.take(left)
        how = {VOLUME: CALCULATED if said.standard_ml else DECLARED}
        if said.left_ml > 0.0:
            self._crossings.append(
                Crossing(f"left in {name}", "hold-up", (event.seq,), said.step, left, how, source=name)
            )
        gone = Crossing(name, _GONE, (event.seq,), said.step, dict(inside.amounts), {}, source=name)
        self._crossings.append(gone)
        inside.amounts = {VOLUME: NOTHING}

    def _weigh(self, event: Event, name: str, inside: _Inside, said: Weighing) -> None:
        """Set what a container holds by weight: its volume and mass, and its cells by their concentration."""
        volume = _volume(event, said)
        before, after = inside.amounts[VOLUME], {VOLUME: volume, MASS: _mass(volume, said.mass_g, said.standard_g)}
        if before.value > 0.0:
            after |= {q: held * volume / before for q, held in inside.amounts.items() if q in CELLS}
        change = {q: amount - inside.amounts.get(q, NOTHING) for q, amount in after.items()}
        if name in self._roots and not inside.is_weighed:
            self._came_in_by_weight(event, name, change)
        else:
            known = {q: NOTHING - amount for q, amount in change.items() if q in inside.amounts}
            self._crossings.append(Crossing(name, _GONE, (event.seq,), said.step, known, {}, source=name))
            if MASS not in inside.amounts:
                mass = {MASS: after[MASS]}
                self._cross(f"{name}, first weighed", event, mass, kind="weighed", step=said.step, how={MASS: MEASURED})
        inside.amounts, inside.is_weighed = inside.amounts | after, True
        inside.how = {VOLUME: MEASURED, MASS: MEASURED}
        inside.events.append(event.seq)

    def _came_in_by_weight(self, event: Event, name: str, change: Amounts) -> None:
        """Let a container from outside have come in with what it weighs and what was drawn from it before."""
        mine = [one for one in self._crossings if name in {one.source, one.of}]
        volume, mass = self._inside[name].amounts[VOLUME] + change[VOLUME], change[MASS]
        for one in mine:
            if not one.goes_in:
                one.amounts[MASS] = mass / volume * one.amounts[VOLUME]
                mass = mass + one.amounts[MASS]
                volume = volume + one.amounts[VOLUME]
        for one in mine:
            if one.goes_in:
                one.amounts |= {q: amount + change[q] for q, amount in one.amounts.items()}
            if one.kind == "received":
                declared = one.amounts[VOLUME].value - change[VOLUME].value
                one.what = f"{name}, by weight (declared: {written(declared, 'mL')})"
                one.amounts[MASS] = mass
                one.how |= {VOLUME: MEASURED, MASS: MEASURED}
                one.events += (event.seq,)

    def _count(self, event: Event, said: _Counted) -> None:
        """Set the cells of a container anew; what is missing from what was carried there was lost on the way."""
        step = event.stream.rpartition("/")[2]
        name = self._counts.get(step, "")
        if said.viable_concentration is None or said.total_concentration is None or name not in self._inside:
            return
        inside = self._inside[name]
        samples = [one for one in self._crossings if one.kind == "sample" and one.step == step and one.source == name]
        relative = (said.viable_uncertainty or 0.0) / said.viable_concentration if said.viable_concentration else 0.0
        before = {quantity: self._carried(quantity, inside, samples) for quantity in CELLS}
        found: dict[str, Traced] = {}
        for quantity, value in ((VIABLE, said.viable_concentration), (TOTAL, said.total_concentration)):
            concentration = reading(f"{quantity} of {step}", value, standard=value * relative)
            inside.amounts[quantity] = concentration * inside.amounts[VOLUME]
            for one in samples:
                one.amounts[quantity] = concentration * one.amounts[VOLUME]
                one.how[quantity] = CALCULATED
            found[quantity] = sum((one.amounts[quantity] for one in samples), inside.amounts[quantity])
            inside.how[quantity] = MEASURED
        known = {quantity: amount for quantity, amount in before.items() if amount is not None}
        if known:
            lost = {quantity: amount - found[quantity] for quantity, amount in known.items()}
            where = ", ".join(inside.through) or "storage"
            crossing = Crossing(f"lost in {where}: the count before less the count after", "lost", (event.seq,), step,
                                lost, dict.fromkeys(lost, CALCULATED))  # fmt: skip
        else:
            crossing = Crossing(f"{name}, counted", "counted", (event.seq,), step, found,
                                dict.fromkeys(found, MEASURED), goes_in=True, of=name)  # fmt: skip
        self._crossings.append(crossing)
        inside.through, inside.sources = (), ()

    def _carried(self, quantity: str, inside: _Inside, samples: list[Crossing]) -> Traced | None:
        """Give all cells of the stage before, wherever the steps between have put them; None before the first count."""
        if quantity not in inside.amounts:
            return None
        others = [self._inside[source].amounts for source in inside.sources if source in self._inside]
        gone = [one.amounts for one in self._crossings if one.step in inside.through and not one.goes_in]
        parts = [amounts.pop(quantity, NOTHING) for amounts in (*gone, *others)]
        parts += [one.amounts.get(quantity, NOTHING) for one in samples]
        return sum(parts, inside.amounts[quantity])

    def _lose(self, quantity: str, inside: _Inside, *, why: str) -> None:
        if inside.amounts.pop(quantity, None) is not None:
            self._unknown.setdefault(quantity, f"the {quantity} of {why} is not known")

    def end(self) -> Tally:
        """Give all crossings; what is in a container now is the last of its kind."""
        for name, told in self._told.items():
            inside = self._inside.get(name)
            if inside is None or told.now.state not in _HERE or inside.amounts[VOLUME].value <= 0.0:
                continue
            how = {q: inside.how.get(q, CALCULATED) if q not in CELLS else CALCULATED for q in inside.amounts}
            what = f"{name}, {told.now.purpose}" + (", destroyed" if told.now.state == State.DESTROYED else "")
            self._crossings.append(
                Crossing(what, "container", tuple(inside.events), inside.step, dict(inside.amounts), how, source=name)
            )
        return Tally(tuple(self._crossings), dict(self._unknown))


def _volume(event: Event, said: Filling | Drawing | Weighing) -> Traced:
    """Give a volume (mL); of one that was weighed what the balance adds is told from what the density adds."""
    name = f"event {event.seq}"
    if not said.mass_g or said.standard_g is None:
        return reading(name, said.volume_ml, standard=said.standard_ml)
    pan = min(said.standard_ml, said.standard_g * said.volume_ml / said.mass_g)
    density = math.sqrt(said.standard_ml**2 - pan**2)
    return Traced(said.volume_ml, {f"{_PAN}{name}": pan, name: density})


def _mass(volume: Traced, grams: float, standard: float | None) -> Traced:
    """Give a mass that was weighed, as well as the balance can; what the volume adds to that is the density.

    An older record states nothing for the mass: then it and the volume that was made of it are one reading.
    """
    pan = next((name for name in volume.parts if name.startswith(_PAN)), "")
    if standard is not None and pan:
        return reading(pan, grams, standard=standard)
    relative = volume.standard / volume.value if volume.value else 0.0
    name = next(iter(volume.parts), "")
    return Traced(grams, {name: grams * relative} if name else {})


def _how(said: Filling | Drawing) -> dict[str, str]:
    """Say how an amount is known: weighed, taken from other readings, or only stated."""
    if said.mass_g is not None:
        return {VOLUME: MEASURED, MASS: MEASURED}
    return {VOLUME: CALCULATED if said.standard_ml else DECLARED, MASS: CALCULATED}


def _step(event: Event) -> str:
    """Give the step that a container's event names."""
    given = event.fields.get("given")
    return str(given.get("step", "")) if isinstance(given, Mapping) else ""


def _relative_of(story: Story, step: str) -> float:
    """Give the relative uncertainty of volumes that the recipe states in a step (a fraction)."""
    given = story.bound[step].parameters.get("volume_uncertainty")
    return float(given.value) / 100.0 if given is not None and isinstance(given.value, int | float) else 0.0


def _source_of_samples(facts: Iterable[Fact], step: str) -> str:
    """Give the container that a step took its samples from; empty when it took none."""
    drawn = (one for one in facts if isinstance(one.body, Drawing) and one.body.step == step)
    return next((one.stream.partition("/")[2] for one in drawn), "")
