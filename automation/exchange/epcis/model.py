"""The part of EPCIS 2.0 that is written here, as plain typed values; what is empty is left out of the JSON.

Units:  by codes of UN/CEFACT Recommendation 20 (MLT mL, CEL degC, SEC s); times are ISO 8601 with offset.
Source: GS1 EPCIS 2.0 (events, JSON-LD); GS1 CBV 2.0 (words).
"""

import msgspec

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PREFIX = "cellwright"
TERMS = "urn:x-cellwright:terms:"
"""What our own fields begin with; they say what EPCIS has no field for, and whoever does not know them passes over."""
MODE, IDENTITY, DIN, CODE, VOLUME = (f"{PREFIX}:{name}" for name in ("mode", "coi", "din", "product", "mL"))
SIMULATED = "simulated"


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Anything with fields."""


class Quantity(Part, frozen=True, kw_only=True):
    """So much of a class."""

    epc_class: str
    quantity: float
    uom: str


class Place(Part, frozen=True, kw_only=True):
    """A read point or a business location."""

    id: str


class Transaction(Part, frozen=True, kw_only=True):
    """What an event belongs to, or is proved by."""

    transaction: str = msgspec.field(name="bizTransaction")
    type: str


class Sender(Part, frozen=True, kw_only=True):
    """Who had it."""

    source: str
    type: str


class Receiver(Part, frozen=True, kw_only=True):
    """Who has it."""

    destination: str
    type: str


class SensorMetadata(Part, frozen=True, kw_only=True):
    """Between when, by what, and which file holds every reading."""

    start: str = msgspec.field(name="startTime", default="")
    end: str = msgspec.field(name="endTime", default="")
    device: str = msgspec.field(name="deviceID", default="")
    raw_data: str = ""


class SensorReport(Part, frozen=True, kw_only=True):
    """One reading, or what many came to."""

    type: str
    exception: str = ""
    value: float | None = None
    min_value: float | None = None
    max_value: float | None = None
    mean_value: float | None = None
    uom: str = ""


class SensorElement(Part, frozen=True, kw_only=True):
    """Readings with what is to be known of them."""

    metadata: SensorMetadata = msgspec.field(name="sensorMetadata", default=SensorMetadata())
    report: tuple[SensorReport, ...] = msgspec.field(name="sensorReport")


class Declaration(Part, frozen=True, kw_only=True):
    """That an event was not as it says, and which ones say it rightly."""

    time: str = msgspec.field(name="declarationTime")
    reason: str
    corrective: tuple[str, ...] = msgspec.field(name="correctiveEventIDs", default=())


class Event(Part, frozen=True, kw_only=True):
    """One event of any type; the fields stand in the order in which people read them."""

    type: str
    id: str = msgspec.field(name="eventID", default="")
    time: str = msgspec.field(name="eventTime", default="")
    offset: str = msgspec.field(name="eventTimeZoneOffset", default="")
    recorded: str = msgspec.field(name="recordTime", default="")
    error: Declaration | None = msgspec.field(name="errorDeclaration", default=None)
    action: str = ""
    step: str = msgspec.field(name="bizStep", default="")
    disposition: str = ""
    parent: str = msgspec.field(name="parentID", default="")
    items: tuple[str, ...] = msgspec.field(name="epcList", default=())
    children: tuple[str, ...] = msgspec.field(name="childEPCs", default=())
    inputs: tuple[str, ...] = msgspec.field(name="inputEPCList", default=())
    used: tuple[Quantity, ...] = msgspec.field(name="inputQuantityList", default=())
    outputs: tuple[str, ...] = msgspec.field(name="outputEPCList", default=())
    read_point: Place | None = None
    location: Place | None = msgspec.field(name="bizLocation", default=None)
    transactions: tuple[Transaction, ...] = msgspec.field(name="bizTransactionList", default=())
    sources: tuple[Sender, ...] = msgspec.field(name="sourceList", default=())
    destinations: tuple[Receiver, ...] = msgspec.field(name="destinationList", default=())
    sensors: tuple[SensorElement, ...] = msgspec.field(name="sensorElementList", default=())
    master: dict[str, str] = msgspec.field(name="ilmd", default_factory=dict)
    mode: str = msgspec.field(name=MODE, default="")


class Body(Part, frozen=True, kw_only=True):
    """What a document holds."""

    events: tuple[Event, ...] = msgspec.field(name="eventList")


class Document(Part, frozen=True, kw_only=True):
    """An EPCIS document: whose, as of when, and its events."""

    context: tuple[str | dict[str, str], ...] = msgspec.field(name="@context")
    type: str
    version: str = msgspec.field(name="schemaVersion")
    created: str = msgspec.field(name="creationDate")
    instance: str = msgspec.field(name="instanceIdentifier", default="")
    sender: str = ""
    mode: str = msgspec.field(name=MODE, default="")
    body: Body = msgspec.field(name="epcisBody")
