"""The product in the batch record as values: containers, weights, balances of amounts, labels.

Units:  as each name or ``unit`` says; moments in us (UTC); uncertainties are expanded (coverage factor 2).
Source: 21 CFR 211.188(b)(4), (7), (8) and (9) (weights, yields, labels with specimens, containers).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Container:
    """One container of product, as it stood at the end of the record."""

    id: str
    identity: str
    kind: str
    din: str
    product_code: str
    volume_ml: float
    state: str
    position: str
    exposure_s: float
    warming_s: float
    on_hold: str = ""  # reason of a QA hold
    purpose: str = ""
    parent: str = ""  # the container that it was filled from
    level: int = 0  # of the genealogy: 0 came from outside


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One line of a balance; ``expanded`` is its uncertainty with a coverage factor of 2."""

    what: str
    kind: str  # received, added, weighed, counted; sample, waste, lost, hold-up, container
    step: str
    goes_in: bool
    value: float
    expanded: float
    how: str  # measured, calculated, declared
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came in of one quantity, what is accounted for, and what is left over; numbers in its unit, share in %."""

    quantity: str
    unit: str
    lines: tuple[BalanceLine, ...]
    came_in: float
    went_out: float
    unaccounted: float
    expanded: float
    share: float
    closes: bool | None  # None where it can't be judged
    note: str = ""  # why it can't


@dataclass(frozen=True, slots=True)
class Label:
    """One print of one label, and what became of it."""

    id: str
    container: str
    template: str  # with its version
    marks: tuple[str, ...]
    reason: str  # of a reprint
    printed: str  # when
    state: str
    ended: str  # why it was destroyed or never printed
    sha256: str  # of the bytes sent
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Specimen:
    """What a template prints, shown by the first label made with it; ``data`` are the bytes sent, as Latin-1 text."""

    template: str
    label: str
    lines: tuple[str, ...]
    marks: tuple[str, ...]
    code: str
    sha256: str
    data: str
    problem: str = ""  # why the bytes can't be shown


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many labels were issued, and what became of them; ``closes`` when none is missing."""

    issued: int
    printed: int
    applied: int
    kept: int
    destroyed: int
    not_printed: int
    unaccounted: int
    closes: bool


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of the batch: each of them, their count, and a specimen of each template."""

    labels: tuple[Label, ...]
    count: LabelCount
    specimens: tuple[Specimen, ...]


@dataclass(frozen=True, slots=True)
class Weighing:
    """One stable weight of a container as it stands (g), bag and contents."""

    container: str
    at: int  # us, UTC
    mass_g: float
    asset: str
    event: int


@dataclass(frozen=True, slots=True)
class Filled:
    """What was weighed into a container (g), beside target and tolerance of the recipe; None where it has none."""

    container: str
    at: int  # us, UTC
    mass_g: float
    target_g: float | None
    tolerance_g: float | None
    event: int
