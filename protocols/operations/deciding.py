"""What is done with a culture after a count: a rule over recorded values, and people who may decide otherwise.

The first rule that speaks is the one that holds, in the order of ``decide``. Another choice needs a reason and two
signatures, and both stand in the record.
Units:  cells, cells/mL, mL, g/L, %, s.
Source: the limits are the user's; dilution C1 V1 = C2 V2; forecast by ``automation.formulas.growth``.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.formulas import culture
from automation.formulas.growth import Forecast
from automation.kernel.quantity import Cells, CellsPerMillilitre, GramsPerLitre, Instant, Millilitres, Percent, Seconds

LEAST_FEED = Millilitres(1.0)  # less is not worth opening the vessel


class Decision(StrEnum):
    """What can be done."""

    CONTINUE = "continue"
    FEED = "feed"
    SPLIT = "split"
    EXTEND = "extend"
    HARVEST = "harvest"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a culture is fed, split, extended, harvested or given up; set by the approved recipe."""

    harvest_cells: Cells = field(metadata={"range": (1e4, 1e14), "label": "Harvest from so many viable cells"})
    harvest_from: Seconds = field(metadata={"range": (0.0, 60 * 86_400.0), "label": "and not before"})
    longest: Seconds = field(metadata={"range": (3600.0, 60 * 86_400.0), "label": "Harvest at the latest"})
    viability_least: Percent = field(metadata={"range": (0.0, 100.0), "label": "Below this viability people decide"})
    density_most: CellsPerMillilitre = field(metadata={"range": (1e3, 1e9), "label": "Feed from this density"})
    density_fed: CellsPerMillilitre = field(metadata={"range": (1e3, 1e9), "label": "down to this one"})
    glucose_least: GramsPerLitre = field(metadata={"range": (0.0, 20.0), "label": "Feed below this glucose"})
    glucose_fed: GramsPerLitre = field(metadata={"range": (0.0, 20.0), "label": "up to this one"})
    glucose_medium: GramsPerLitre = field(metadata={"range": (0.1, 20.0), "label": "Glucose of the medium"})
    volume_most: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "One vessel takes"})
    vessels_most: int = field(metadata={"range": (1, 8), "label": "Vessels at most; 1: it is never split"})
    extend_by: Seconds = field(metadata={"range": (3600.0, 30 * 86_400.0), "label": "An extension lasts"})
    extensions_most: int = field(metadata={"range": (0, 5), "label": "Extensions at most"})


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a culture when it is decided about."""

    age: Seconds
    volume: Millilitres
    cells: Cells  # viable
    viability: Percent
    glucose: GramsPerLitre | None
    vessels: int = 1
    extensions: int = 0
    until: Seconds | None = None  # enough cells are there, by the forecast; None without growth

    @property
    def density(self) -> CellsPerMillilitre:
        """Give viable cells per mL."""
        return CellsPerMillilitre(float(self.cells) / float(self.volume) if float(self.volume) else 0.0)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rules say, why, and the medium that it takes (mL)."""

    what: Decision
    why: str
    feed: Millilitres = Millilitres(0.0)


def aged(began: Instant, at: Instant) -> Seconds:
    """Give the age of a culture (s, to the ms): a sample of the plan is never a rounding too early for its rule."""
    return Seconds(round(float(at - began), 3))


def decide(rules: Rules, found: Found) -> Proposal:
    """Say what the rules want done with a culture."""
    if found.viability < rules.viability_least:
        return Proposal(Decision.STOP, f"viability {found.viability:.1f} % is below {rules.viability_least:g} %")
    if found.cells >= rules.harvest_cells and found.age >= rules.harvest_from:
        return Proposal(Decision.HARVEST, f"{found.cells:.3g} viable cells, {rules.harvest_cells:.3g} are wanted")
    wanted, why = needed(rules, found)
    if found.age >= rules.longest + rules.extend_by * float(found.extensions):
        return _at_the_end(rules, found, wanted)
    if wanted - room(rules, found.vessels, found.volume) >= LEAST_FEED and found.vessels < rules.vessels_most:
        into = min(wanted, room(rules, found.vessels + 1, found.volume))
        return Proposal(Decision.SPLIT, f"{why}, and {found.vessels} vessels are too small for it", into)
    feed = min(wanted, room(rules, found.vessels, found.volume))
    if feed >= LEAST_FEED:
        return Proposal(Decision.FEED, why, feed)
    return Proposal(Decision.CONTINUE, "no limit is reached" if not why else f"{why}, and the vessel is full")


