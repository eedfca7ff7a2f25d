"""What is stated of a media fill: what it imitates, who filled what, how it was incubated, what was read.

Units:  degC; d.
Source: EU GMP Annex 1 (2022), 9.32 to 9.49 (aseptic process simulation); FDA, sterile drug products produced by aseptic
        processing (2004), IX.A (at least 14 d; of two temperatures the lower first, at least 7 d each).
"""

from enum import StrEnum

from automation.gmp.codes import Moment
from automation.gmp.words import Body, field


class Purpose(StrEnum):
    """Why it is done."""

    INITIAL = "initial"  # one of three in a row that qualify a process, a room or a person
    PERIODIC = "periodic"
    REPEAT = "repeat"  # after one that failed, or after a change


class Simulation(Body):
    """What is imitated, where, and what has to happen in it."""

    process: str = field(label="Process", help="Whose open steps it imitates", length=3)
    purpose: Purpose = field(label="Purpose", help="initial, periodic or repeat")
    room: str = field(label="Room", length=1)
    batch: str = field(label="Batch", help="In which it is filled, where a recipe leads it", default="")
    curriculum: str = field(label="Skill", help="The curriculum for which it counts", length=1)
    units: int = field(label="Units", help="At least as many as of a batch", low=1)
    interventions: tuple[str, ...] = field(label="Interventions", help="Usual and corrective, each done", length=1)
    worst_case: str = field(label="Worst case", help="Longest time, most people, shift: and why", length=3)
    again_days: float = field(
        label="Repeated within", help="By the same people", unit="d", low=1, high=366, default=182.0
    )


class Filled(Body):
    """What was filled by whom, and how it is incubated first."""

    people: tuple[str, ...] = field(label="People", help="Everybody who took part", length=1)
    medium: str = field(label="Lot of the medium", length=1)
    filled: int = field(label="Units filled", low=1)
    rejected: int = field(label="Units not incubated", low=0, default=0)
    why_rejected: str = field(label="Why not", help="As in a batch: defects that its procedure rejects", default="")
    interventions: tuple[str, ...] = field(label="Interventions done", length=1)
    since: Moment = field(label="Incubated from")
    asset: str = field(label="Incubator", length=1)
    low_c: float = field(label="Temperature from", unit="degC", low=15, high=40)
    high_c: float = field(label="To", unit="degC", low=15, high=40)


class Turn(Body):
    """How it is incubated from now on."""

    since: Moment = field(label="From")
    asset: str = field(label="Incubator", length=1)
    low_c: float = field(label="Temperature from", unit="degC", low=15, high=40)
    high_c: float = field(label="To", unit="degC", low=15, high=40)


class Look(Body):
    """What was seen before its time."""

    grown: int = field(label="Units with growth", low=0)
    seen: str = field(label="What was seen", default="")


class Growth(Body):
    """What was read."""

    units: int = field(label="Units read", low=1)
    grown: int = field(label="Units with growth", low=0)
    promotes: bool = field(label="The medium still grew what it was given", help="After the incubation")
    seen: str = field(label="What was seen", default="")


class Renewal(Body):
    """Which later media fill of the process passed, and who took part."""

    fill: str = field(label="Media fill", length=1)
    people: tuple[str, ...] = field(label="People", length=1)


class Excusal(Body):
    """Who does not take part again, and why."""

    person: str = field(label="Person", length=1)
    reason: str = field(label="Reason", help="Has left, works elsewhere", length=3)


class Conclusion(Body):
    """What it comes to."""

    conclusion: str = field(label="Conclusion", length=3)
