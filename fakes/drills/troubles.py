"""The troubles of a drill, as data: what happens to which fake in which state, how it is put right, what is good to do.

Hands and settings are those that the fakes offer; what goes wrong on a wire is a kind of the fault plan.
Units: s of simulated time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fakes.faults import FaultKind

NEWEST = "$newest"  # stands for the newest file in a counter's folder


@dataclass(frozen=True, slots=True)
class Hand:
    """What a hand does at a device, ``after`` s."""

    action: str
    details: Mapping[str, object] = field(default_factory=dict)
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a trouble bites: a state of the operation, and which fakes it befalls (none: people)."""

    state: str
    fakes: tuple[str, ...] = ()
    after: float = 30.0  # s after the state was entered
    at_act: bool = False  # in the next act on that device instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One trouble; a wire fault, hands at a device, or something that people do."""

    name: str
    what: str
    during: Mapping[str, tuple[Spot, ...]]  # operation to places, the first that the site has
    good: str
    wire: FaultKind | None = None
    frames: int = 1
    hands: tuple[Hand, ...] = ()
    mends: tuple[Hand, ...] = ()
    people: str = ""  # away, wrong label


_FREEZERS = ("eurotherm_freezer", "eurotherm_bisynch", "observed_freezer")
_HANDLERS = ("hamilton_star", "own_handler")
_BALANCE, _PRINTER, _WASHER, _LOGGER = ("mt_sics",), ("zpl_printer",), ("rotea",), ("keysight_34970a",)
_COUNTER, _INCUBATOR = ("vicell_blu_file",), ("memmert_atmoweb",)

_WIRES = {
    "count": (Spot("drawn", _COUNTER, 420.0),),
    "wash": (Spot("ready", _WASHER, at_act=True), Spot("prepared", _BALANCE)),
    "formulate": (Spot("washed", _BALANCE),),
    "fill": (Spot("filled by weight", _HANDLERS, at_act=True),),
    "freeze": (Spot("loaded", ("eurotherm_freezer", "eurotherm_bisynch"), at_act=True), Spot("freezing", _LOGGER)),
}
_FREEZING = {"freeze": (Spot("freezing", _FREEZERS, 1800.0),)}
_WASHING = {"wash": (Spot("washing", _WASHER, 120.0),)}
_PIPETTING = {"fill": (Spot("filled by weight", _HANDLERS, at_act=True),)}
_PRINTING = {"fill": (Spot("set out", _PRINTER, 20.0),)}
_WEIGHING = {
    "wash": (Spot("prepared", _BALANCE, 5.0),),
    "formulate": (Spot("planned", _BALANCE, 5.0),),
    "fill": (Spot("labelled", _BALANCE, 5.0),),
}
_CULTURE = {
    "incubate": (Spot("inside", _INCUBATOR, 3600.0),),
    "expand": (Spot("growing", _INCUBATOR, 3600.0),),
}
_SCANNING = {
    "receive": (Spot("arrived", after=0.0),),
    "wash": (Spot("prepared", after=0.0),),
    "fill": (Spot("filled by weight", after=0.0),),
    "freeze": (Spot("ready for product", after=0.0),),
    "store": (Spot("cold", after=0.0),),
}
_ANYWHERE = {
    "receive": (Spot("identified", after=0.0),),
    "count": (Spot("drawn", after=0.0),),
    "wash": (Spot("prepared", after=0.0),),
    "formulate": (Spot("in contact", after=0.0),),
    "fill": (Spot("pipetted", after=0.0),),
    "freeze": (Spot("ready for product", after=0.0),),
    "store": (Spot("cold", after=60.0),),
}
_ON, _OFF = {"on": True}, {"on": False}
_DOUBT = (
    "Look at the device, not at the screen: resolve with what it shows, then restart. Never repeat the act blindly."
)
_READ_FIRST = "Read device and product first; the record says what was going on. Nothing starts again by itself."

_OF_WIRES = (
    (FaultKind.LOSE_COMMAND, "lost-command", "a command never reaches the device"),
    (FaultKind.LOSE_REPLY, "lost-reply", "the device acts and its answer is lost"),
    (FaultKind.GARBLE_REPLY, "garbled-bytes", "one byte of an answer is changed"),
    (FaultKind.CUT_REPLY, "cut-reply", "the second half of an answer is lost"),
    (FaultKind.DELAY_REPLY, "late-reply", "an answer comes some seconds late"),
    (FaultKind.NOISE, "noise", "bytes that nobody sent, and the command is lost"),
    (FaultKind.LOSE_LINK, "lost-link", "the cable is pulled after the device acted"),
)


