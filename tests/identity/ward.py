"""The site of twenty patients: names and codes that are easily mixed up, a pump for each, batches that follow another.

What belongs to whom is told by the name alone (``P21-B3`` is the third bag of patient 21), never by the record; every
bag holds a few grams of a solute of its own patient, so that the world itself shows what was ever mixed.
Units: mL, g, degC.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from automation.bootstrap import release
from automation.engine.issue import Order, issue, start
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import spec_of
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.formulas import isbt128
from automation.gmp.door import Command
from automation.kernel.quantity import Cells, Celsius, Millilitres
from automation.opener import packaged
from fakes.contents import filled
from fakes.world import Container
from tests.identity.careless import Careless
from tests.support.runs import plant_of

PATIENTS = (
    "12", "21", "13", "31", "14", "41", "15", "51", "16", "61",
    "17", "71", "23", "32", "24", "42", "25", "52", "26", "62",
)  # fmt: skip
"""Each is its neighbour with two digits in the wrong order."""

RECIPES = {
    "26": "infuse", "62": "infuse", "25": "freeze-day", "52": "share", "51": "sampling", "15": "final-day",
}  # fmt: skip
"""What is made for a patient when it is not shipped: equipment of which there is one goes round."""

SETUP, SUPERVISOR = "system:setup", "carla"
CANCELLED, RESERVE = "X1", "R1"


_WARM = {"receive.transport_lowest": "2.0 degC"}  # of the one paper that everybody reads
_CHANGES = {
    "freeze-day": {"receive.exposure_longest": "1440 min", "freeze.cool_within": "120 min"},
    "sampling": _WARM,
    "final-day": {**_WARM, "formulate.exposure_longest": "1440 min", "freeze.cool_within": "120 min"},
}
_FRESH = filled(Millilitres(60.0), live=Cells(9.0e8), dead=Cells(0.7e8))
_FILLED = {  # as the installed site's own bags
    "bag20": filled(Millilitres(20.0), live=Cells(9.2e8), dead=Cells(0.8e8), dmso=0.1),
    "bag600": filled(Millilitres(400.0), live=Cells(1.24e9), dead=Cells(0.1e9), dmso=0.0005, density=1.01),
}


@dataclass(frozen=True, slots=True)
class Bag:
    """One bag as it was sent: whose, its number, its codes."""

    patient: str
    mark: str  # B1, B2 ... as they are used; one was cancelled (X), one is never used (R)

    @property
    def name(self) -> str:
        """Give what it is called."""
        return f"P{self.patient}-{self.mark}"

    @property
    def din(self) -> str:
        """Give its donation number."""
        number = int(self.mark[1:]) + {"B": 0, "R": 9000, "X": 9500}[self.mark[0]]
        return f"A999926{self.patient}{number:04d}"


def identity(patient: str) -> str:
    """Give the chain of identity of a patient; all end alike."""
    return f"CHA999926{patient}QZKM"


def flagged(din: str) -> str:
    """Give a donation number as scanned, with its check character in the flags."""
    return f"={din}{60 + isbt128.check_value(din)}"


def patient_of(name: str) -> str:
    """Tell by its name whose a container or a batch is; empty for what is nobody's."""
    head = name.partition("-")[0]
    return head[1:] if head[:1] == "P" and head[1:] in PATIENTS else ""


def solute(patient: str) -> str:
    """Name what the liquid of a patient is told by."""
    return f"of patient {patient}"


def make(folder: Path) -> Path:
    """Make the folder of the site."""
    folder.mkdir(parents=True, exist_ok=True)
    text = packaged("a").replace("trained: [receive,", "trained: [careless, receive,")
    text = text.replace("\nassets:\n", "\nassets:\n" + "".join(map(_pump, PATIENTS)), 1)
    text = text.replace("\ncontainers:\n", "\ncontainers:\n" + "".join(_expected()), 1)
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def _pump(patient: str) -> str:
    more = "needs_cleaning: false, needs_calibration: false"
    return f"  pump-{patient}: {{class: pump, driver: watson_marlow, port: memory, fake: watson_marlow, {more}}}\n"


def _expected() -> Iterator[str]:
    for patient in PATIENTS:
        for mark in (CANCELLED, RESERVE):
            bag = Bag(patient, mark)
            yield f"  {bag.name}: {{identity: {identity(patient)}, din: {bag.din}, kind: bag150, volume: 60 mL}}\n"


def prepare(site: Site) -> None:
    """Teach the site its careless operation, cancel what is cancelled, bring what is there into the world."""
    known = {**site.house.operations, "careless": spec_of(Careless, name="careless")}
    site.house = replace(site.house, operations=known)
    for patient in PATIENTS:
        for mark in (CANCELLED, RESERVE):
            _bring(site, Bag(patient, mark), "bag150")
        body = {"reason": "the order was cancelled"}
        site.house.door.enter(Command(f"container/{Bag(patient, CANCELLED).name}", "cancel", body, SETUP))


def recipe_of(site: Site, patient: str) -> Recipe:
    """Give the recipe of a patient; those that are installed get longer times, since nobody is in a hurry here."""
    name = RECIPES.get(patient, "ship")
    own = Path(__file__).with_name(f"{name}.yaml")
    return load(str(own) if own.exists() else name, site.house.operations, changes=_CHANGES.get(name))


async def begin(site: Site, made: Recipe, bag: Bag) -> str:
    """Let a new bag come and start a batch of it; gives the batch's id."""
    kind, batch = made.product.starts_from, f"P{bag.patient}-{bag.mark[1:]}"
    said = {
        "identity": identity(bag.patient),
        "din": bag.din,
        "kind": kind,
        "volume_ml": float(_FILLED.get(kind, _FRESH).volume),
    }
    await site.house.door.submit(Command(f"container/{bag.name}", "expect", said, SETUP))
    _bring(site, bag, kind)
    order = Order(batch, containers=(bag.name,), release=release(), reason="identity")
    await issue(site, made, order, by=SUPERVISOR)
    await start(site, batch, by=SUPERVISOR)
    return batch


def _bring(site: Site, bag: Bag, kind: str) -> None:
    plain = _FILLED.get(kind, _FRESH)
    contents = replace(plain, solutes={**plain.solutes, solute(bag.patient): 1.0})
    world, now = plant_of(site).world, site.house.clock.now()
    world.add(Container(bag.name, kind, contents=contents), place="fridge", at=Celsius(4.0), now=now)
