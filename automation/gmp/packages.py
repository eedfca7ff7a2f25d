"""What a shipment has to fulfil as a package: its dangerous goods, the training of who packs it, its shipper's charge.

Units:  mL, kg, g, d.
Source: ``automation.formulas.dangerous_goods``; 49 CFR 172.704 and IATA DGR 1.5 (training); 1 L of liquid nitrogen is
        0.808 kg, a dry shipper keeps cold in proportion to its charge.
"""

from collections.abc import Iterator
from typing import Protocol, cast

from automation.formulas import dangerous_goods as goods
from automation.formulas.shipping import charge, holding_time
from automation.gmp.due import DAY
from automation.gmp.marks import of_person
from automation.gmp.objects import Site
from automation.kernel.quantity import Grams, Instant

SHIPPER = "dry shipper"  # the class of such an asset


class Charged(Protocol):
    """What is said of a shipper when it is packed."""

    @property
    def shipper(self) -> str:
        """Give the asset."""
        ...

    @property
    def holds_d(self) -> float:
        """Give how long it is said to keep cold (d)."""
        ...

    @property
    def dry_g(self) -> float:
        """Give its weight without nitrogen (g)."""
        ...

    @property
    def charged_g(self) -> float:
        """Give its weight charged and poured off (g)."""
        ...

    @property
    def full_g(self) -> float:
        """Give what it takes up at most (g)."""
        ...

    @property
    def full_holds_d(self) -> float:
        """Give how long that keeps cold by its qualification (d)."""
        ...


class _Asset(Protocol):
    """What a package asks of a shipper."""

    state: str
    asset_class: str
    qualification_due: Instant | None


class _Person(Protocol):
    """What a package asks of a person."""

    def is_trained(self, operation: str) -> bool: ...


class _Held(Protocol):
    """What a package asks of a qualification."""

    until: Instant
    revoked: str


class _Training(Protocol):
    """What a package asks of a training."""

    held: tuple[_Held, ...]
    state: str

    @property
    def curriculum(self) -> str: ...


def package_of(site: Site, containers: tuple[str, ...], asked: goods.Package) -> goods.Package:
    """Give the package with the volumes of its containers by the record."""
    volumes = [cast("_Container", site.find("container", name)).volume_ml for name in containers]
    largest, total = max(volumes, default=0.0), sum(volumes)
    return goods.Package(asked.content, asked.coolant, asked.mode, largest, total, asked.ice_kg)


class _Container(Protocol):
    """What a package asks of a container."""

    volume_ml: float


def untrained(site: Site, person: str, package: goods.Package) -> Iterator[str]:
    """Give the trainings that a person lacks for a package: by a curriculum in force, or as registered."""
    for need in dict.fromkeys(duty.training for duty in goods.classify(package) if duty.training):
        if site.find("curriculum", need).state == "absent":
            held = cast("_Person", site.find("person", person)).is_trained(need)
        else:
            held = _holds(site, person, curriculum=need)
        if not held:
            yield need


def _holds(site: Site, person: str, *, curriculum: str) -> bool:
    """Tell whether a person holds a qualification by a curriculum now."""
    mine = (cast("_Training", one) for one in site.marked("training", of_person(person)))
    last = [one.held[-1] for one in mine if one.curriculum == curriculum and one.held and one.state == "qualified"]
    return any(not one.revoked and one.until >= site.now for one in last)


def unfit(site: Site, said: Charged, *, until: Instant) -> Iterator[str]:
    """Give why a registered shipper does not keep cold until a moment, one sentence each."""
    asset = cast("_Asset", site.find("asset", said.shipper))
    if asset.state == "absent":
        return  # a shipper of the carrier, by its papers
    if asset.asset_class != SHIPPER:
        yield f"asset {said.shipper} is a {asset.asset_class}, no {SHIPPER}"
        return
    if asset.state != "qualified" or asset.qualification_due is None or asset.qualification_due < until:
        yield f"shipper {said.shipper} is {asset.state}; it has to be qualified until it arrives"
    if min(said.dry_g, said.charged_g, said.full_g, said.full_holds_d) <= 0.0:
        yield f"shipper {said.shipper} has to be weighed: dry, charged, and what its qualification says of a full one"
        return
    taken_up = charge(charged=Grams(said.charged_g), dry=Grams(said.dry_g))
    worked = holding_time(taken_up, full=Grams(said.full_g), holds=said.full_holds_d * DAY)
    if said.holds_d * DAY > worked:
        days = float(worked) / float(DAY)
        yield f"shipper {said.shipper} took up {taken_up:g} g, which keeps cold {days:.1f} d, not {said.holds_d:g} d"