def _off(name: str, *, what: str, spots: Mapping[str, tuple[Spot, ...]], lasts: float, good: str) -> Trouble:
    """Give a power loss that ends by itself after ``lasts`` s."""
    return Trouble(
        name=name, what=what, during=spots, hands=(Hand("power", _OFF), Hand("power", _ON, lasts)), good=good
    )


TROUBLES: tuple[Trouble, ...] = (
    *(Trouble(name=name, what=what, during=_WIRES, wire=kind, good=_DOUBT) for kind, name, what in _OF_WIRES),
    Trouble(
        name="dead-link",
        what="a device answers nothing for its next 40 frames",
        during=_WIRES,
        wire=FaultKind.LOSE_COMMAND,
        frames=40,
        good=f"{_DOUBT} While it is silent the product comes first: the alarm names what to do with it.",
    ),
    _off(
        "freezer-power-loss",
        what="the freezer has no power for 10 min in its program",
        spots=_FREEZING,
        lasts=600.0,
        good=f"{_READ_FIRST} Choose by what the sample feels: above -3 degC it is rewarmed, half frozen it is lost.",
    ),
    Trouble(
        name="lid-open",
        what="somebody leaves the freezer's lid open",
        during=_FREEZING,
        hands=(Hand("lid", {"open": True}),),
        mends=(Hand("lid", {"open": False}),),
        good="Close the lid at once and let the program go on; the sample's own curve decides about the product.",
    ),
    Trouble(
        name="ln2-empty",
        what="the freezer's nitrogen is used up",
        during=_FREEZING,
        hands=(Hand("ln2", {"level": 0.0, "supply": False}),),
        mends=(Hand("ln2", {"level": 50.0, "supply": True}),),
        good="Connect nitrogen within minutes; if the sample warms, interrupt and choose from the salvage table.",
    ),
    Trouble(
        name="sensor-broken",
        what="the freezer's own sensor breaks",
        during=_FREEZING,
        hands=(Hand("sensor", {"broken": True}),),
        mends=(Hand("sensor", {"broken": False}),),
        good="Trust the independent sample probe; the run is judged by it, and the freezer goes to maintenance.",
    ),
    Trouble(
        name="probe-out",
        what="the sample probe is pulled off the logger",
        during={"freeze": (Spot("freezing", _LOGGER, 900.0),)},
        hands=(Hand("pull", {"probe": "sample"}),),
        mends=(Hand("plug", {"probe": "sample"}),),
        good="Plug it in again; the gap is marked in the curve, and QA judges whether acceptance can still be shown.",
    ),
    _off(
        "washer-power-loss",
        what="the washer has no power for 5 min in its run",
        spots=_WASHING,
        lasts=300.0,
        good=f"{_READ_FIRST} Where the cells are decides: in the chamber they wait five minutes, not an hour.",
    ),
    Trouble(
        name="door-open",
        what="the washer's door is forced open in its run",
        during=_WASHING,
        hands=(Hand("door", {"open": True, "forced": True}),),
        mends=(Hand("door", {"open": False}),),
        good="Look at the lines, close the door, then answer the washer once: continue.",
    ),
    Trouble(
        name="bubble",
        what="the washer finds a bubble and waits",
        during=_WASHING,
        hands=(Hand("bubble"),),
        good="Look at bags and lines, tap the bubble out, answer continue; when it comes again, skip the step.",
    ),
    Trouble(
        name="paused-at-panel",
        what="somebody presses pause at the washer",
        during=_WASHING,
        hands=(Hand("pause"),),
        good="Ask who paused it and why before it goes on; cells in the chamber wait five minutes.",
    ),
    Trouble(
        name="history-lost",
        what="the washer loses its run report",
        during={"wash": (Spot("washing", _WASHER, 400.0),)},
        hands=(Hand("lose histories", after=400.0),),
        good="The missing report is a deviation: two people decide whether what was watched is enough.",
    ),
    Trouble(
        name="clot",
        what="a tip of the liquid handler meets a clot",
        during=_PIPETTING,
        hands=(Hand("clot", {"channel": 1}),),
        good="Look at the tube: what was given is not known, so the tube is rejected or done again with a new tip.",
    ),
    Trouble(
        name="blocked-tip",
        what="a tip of the liquid handler is blocked",
        during=_PIPETTING,
        hands=(Hand("block", {"channel": 1}),),
        good="As with a clot: a tube of which nobody knows the volume never goes to a patient.",
    ),
    Trouble(
        name="lost-tip",
        what="a tip falls off the liquid handler",
        during={"fill": (Spot("filled by weight", _HANDLERS, 300.0),)},
        hands=(Hand("lose tip", {"channel": 1}),),
        good="Find the tip before anything moves; where it fell decides which tubes are rejected.",
    ),
    Trouble(
        name="no-tips",
        what="the tip racks of the liquid handler are empty",
        during=_PIPETTING,
        hands=(Hand("no tips"),),
        mends=(Hand("tips"),),
        good="Put a full rack on the deck and let the channels be done again: nothing was drawn.",
    ),
    _off(
        "handler-power-loss",
        what="the liquid handler has no power for 2 min",
        spots={"fill": (Spot("filled by weight", _HANDLERS, 300.0),)},
        lasts=120.0,
        good=f"{_READ_FIRST} Look at the tips: liquid in them belongs to no tube any more.",
    ),
    _off(
        "incubator-power-loss",
        what="the incubator has no power for 3 h",
        spots=_CULTURE,
        lasts=10_800.0,
        good="Move the culture to another incubator that is ready; how long it was cold decides what QA looks at.",
    ),
    Trouble(
        name="incubator-door-open",
        what="somebody leaves the incubator's door open",
        during=_CULTURE,
        hands=(Hand("door", {"open": True}),),
        mends=(Hand("door", {"open": False}),),
        good="Close the door; CO2 comes back within minutes, warmth within an hour. The excursion stays on the record.",
    ),
    Trouble(
        name="no-gas",
        what="the incubator's CO2 bottle is empty",
        during=_CULTURE,
        hands=(Hand("gas", _OFF),),
        mends=(Hand("gas", _ON),),
        good="Change the bottle, and look at the pH of the medium before the culture is judged by its count alone.",
    ),
    *(
        Trouble(
            name=name,
            what=what,
            during=_PRINTING,
            hands=(hand,),
            mends=(mend,),
            good="Put the printer right, count what came out, and never stick a label that nobody has looked at.",
        )
        for name, what, hand, mend in (
            ("printer-jam", "a label jams in the printer", Hand("jam"), Hand("clear")),
            ("no-paper", "the printer has no labels left", Hand("paper", {"left": 0}), Hand("paper", {"left": 100})),
            ("no-ribbon", "the printer has no ribbon left", Hand("ribbon", {"left": 0}), Hand("ribbon", {"left": 100})),
            ("head-open", "the printer's head is open", Hand("head", {"open": True}), Hand("head", {"open": False})),
            ("printer-paused", "somebody pauses the printer", Hand("pause", _ON), Hand("pause", _OFF)),
            ("printer-off", "the printer is switched off", Hand("power", _OFF), Hand("power", _ON)),
        )
    ),
    Trouble(
        name="balance-error",
        what="the balance shows a fault of its own",
        during=_WEIGHING,
        hands=(Hand("fault", {"code": "10b"}),),
        mends=(Hand("fault", {"code": ""}),),
        good="No mass is entered from a balance in fault: put it right, or weigh on another balance with two people.",
    ),
    Trouble(
        name="draught",
        what="a draught keeps the balance from settling",
        during=_WEIGHING,
        hands=(Hand("draught", _ON),),
        mends=(Hand("draught", _OFF),),
        good="Close the shield and wait; a reading that was not stable is no mass.",
    ),
    _off(
        "balance-off",
        what="the balance has no power for 1 min",
        spots=_WEIGHING,
        lasts=60.0,
        good="It comes back with a tare of its own: tare and weigh again, never add by hand what it showed before.",
    ),
    Trouble(
        name="damaged-result",
        what="a result file of the cell counter is cut off",
        during={"count": (Spot("drawn", _COUNTER, 0.0),)},
        hands=(Hand("cut", {"name": NEWEST, "keep": 60}),),
        good="Look once more; a file that stays damaged is never repaired: count by hand, verified by a second person.",
    ),
    Trouble(
        name="missing-result",
        what="a result file of the cell counter is removed",
        during={"count": (Spot("drawn", _COUNTER, 0.0),)},
        hands=(Hand("remove", {"name": NEWEST}),),
        good="Ask where the file went before counting anew; both counts would stay on the record.",
    ),
    Trouble(
        name="wrong-label",
        what="another patient's label is scanned",
        during=_SCANNING,
        people="wrong label",
        good="Stop. Two people look at everything on the bench, take what is not of this batch away, and sign for it.",
    ),
    Trouble(
        name="nobody-comes",
        what="the people at the bench are called away for 45 min",
        during=_ANYWHERE,
        people="away",
        good="Somebody else takes over: the clocks of the product run on, whoever is away.",
    ),
)
