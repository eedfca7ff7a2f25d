"""What is stated of a room: what it is for, that its line is clear, how it was cleaned, what its pressure is.

Units:  Pa against the neighbour that is named; hours (h).
Source: EU GMP Annex 1 (2022), 4.14 (10 Pa between grades), 4.33 to 4.36 (disinfection); 21 CFR 211.42(c)(10), 211.130.
"""

from automation.formulas.cleanrooms import Grade
from automation.gmp.words import Body, field


class Layout(Body):
    """What the room is, and what people and product need in it."""

    name: str = field(label="Name", default="")
    grade: Grade = field(label="Grade", help="A, B, C, D or unclassified")
    lowest_pa: float = field(label="Lowest differential pressure", unit="Pa", help="None when 0", low=0, default=0.0)
    neighbour: str = field(label="Against", help="The room of lower grade", default="")
    gowning: str = field(label="Gowning", help="The curriculum that opens it; none when empty", default="")
    containment: int = field(label="Containment level", help="Biosafety level, 1 to 4", low=1, high=4, default=1)
    oxygen_monitor: str = field(label="Oxygen monitor", help="Its asset", default="")
    clean_every_h: float = field(label="Cleaned every", unit="h", help="No limit when 0", low=0, default=0.0)
    agents: tuple[str, ...] = field(label="Disinfectants", help="That are validated here; any when empty", default=())
    in_a_row: int = field(label="Same agent in a row", help="At most; no limit when 0", low=0, default=0)


class Clearance(Body):
    """For which batch the line is clear, and what was looked at."""

    batch: str = field(label="Batch", length=1)
    checked: tuple[str, ...] = field(
        label="Checked", help="Benches, bins, labels, equipment: nothing of another product", length=1
    )


class Occupation(Body):
    """Whose product is open."""

    batch: str = field(label="Batch", length=1)


class Disinfection(Body):
    """How the room is cleaned."""

    agent: str = field(label="Agent", length=1)
    lot: str = field(label="Lot of the agent", default="")
    procedure: str = field(label="Procedure", length=1)


class Pressure(Body):
    """What the differential pressure is."""

    pascal: float = field(label="Differential pressure", unit="Pa", low=-500, high=500)


class Entry(Body):
    """How somebody goes in."""

    gown: str = field(label="Gown", help="Its set or lot", length=1)
    worn: tuple[str, ...] = field(label="Protective equipment", help="Worn over or with the gown", default=())
    exposed: str = field(label="Findings", help="What is wrong with the gown; empty for nothing", default="")
