"""Words of the wash: what a recipe approves for each kind of washer, what a wash gives, and what can be saved.

Units:  mL, g, %, s; densities in g/mL.
Source: salvage by where the cells are: they settle in a chamber without field and flow (counterflow centrifugation).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from automation.formulas.reconciliation import Line
from automation.kernel.quantity import Grams, GramsPerMillilitre, Instant, Millilitres, Percent, Seconds
from instruments.interfaces.cell_washer import ProcessValues, WasherState, WasherStatus, WashProgram


class State(StrEnum):
    """Where a wash stands; WASHED, OUT_OF_LIMIT, SALVAGED and REFUSED are final."""

    EMPTY = "empty"
    PREPARED = "prepared"
    READY = "ready"
    WASHING = "washing"
    INTERRUPTED = "interrupted"
    COLLECTED = "collected"
    WASHED = "washed"
    OUT_OF_LIMIT = "out of limit"
    SALVAGED = "salvaged"
    REFUSED = "refused"


class Washout(StrEnum):
    """How a washer exchanges the old medium."""

    CONTINUOUS = "continuous"  # buffer runs through a chamber that keeps the cells
    BATCH = "batch"  # dilute, spin down, take off, again


class Where(StrEnum):
    """Where the cells are."""

    SOURCE = "in the source bag"
    CHAMBER = "in the washer's chamber"
    PRODUCT = "in the product bag"
    UNKNOWN = "nobody knows from here where"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What is approved for one model of washer."""

    model: str = field(metadata={"label": "Model, as the washer or the site states it"})
    program: WashProgram = field(metadata={"label": "Program, checksum and parameters"})
    washout: Washout = field(metadata={"label": "Way of the exchange"})
    chamber: Millilitres = field(
        metadata={"range": (0.1, 1000.0), "label": "Volume that is exchanged, or stays with the pellet"}
    )
    cycles: int = field(metadata={"range": (1, 20), "label": "Cycles; 1 when continuous"})
    hold_up: Millilitres = field(metadata={"range": (0.0, 200.0), "label": "Volume that stays in the kit"})
    hold_up_uncertainty: Millilitres = field(metadata={"range": (0.0, 50.0), "label": "Its standard uncertainty"})
    recovery_step: int = field(metadata={"range": (0, 100), "label": "Step that brings the cells out; 0: it has none"})
    other_buffer: Millilitres = field(
        metadata={"range": (0.0, 500.0), "label": "Buffer that primes and recovers, and washes nothing"}
    )
    writes_history: bool = field(metadata={"label": "It writes a run history"})
    pause_in: tuple[int, ...] = field(metadata={"label": "Steps in which a pause keeps the cells"})
    longest: Seconds = field(metadata={"range": (60.0, 28800.0), "label": "Longest run"})
    every: Seconds = field(metadata={"range": (1.0, 60.0), "label": "Between readings"})
    silent_at_most: Seconds = field(metadata={"range": (30.0, 7200.0), "label": "It may be silent, at most"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    programs: tuple[Approved, ...] = field(metadata={"label": "Approved programs, one for each model of washer"})
    product_bag: str = field(metadata={"label": "Kind of the bag for the washed cells"})
    product_suffix: str = field(metadata={"label": "What its name ends with: the batch, a hyphen, this"})
    source_empty: Grams = field(metadata={"range": (0.0, 500.0), "label": "Mass of the empty source bag"})
    source_empty_uncertainty: Grams = field(metadata={"range": (0.0, 50.0), "label": "Its standard uncertainty"})
    source_differs_at_most: Percent = field(
        metadata={"range": (0.1, 50.0), "label": "Volume by weight against the record, at most"}
    )
    source_left_at_most: Millilitres = field(
        metadata={"range": (0.0, 100.0), "label": "Volume left in the source bag, at most, to call it empty"}
    )
    source_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the source"})
    product_density: GramsPerMillilitre = field(
        metadata={"range": (0.9, 1.2), "label": "Density of the washed product"}
    )
    density_uncertainty: Percent = field(metadata={"range": (0.0, 5.0), "label": "Uncertainty of the densities"})
    balance_uncertainty: Grams = field(metadata={"range": (0.001, 10.0), "label": "Uncertainty of one weighing"})
    flow_uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of the washer's volumes"})
    residual_at_most: Percent = field(metadata={"range": (0.0, 100.0), "label": "Old medium left, at most"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; uncertainties are standard uncertainties."""

    model: str = ""  # of the washer
    kit: str = ""
    lot: str = ""  # of the kit
    source: str = ""  # the containers
    product: str = ""
    expected: Millilitres | None = None  # volume of the source as the record had it
    recorded: Millilitres | None = None  # volume of the source by weight, before
    mass_source: Grams | None = None  # bag and contents, before
    mass_bag: Grams | None = None  # the product bag alone
    started_at: Instant | None = None
    acknowledgements: tuple[str, ...] = ()
    interruptions: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()  # what keeps the wash from being accepted
    step: int = 0  # of the washer's program, the last that was seen before an interruption
    why: str = ""  # the run was interrupted by
    decision: str = ""
    rinsed: Millilitres | None = None  # buffer with which people brought the cells out
    history_sha256: str = ""
    volume_in: Millilitres | None = None  # that left the source bag
    volume_in_uncertainty: Millilitres | None = None
    wash_volume: Millilitres | None = None
    volume_out: Millilitres | None = None
    volume_out_uncertainty: Millilitres | None = None
    mass_out: Grams | None = None
    waste_volume: Millilitres | None = None
    hold_up: Millilitres | None = None
    residual: Percent | None = None  # calculated share of the old medium
    unaccounted: Millilitres | None = None
    unaccounted_expanded: Millilitres | None = None  # coverage factor 2
    balance: tuple[Line, ...] = ()


GO_ON = {
    WasherState.PAUSED: ("go on: let the paused run continue",),
    WasherState.RUNNING: ("watch on: the run goes on",),
    WasherState.UNKNOWN: ("watch on: look again whether the washer answers",),
}
IN_RUN = frozenset({WasherState.RUNNING, WasherState.PAUSED})
KEEP = "keep: clamp the source bag, keep it cool, decide about another kit"
RECOVER = "recover: lead the run to its recovery step"
RINSE = "rinse: bring the cells out of the chamber into the product bag by hand"
COLLECT = "collect: close the clamps and weigh the product bag"


def where(status: WasherStatus | None, flows: ProcessValues | None, *, step: int, recovery_step: int) -> Where:
    """Tell where the cells are by what has flowed, and by the last step that was seen (0: none).

    A washer that does not answer may have gone on by itself, so that nobody knows.
    """
    if status is None:
        return Where.UNKNOWN
    if flows is not None and flows.processed is not None and not float(flows.processed):
        return Where.SOURCE
    if flows is not None and flows.collected is not None and float(flows.collected) > 0.0:
        return Where.PRODUCT
    if step and (not recovery_step or step <= recovery_step):
        return Where.CHAMBER
    return Where.UNKNOWN


def salvage(cells: Where, state: WasherState) -> tuple[str, ...]:
    """Give the choices after an interruption; an approved table of the user replaces it."""
    go_on = GO_ON.get(state, ())
    leads = (RECOVER,) if state in IN_RUN else ()
    match cells:
        case Where.SOURCE:
            return (*go_on, KEEP)
        case Where.CHAMBER:
            return (*leads, RINSE, *go_on)
        case Where.PRODUCT:
            return (*leads, RINSE, COLLECT, *go_on)
        case Where.UNKNOWN:
            return (*leads, RINSE, COLLECT, KEEP, *go_on)


def flowed(flows: ProcessValues | None) -> str:
    """Say what has flowed, as far as it is known."""
    if flows is None:
        return "volumes not known"
    names = {"processed": "drawn from the source", "washed": "buffer", "collected": "collected"}
    known = [(getattr(flows, name), what) for name, what in names.items()]
    return ", ".join(f"{value:.0f} mL {what}" for value, what in known if value is not None) or "volumes not known"


def time_left(cells: Where) -> str:
    """Say how long people have; example values of the user's own table."""
    minutes = {Where.SOURCE: 30, Where.PRODUCT: 15}.get(cells, 5)
    return f"Decide within {minutes} min."


def stood(status: WasherStatus | None) -> str:
    """Say where the washer stands."""
    if status is None:
        return "does not answer"
    step = f", step {status.step}" if status.step else ""
    door = ", its door is open" if status.door_closed is False else ""
    return f"{status.state}{step}{door}"
