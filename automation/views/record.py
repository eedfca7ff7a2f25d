"""The batch record as one tree of values: what is written as JSON, and what pages are drawn from.

Units:  times are ISO 8601 text in the site's zone with offset and milliseconds, durations in s; process data in us.
        Numbers are in the unit that stands beside them; ``text`` is the value as people read it.
Source: 21 CFR 211.188 (content of a batch record), 11.10(b) (complete copies), 11.50 (what a signature shows).
"""

from dataclasses import dataclass, field

from automation.views.record_of_product import Container, Filled, Labels, Reconciliation, Weighing


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as it has to be shown: who, what it means, when, over which event."""

    by: str
    name: str  # printed name
    meaning: str
    at: str
    zone: str
    signed: str  # the move that is signed, in words
    seq: int
    event_hash: str  # hex, of the event that holds the signature
    shown: str = ""  # SHA-256 of the bytes that the person saw, hex
    strength: str = "signature"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acted in the batch."""

    id: str
    name: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What was made, by which master, for whom, where and when."""

    batch: str
    product: str
    identity: str  # chain of identity, never a name
    lot_type: str
    state: str
    recipe: str
    recipe_version: str
    recipe_digest: str
    recipe_status: str
    site: str
    zone: str
    ledger: str
    release: str
    site_digest: str
    issued_by: str
    issued: str = ""
    started: str = ""
    ended: str = ""
    closed: str = ""
    ended_as: str = ""  # complete, stopped or aborted
    reviewed_by: str = ""
    seed: int | None = None
    configuration: int = 0  # event that holds the site configuration in force
    operations: dict[str, str] = field(default_factory=dict)  # each with the digest of its source


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that defines exceptions, what was checked under it and how many were found."""

    id: str
    name: str
    definition: str
    checked: str
    found: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One exception: when, where, what, how it ended, and the events that show it."""

    rule: str
    at: str
    step: str
    what: str
    outcome: str
    events: tuple[int, ...]
    is_open: bool = False  # somebody still has to act
    times: int = 1  # how often the very same came


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a state of the operation."""

    state: str
    entered: str
    duration_s: float | None  # s; None while it lasts
    left_by: str
    event: int
    within: str = ""  # holding, restarting, stopping, aborting; empty for the operation itself


@dataclass(frozen=True, slots=True)
class Equipment:
    """One asset as it stood when the step used it."""

    role: str
    asset: str
    asset_class: str
    maker: str
    model: str
    serial: str
    firmware: str
    driving: str  # driven, observed or manual
    support: str  # L0 to L3
    driver: str
    calibration: str  # certificate
    calibration_due: str
    qualification_due: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """One lot as the step used it."""

    material: str
    lot: str
    what: str
    supplier: str
    expiry: str
    state: str
    used: str  # quantity with unit


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the step got it."""

    name: str
    text: str  # as the recipe writes it
    value: object
    unit: str
    source: int = 0  # event of the earlier step that gave it


@dataclass(frozen=True, slots=True)
class Judged:
    """One result against its limits."""

    what: str
    raw: str
    reported: str
    unit: str
    band: str
    sentence: str
    limit: str
    kind: str  # result or yield
    event: int


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of acceptance; ``met`` is None where it could not be judged."""

    name: str
    value: str
    unit: str
    limit: str
    met: bool | None
    sentence: str
    event: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The verdict on a run by its criteria."""

    verdict: str
    criteria: tuple[Criterion, ...]
    event: int


@dataclass(frozen=True, slots=True)
class Act:
    """One exchange with a device, or a wait, and what came of it."""

    at: str
    what: str  # asset.method, or what was waited for
    arguments: str
    outcome: str
    kind: str  # read, act, wait
    status: str  # done, refused, failed, doubt, open
    attempts: int
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One result of the step, and the move that brought it."""

    name: str
    text: str
    value: object
    unit: str
    event: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What people were asked and what they answered."""

    id: str
    kind: str
    text: str
    answer: str
    at: str
    by: str
    verified_by: str
    state: str
    events: tuple[int, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A sealed piece of process data."""

    event: int
    first: int  # us
    last: int  # us
    count: int
    digest: str  # SHA-256 of the decoded arrays
    problem: str = ""  # why it can't be shown