def _at_the_end(rules: Rules, found: Found, wanted: Millilitres) -> Proposal:
    """Harvest on the last day, unless an extension is allowed and the forecast says that it brings enough cells."""
    day = f"day {float(found.age) / 86_400:.1f} is the latest for a harvest"
    if found.extensions >= rules.extensions_most:
        return Proposal(Decision.HARVEST, day)
    if found.until is None or found.until > rules.extend_by:
        return Proposal(Decision.HARVEST, f"{day}, and an extension would not bring enough cells")
    why = f"{day}, and enough cells are forecast in {float(found.until) / 3600:.0f} h"
    return Proposal(Decision.EXTEND, why, min(wanted, room(rules, found.vessels, found.volume)))


def room(rules: Rules, vessels: int, volume: Millilitres) -> Millilitres:
    """Give what so many vessels still take (mL)."""
    return max(Millilitres(0.0), rules.volume_most * float(vessels) - volume)


def feeding(rules: Rules, found: Found) -> tuple[Millilitres, str]:
    """Give the medium that a culture needs (mL, at most what its vessels take), and why."""
    wanted, why = needed(rules, found)
    return min(room(rules, found.vessels, found.volume), wanted), why


def needed(rules: Rules, found: Found) -> tuple[Millilitres, str]:
    """Give the medium that a culture needs (mL), whether its vessels take it or not, and why."""
    wanted, why = Millilitres(0.0), ""
    if found.density >= rules.density_most:
        wanted = culture.feed_volume(cells=found.cells, density=rules.density_fed, volume=found.volume)
        why = f"{found.density:.3g} cells/mL, fed from {rules.density_most:.3g}"
    if found.glucose is not None and found.glucose < rules.glucose_least:
        wanted = max(wanted, _sweetened(rules, found.volume, found.glucose))
        why = f"{why}; " * bool(why) + f"glucose {found.glucose:.2f} g/L is below {rules.glucose_least:g} g/L"
    return wanted, why


def _sweetened(rules: Rules, volume: Millilitres, glucose: GramsPerLitre) -> Millilitres:
    """Give the medium that brings the glucose up; all that goes in where the medium is no sweeter than that."""
    if rules.glucose_medium <= rules.glucose_fed:
        return rules.volume_most
    return volume * ((rules.glucose_fed - glucose) / (rules.glucose_medium - rules.glucose_fed))


@dataclass(frozen=True, slots=True)
class Deciding:
    """People who decide about a culture, with the rules in hand."""

    operator: Operator
    product: Product
    rules: Rules

    async def decided(
        self, of: str, found: Found, proposal: Proposal, *, ahead: Forecast
    ) -> tuple[Decision, Millilitres]:
        """Let people decide; another decision than the rule's needs a reason and two signatures. Gives the feed too."""
        feed = f" with {proposal.feed:.0f} mL" if proposal.feed > Millilitres(0.0) else ""
        text = (
            f"{of}, day {float(found.age) / 86_400:.1f}: {found.cells:.3g} viable cells, "
            f"{found.density:.3g} cells/mL, viability {found.viability:.1f} %.{_when(ahead)} By rule: "
            f"{proposal.what}{feed}, because {proposal.why}. What is done?"
        )
        others = [one for one in Decision if one is not proposal.what and _possible(one, self.rules, found)]
        said = Decision(await self.operator.choose(text, proposal.what, *others))
        if said is proposal.what:
            return said, proposal.feed
        why = await self.operator.enter(
            f"By rule: {proposal.what}. You chose: {said}. Why?", Entry("reason", "Reason"), second=True
        )
        reason = why.word("reason")
        await self.operator.sign(f"{said} instead of {proposal.what}: {reason}", "performed", "verified")
        await self.product.deviation(f"{said} instead of {proposal.what}: {reason}", rule="in-process decision")
        return said, await self._fed(said, found)

    async def _fed(self, said: Decision, found: Found) -> Millilitres:
        """Ask how much is fed when the rule says nothing of it."""
        if said not in {Decision.FEED, Decision.SPLIT, Decision.EXTEND}:
            return Millilitres(0.0)
        most = room(self.rules, found.vessels + (said is Decision.SPLIT), found.volume)
        answer = await self.operator.enter(
            "How much medium is added?", Entry("volume", "Medium", unit="mL", low=0.0, high=float(most)), second=True
        )
        return Millilitres(answer.number("volume"))


def _possible(one: Decision, rules: Rules, found: Found) -> bool:
    """Tell whether people may choose a decision: a split needs another vessel."""
    return one is not Decision.SPLIT or found.vessels < rules.vessels_most


def _when(ahead: Forecast) -> str:
    """Say when there are enough cells, and how well that is known."""
    if not ahead.likely:
        return ""
    earliest, latest = (None if one is None else float(one) / 3600 for one in (ahead.earliest, ahead.latest))
    upto = "no latest time" if latest is None else f"{latest:.0f} h"
    span = "" if earliest is None else f" ({earliest:.0f} h to {upto})"
    return f" At this rate there are enough cells in {float(ahead.likely) / 3600:.0f} h{span}."
