"""What the doubt matrix needs of controlled-rate freezers. Units: degC, s of simulated time."""

from collections.abc import Mapping
from dataclasses import replace

from automation.engine.handles import Container
from automation.kernel.quantity import Celsius
from fakes.faults import FaultKind
from instruments.drivers.eurotherm.wire import registers as r
from instruments.drivers.stored_programs import program_digest
from instruments.drivers.watlow_f4t import wire as w
from tests.support.doubt_scene import LOOK, Do, Else, Hand, Rig, Scene
from tests.support.freezers import KEPT as FOUND
from tests.support.freezers import SHORT

BAG = {"containers": (Container("bag"),)}
LOADED = (Do("load", {"program": SHORT}),)
RUNS = (*LOADED, Do("start", BAG), Do(wait=90.0))
HELD = (*RUNS, Do("hold"))
ANOTHER_RUNS = Else(
    (("panel", {"register": r.PROGRAM, "value": 2.0}), ("key", {"key": "start"})), FaultKind.LOSE_COMMAND, acts=1
)
FREEZER: Mapping[str, Scene] = {
    "identify": LOOK,
    "power_fail": LOOK,
    "load": Scene(arguments={"program": SHORT}, other=Else((("key", {"key": "start"}),))),
    "loaded": Scene(LOADED, {"program": SHORT}),
    "start": Scene(LOADED, BAG, other=ANOTHER_RUNS),
    "run": LOOK,
    "chamber": LOOK,
    "hold": Scene(RUNS, other=Else((("key", {"key": "reset"}),))),
    "go_on": Scene(HELD, other=Else((("key", {"key": "reset"}),))),
    "reset": Scene(RUNS, other=Else((("key", {"key": "hold"}),), FaultKind.LOSE_COMMAND)),
    "stand_by": Scene(arguments={"target": Celsius(4.0)}),
    "report": LOOK,
}
LADS_FREEZER = {
    **FREEZER,
    "start": Scene(LOADED, BAG, other=Else((("key", {"key": "start"}),), FaultKind.LOSE_COMMAND, acts=1)),
}
OPEN_LID = Else((("lid", {"open": True}),))


def entered(number: int) -> tuple[Hand, ...]:
    """Let a person enter a short program at the panel: hold at 4 degC, ramp to -6 degC, end."""
    rows = ((4, 4.0, 0.0), (3, 0.0, 60.0), (1, -6.0, 10.0), (4, -8.5, 0.0), (0, 0.0, 0.0))
    return tuple(
        ("panel", {"register": r.block(number, segment) + offset, "value": float(value)})
        for segment, row in enumerate(rows, 1)
        for offset, value in enumerate(row)
    )


def _eurotherm(power_fail: str) -> Rig:
    given = {"power_fail": power_fail}
    more = f"power fail: {power_fail}"
    return Rig("eurotherm_modbus", "eurotherm_freezer", FREEZER, OPEN_LID, given, more, furnish=entered(2))


STORED = {"power_fail": "continue", "stored": SHORT.name, "stored_digest": program_digest(SHORT)}

ANOTHER_PROFILE = Else((("panel", {"register": w.START, "value": 2.0}), ("key", {"key": "start"})), acts=1)
SECOND = tuple(
    ("panel", {"register": register, "value": float(value)})
    for register, value in (
        (w.SELECT, 2),
        (w.EDIT, w.ADDS),
        (w.STEPS, w.Kind.RAMP_TIME),
        (w.STEPS + w.HOURS, 1),
        (w.SELECT, 1),
    )
)
"""A second profile: an hour to 0 degC."""
WATLOW: Mapping[str, Scene] = {
    **FREEZER,
    "load": Scene(arguments={"program": SHORT}, other=ANOTHER_PROFILE),
    "start": Scene(LOADED, BAG, other=replace(ANOTHER_PROFILE, lost=FaultKind.LOSE_COMMAND)),
}

FREEZER_RIGS = (
    Rig("watlow_f4t", "watlow_f4t", WATLOW, OPEN_LID, {"power_fail": "continue", "rate_per": "min"}, furnish=SECOND),
    _eurotherm("continue"),
    _eurotherm("reset"),
    Rig("eurotherm_bisynch", "eurotherm_bisynch", FREEZER, OPEN_LID, STORED, furnish=(*entered(1), *entered(2))),
    Rig("lads_freezer", "lads_freezer", LADS_FREEZER, OPEN_LID, {"power_fail": "continue"} | FOUND),
)