@dataclass(frozen=True, slots=True)
class Trend:
    """All samples of one channel in a step; None where there was no reading."""

    channel: str
    unit: str
    times: tuple[int, ...]  # us, UTC
    values: tuple[float | None, ...]
    chunks: tuple[Chunk, ...]

    @property
    def readings(self) -> int:
        """Count the samples that have a value."""
        return sum(value is not None for value in self.values)


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth seeing on a plot."""

    at: int  # us, UTC
    text: str
    value: float | None = None  # in the unit of the axis; None for a line across the plot


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot: channels of one unit over the time of a step."""

    title: str
    unit: str
    channels: tuple[str, ...]
    since: int  # us, UTC: begin of the step
    marks: tuple[Mark, ...] = ()
    band: tuple[float, float] | None = None  # where acceptance is judged, in the unit
    band_text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the recipe as it was carried out."""

    id: str
    operation: str
    state: str
    stage: str  # ISA-88
    begun: str
    ended: str
    duration_s: float | None
    performed_by: tuple[str, ...]
    verified_by: tuple[str, ...]
    visits: tuple[Visit, ...]
    equipment: tuple[Equipment, ...]
    materials: tuple[Material, ...]
    parameters: tuple[Parameter, ...]
    results: tuple[Result, ...]
    judged: tuple[Judged, ...]
    acceptance: tuple[Acceptance, ...]
    acts: tuple[Act, ...]
    prompts: tuple[Prompt, ...]
    trends: tuple[Trend, ...]
    charts: tuple[Chart, ...]
    weighings: tuple[Weighing, ...]
    fills: tuple[Filled, ...]
    signatures: tuple[Signature, ...]
    decisions: tuple[str, ...] = ()  # how containers were shared out, whether it was done again or left out


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """One limit on time, and how it ended."""

    what: str
    rule: str
    started: str
    due: str
    ended: str
    state: str
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit trail: who did what to which record, when, why."""

    seq: int
    at: str
    stream: str
    version: int
    kind: str
    by: str
    terminal: str
    cause: int | None
    said: str  # the body as people read it
    hash: str  # hex


@dataclass(frozen=True, slots=True)
class Proof:
    """What vouches for the record, and what the check of the ledger said when it was drawn."""

    head: str  # hash, hex
    head_seq: int
    head_at: str
    key: str  # id of the key that signed; empty when nobody has signed yet
    intact: bool
    events: int
    signed_to: int
    anchored_to: int
    first_bad: str
    notes: tuple[str, ...]
    streams: tuple[str, ...]  # what an exported record has to hold


@dataclass(frozen=True, slots=True)
class Master:
    """The recipe that the batch was issued with: a copy of the file, byte for byte."""

    file: str  # SHA-256, hex; empty when no file was kept
    text: str
    problem: str = ""  # why it can't be shown


@dataclass(frozen=True, slots=True)
class Amendment:
    """One planned change to steps that had not begun: what differs, who stands for it, the recipe that came of it."""

    number: int
    stage: str  # proposed, approved, in force, withdrawn or lapsed
    reason: str
    differences: tuple[str, ...]  # in words
    author: str
    approved_by: str
    recipe_version: str
    recipe_digest: str
    recipe: Master  # the amended recipe, whole
    proposed: str = ""
    approved: str = ""
    in_force: str = ""  # from then on
    why: str = ""  # why it was withdrawn or lapsed
    events: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The whole record of one batch."""

    simulated: bool
    draft: bool  # the batch is not closed
    as_of: int  # last event of the ledger that was looked at
    drawn: str  # time of that event: the record knows no other clock
    header: Header
    verdict: str
    checked: str  # one line: what was looked at
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    master: Master
    containers: tuple[Container, ...]
    reconciliation: tuple[Reconciliation, ...]
    labels: Labels
    people: tuple[Person, ...]
    limits: tuple[TimeLimit, ...]
    steps: tuple[Step, ...]
    signatures: tuple[Signature, ...]
    trail: tuple[Entry, ...]
    proof: Proof
    amendments: tuple[Amendment, ...] = ()
