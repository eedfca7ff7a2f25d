"""Cleanroom grades and what may be found in them: microorganisms and particles.

Units:  CFU per plate, per m3 or per glove; settle plates per 4 h; particles per m3.
Source: EU GMP Annex 1 (2022), 4.14 (pressure), 9.15 and table 5 (particles), 9.30 and table 6 (microorganisms): of
        grade A any growth is investigated.
"""

from enum import StrEnum


class Grade(StrEnum):
    """How clean a room or zone is; NONE is no classified room."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    NONE = "unclassified"


class Method(StrEnum):
    """How a sample is taken."""

    SETTLE = "settle plate"  # 90 mm, CFU per 4 h
    CONTACT = "contact plate"  # 55 mm, CFU per plate
    AIR = "active air"  # CFU per m3
    GLOVE = "glove print"  # five fingers, CFU per glove
    PARTICLES_05 = "particles 0.5 um"  # per m3
    PARTICLES_5 = "particles 5 um"  # per m3


class Use(StrEnum):
    """Whether people worked in the room while it was sampled."""

    AT_REST = "at rest"
    IN_OPERATION = "in operation"


UNITS = {
    Method.SETTLE: "CFU/4 h",
    Method.CONTACT: "CFU/plate",
    Method.AIR: "CFU/m3",
    Method.GLOVE: "CFU/glove",
    Method.PARTICLES_05: "1/m3",
    Method.PARTICLES_5: "1/m3",
}
VIABLE = frozenset({Method.SETTLE, Method.CONTACT, Method.AIR, Method.GLOVE})
_GROWTH: dict[Grade, dict[Method, int]] = {  # the highest count that is still allowed
    Grade.A: {Method.AIR: 0, Method.SETTLE: 0, Method.CONTACT: 0, Method.GLOVE: 0},
    Grade.B: {Method.AIR: 10, Method.SETTLE: 5, Method.CONTACT: 5, Method.GLOVE: 5},
    Grade.C: {Method.AIR: 100, Method.SETTLE: 50, Method.CONTACT: 25},
    Grade.D: {Method.AIR: 200, Method.SETTLE: 100, Method.CONTACT: 50},
}
_PARTICLES: dict[Use, dict[Grade, tuple[int, int]]] = {  # per m3, >= 0.5 um and >= 5 um
    Use.AT_REST: {
        Grade.A: (3_520, 29),
        Grade.B: (3_520, 29),
        Grade.C: (352_000, 2_930),
        Grade.D: (3_520_000, 29_300),
    },
    Use.IN_OPERATION: {Grade.A: (3_520, 29), Grade.B: (352_000, 2_930), Grade.C: (3_520_000, 29_300)},
}


def highest(grade: Grade, method: Method, use: Use) -> int | None:
    """Give the highest result that needs no action; None where the annex leaves it to the site."""
    if method in VIABLE:
        return _GROWTH.get(grade, {}).get(method)
    small, large = _PARTICLES[use].get(grade, (None, None))
    return small if method is Method.PARTICLES_05 else large
