"""What is done with a culture after a count: a rule over recorded values, and people who may decide otherwise.

The first rule that speaks is the one that holds, in the order of ``decide``. Another choice needs a reason and two
signatures, and both stand in the record.
Units:  cells, cells/mL, mL, g/L, %, s.
Source: the limits are the user's; dilution C1 V1 = C2 V2; forecast by ``automation.formulas.culture.time_to``.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from automation.formulas import culture
from automation.kernel.quantity import Cells, CellsPerMillilitre, GramsPerLitre, Instant, Millilitres, Percent, Seconds

LEAST_FEED = Millilitres(1.0)  # less is not worth opening the vessel


class Decision(StrEnum):
    """What can be done."""

    CONTINUE = "continue"
    FEED = "feed"
    HARVEST = "harvest"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a culture is fed, harvested or given up; set by the approved recipe."""

    harvest_cells: Cells = field(metadata={"range": (1e4, 1e14), "label": "Harvest from so many viable cells"})
    harvest_from: Seconds = field(metadata={"range": (0.0, 60 * 86_400.0), "label": "and not before"})
    longest: Seconds = field(metadata={"range": (3600.0, 60 * 86_400.0), "label": "Harvest at the latest"})
    viability_least: Percent = field(metadata={"range": (0.0, 100.0), "label": "Below this viability people decide"})
    density_most: CellsPerMillilitre = field(metadata={"range": (1e3, 1e9), "label": "Feed from this density"})
    density_fed: CellsPerMillilitre = field(metadata={"range": (1e3, 1e9), "label": "down to this one"})
    glucose_least: GramsPerLitre = field(metadata={"range": (0.0, 20.0), "label": "Feed below this glucose"})
    glucose_fed: GramsPerLitre = field(metadata={"range": (0.0, 20.0), "label": "up to this one"})
    glucose_medium: GramsPerLitre = field(metadata={"range": (0.1, 20.0), "label": "Glucose of the medium"})
    volume_most: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "The vessel takes"})


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a culture when it is decided about."""

    age: Seconds
    volume: Millilitres
    cells: Cells  # viable
    viability: Percent
    glucose: GramsPerLitre | None

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
    if found.age >= rules.longest:
        return Proposal(Decision.HARVEST, f"day {float(found.age) / 86_400:.1f} is the latest for a harvest")
    feed, why = feeding(rules, found)
    if feed >= LEAST_FEED:
        return Proposal(Decision.FEED, why, feed)
    return Proposal(Decision.CONTINUE, "no limit is reached" if not why else f"{why}, and the vessel is full")


def feeding(rules: Rules, found: Found) -> tuple[Millilitres, str]:
    """Give the medium that a culture needs (mL, at most what the vessel takes), and why."""
    room = max(Millilitres(0.0), rules.volume_most - found.volume)
    wanted, why = Millilitres(0.0), ""
    if found.density >= rules.density_most:
        wanted = culture.feed_volume(cells=found.cells, density=rules.density_fed, volume=found.volume)
        why = f"{found.density:.3g} cells/mL, fed from {rules.density_most:.3g}"
    if found.glucose is not None and found.glucose < rules.glucose_least:
        wanted = max(wanted, _sweetened(rules, found.volume, found.glucose))
        why = f"{why}; " * bool(why) + f"glucose {found.glucose:.2f} g/L is below {rules.glucose_least:g} g/L"
    return min(room, wanted), why


def _sweetened(rules: Rules, volume: Millilitres, glucose: GramsPerLitre) -> Millilitres:
    """Give the medium that brings the glucose up; all that goes in where the medium is no sweeter than that."""
    if rules.glucose_medium <= rules.glucose_fed:
        return rules.volume_most
    return volume * ((rules.glucose_fed - glucose) / (rules.glucose_medium - rules.glucose_fed))
