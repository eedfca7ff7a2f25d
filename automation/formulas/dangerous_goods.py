"""Dangerous goods of a shipment of cells or samples: UN numbers, packing instructions, marks, papers and training.

A rule table by content, coolant and mode, with the limits of a package. The version stands with every classification;
whoever ships checks it against the regulation in force.
Units:  mL, kg.
Source: 49 CFR 173.199 (UN3373), 173.217 (dry ice), 173.320 (cryogenic liquids), 173.196 (UN2814); IATA DGR packing
        instructions 650, 954, 959, 620, 202 and special provision A152; trained every 24 months (IATA) or 3 years (49
        CFR 172.704).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

VERSION = "dangerous-goods@1"

_PRIMARY_ML, _OUTER_ML = 1000.0, 4000.0  # UN3373 liquids on passenger aircraft, coolant not counted
_DRY_ICE_KG = 200.0
_CATEGORY_A_ML = 50.0


class Content(StrEnum):
    """What is inside."""

    NOT_REGULATED = "not regulated"  # no pathogen is likely: product of a tested donor, exempt human specimen
    CATEGORY_B = "category b"  # biological substance
    CATEGORY_A = "category a"  # infectious substance affecting humans
    GMO = "gmo"  # genetically modified micro-organisms or organisms without an approval
    APPROVED_GMO = "approved gmo"  # its use is authorised by the authorities of origin, transit and destination


class Coolant(StrEnum):
    """What keeps it cold."""

    NONE = "none"
    GEL_PACKS = "gel packs"
    DRY_ICE = "dry ice"
    DRY_SHIPPER = "dry shipper"  # nitrogen fully absorbed; no free liquid in any orientation
    LIQUID_NITROGEN = "liquid nitrogen"  # free liquid


class Mode(StrEnum):
    """How it goes."""

    PASSENGER_AIRCRAFT = "passenger aircraft"
    CARGO_AIRCRAFT = "cargo aircraft"
    ROAD = "road"


@dataclass(frozen=True, slots=True)
class Package:
    """One package: content, coolant, mode, amounts."""

    content: Content
    coolant: Coolant
    mode: Mode
    largest_ml: float = 0.0  # the largest primary receptacle
    total_ml: float = 0.0
    ice_kg: float = 0.0


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of a classification."""

    entry: str  # UN number with proper shipping name, or that it is not restricted
    instruction: str
    marks: tuple[str, ...]
    papers: tuple[str, ...]
    training: str  # id of the training that whoever packs it needs; empty when none
    clause: str


_CONTENTS = {
    Content.CATEGORY_B: Duty(
        "UN3373 Biological substance, Category B",
        "P650 / PI 650: triple packaging, leakproof, absorbent, 95 kPa",
        (
            "UN3373 diamond, sides of 50 mm at least",
            "BIOLOGICAL SUBSTANCE, CATEGORY B",
            "responsible person, telephone",
        ),
        ("itemised list of contents", "air waybill: UN3373 Biological substance, Category B"),
        "UN3373",
        "49 CFR 173.199",
    ),
    Content.CATEGORY_A: Duty(
        "UN2814 Infectious substance, affecting humans",
        "P620 / PI 620: UN-specified packaging",
        ("UN2814 and proper shipping name", "class 6.2 label", "responsible person, telephone"),
        ("shipper's declaration for dangerous goods", "itemised list of contents"),
        "UN2814",
        "49 CFR 173.196",
    ),
    Content.GMO: Duty(
        "UN3245 Genetically modified micro-organisms or organisms",
        "P904 / PI 959: leakproof packaging, no limit of quantity",
        ("UN3245 diamond", "class 9 label on aircraft"),
        ("air waybill: UN3245",),
        "UN3245",
        "IATA DGR PI 959",
    ),
}
_COOLANTS = {
    Coolant.DRY_ICE: Duty(
        "UN1845 Carbon dioxide, solid (dry ice)",
        "P954 / PI 954: lets gas out, ice outside the secondary packaging",
        ("UN1845 Carbon dioxide, solid or Dry ice", "net mass of dry ice in kg", "class 9 label"),
        ("air waybill: UN1845, number of packages, net mass of dry ice",),
        "UN1845",
        "49 CFR 173.217",
    ),
    Coolant.DRY_SHIPPER: Duty(
        "Nitrogen dry shipper, not restricted, special provision A152",
        "no free liquid in any orientation: poured off and weighed",
        ("KEEP UPRIGHT", "DO NOT DROP", "not restricted, special provision A152"),
        ("air waybill: Not restricted, special provision A152",),
        "",
        "IATA DGR special provision A152",
    ),
    Coolant.LIQUID_NITROGEN: Duty(
        "UN1977 Nitrogen, refrigerated liquid",
        "P203 / PI 202: open cryogenic receptacle, vented",
        ("UN1977 and proper shipping name", "class 2.2 label", "cryogenic liquid", "KEEP UPRIGHT"),
        ("shipper's declaration for dangerous goods",),
        "UN1977",
        "49 CFR 173.320",
    ),
}


def classify(package: Package) -> tuple[Duty, ...]:
    """Give every duty of a package; empty when nothing about it is regulated."""
    found = (_CONTENTS.get(package.content), _COOLANTS.get(package.coolant))
    return tuple(one for one in found if one is not None)


def beyond(package: Package) -> Iterator[str]:
    """Give the limits that a package is beyond, one sentence each."""
    by_passenger = package.mode is Mode.PASSENGER_AIRCRAFT
    by_air = package.mode is not Mode.ROAD
    if package.content is Content.CATEGORY_B and by_air and package.largest_ml > _PRIMARY_ML:
        yield f"a primary receptacle holds {package.largest_ml:g} mL; PI 650 allows {_PRIMARY_ML:g} mL"
    if package.content is Content.CATEGORY_B and by_air and package.total_ml > _OUTER_ML:
        yield f"the package holds {package.total_ml:g} mL; PI 650 allows {_OUTER_ML:g} mL"
    if package.content is Content.CATEGORY_A and by_passenger and package.total_ml > _CATEGORY_A_ML:
        yield f"the package holds {package.total_ml:g} mL; PI 620 allows {_CATEGORY_A_ML:g} mL on passenger aircraft"
    if package.coolant is Coolant.DRY_ICE and by_air and package.ice_kg > _DRY_ICE_KG:
        yield f"{package.ice_kg:g} kg of dry ice; PI 954 allows {_DRY_ICE_KG:g} kg"
    if package.coolant is Coolant.DRY_ICE and package.ice_kg <= 0.0:
        yield "the net mass of dry ice is not stated; it has to stand on the package"
    if package.coolant is Coolant.LIQUID_NITROGEN and by_passenger and package.content is not Content.NOT_REGULATED:
        yield "free liquid nitrogen with regulated content does not go on passenger aircraft; charge a dry shipper"
