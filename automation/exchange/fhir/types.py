"""The part of FHIR R5 that is written here, as plain typed values; what is empty is left out of the JSON.

Units:  quantities carry their UCUM code; numbers are decimals with the digits that were entered.
Source: HL7 FHIR R5 (5.0.0): Bundle, Specimen, ServiceRequest, Observation, DiagnosticReport,
        BiologicallyDerivedProduct, BiologicallyDerivedProductDispense.
"""

from decimal import Decimal
from typing import cast

import msgspec

UCUM_SYSTEM = "http://unitsofmeasure.org"
FHIR_JSON = "application/fhir+json"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Anything with elements."""


class Coding(Part, frozen=True, kw_only=True):
    """One code of one system."""

    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Part, frozen=True, kw_only=True):
    """A CodeableConcept: codes, and the words for people."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Identifier(Part, frozen=True, kw_only=True):
    """An id with the name of the list that it is unique in."""

    system: str = ""
    value: str = ""


class Reference(Part, frozen=True, kw_only=True):
    """Another resource: by its place in the same bundle, or by its identifier."""

    reference: str = ""
    type: str = ""
    identifier: Identifier | None = None
    display: str = ""


class Quantity(Part, frozen=True, kw_only=True):
    """A number with its unit."""

    value: Decimal
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class Range(Part, frozen=True, kw_only=True):
    """From low to high, both included."""

    low: Quantity | None = None
    high: Quantity | None = None


class Note(Part, frozen=True, kw_only=True):
    """An annotation."""

    text: str


class Meta(Part, frozen=True, kw_only=True):
    """What holds of the whole resource."""

    tag: tuple[Coding, ...] = ()


class Resource(Part, frozen=True, kw_only=True):
    """What all resources have."""

    id: str = ""
    meta: Meta | None = None
    identifier: tuple[Identifier, ...] = ()


class Collected(Part, frozen=True, kw_only=True):
    """Specimen.collection."""

    collected_date_time: str = ""
    quantity: Quantity | None = None


class Specimen(Resource, frozen=True, kw_only=True, tag_field="resourceType", tag="Specimen"):
    """One sample as it was drawn."""

    status: str = ""
    type: Concept | None = None
    subject: Reference | None = None
    parent: tuple[Reference, ...] = ()
    request: tuple[Reference, ...] = ()
    collection: Collected | None = None
    condition: tuple[Concept, ...] = ()


class CodeableReference(Part, frozen=True, kw_only=True):
    """A concept, or a resource that stands for it."""

    concept: Concept | None = None


class Occurrence(Part, frozen=True, kw_only=True):
    """A period; ``end`` is until when something is needed."""

    end: str = ""


class ServiceRequest(Resource, frozen=True, kw_only=True, tag_field="resourceType", tag="ServiceRequest"):
    """One requested test of one lot."""

    status: str = ""
    intent: str
    code: CodeableReference | None = None
    subject: Reference
    occurrence_period: Occurrence | None = None
    authored_on: str = ""
    specimen: tuple[Reference, ...] = ()
    note: tuple[Note, ...] = ()


class ReferenceRange(Part, frozen=True, kw_only=True):
    """What the specification demands, in its own words."""

    text: str = ""


class Observation(Resource, frozen=True, kw_only=True, tag_field="resourceType", tag="Observation"):
    """One result."""

    based_on: tuple[Reference, ...] = ()
    status: str = ""
    code: Concept
    subject: Reference | None = None
    effective_date_time: str = ""
    performer: tuple[Reference, ...] = ()
    value_quantity: Quantity | None = None
    value_string: str = ""
    interpretation: tuple[Concept, ...] = ()
    note: tuple[Note, ...] = ()
    method: Concept | None = None
    specimen: Reference | None = None
    reference_range: tuple[ReferenceRange, ...] = ()


class DiagnosticReport(Resource, frozen=True, kw_only=True, tag_field="resourceType", tag="DiagnosticReport"):
    """All results of one sample."""

    based_on: tuple[Reference, ...] = ()
    status: str = ""
    code: Concept
    subject: Reference | None = None
    specimen: tuple[Reference, ...] = ()
    result: tuple[Reference, ...] = ()


class Property(Part, frozen=True, kw_only=True):
    """BiologicallyDerivedProduct.property."""

    type: Concept
    value_quantity: Quantity | None = None
    value_string: str = ""


class ProductCollection(Part, frozen=True, kw_only=True):
    """BiologicallyDerivedProduct.collection."""

    collector: Reference | None = None
    source: Reference | None = None
    collected_date_time: str = ""


class Product(Resource, frozen=True, kw_only=True, tag_field="resourceType", tag="BiologicallyDerivedProduct"):
    """One container with product of a patient."""

    product_category: Coding | None = None
    product_code: Concept | None = None
    parent: tuple[Reference, ...] = ()
    biological_source_event: Identifier | None = None
    product_status: Coding | None = None
    expiration_date: str = ""
    collection: ProductCollection | None = None
    storage_temp_requirements: Range | None = None
    property: tuple[Property, ...] = ()


class Dispense(Resource, frozen=True, kw_only=True, tag_field="resourceType", tag="BiologicallyDerivedProductDispense"):
    """One container that goes to its patient."""

    status: str = ""
    product: Reference
    patient: Reference
    matching_status: Concept | None = None
    quantity: Quantity | None = None
    prepared_date: str = ""
    destination: Reference | None = None


class EntryRequest(Part, frozen=True, kw_only=True):
    """How a server takes an entry: once, whatever how often it comes."""

    method: str
    url: str = ""
    if_none_exist: str = ""


AnyResource = Specimen | ServiceRequest | Observation | DiagnosticReport | Product | Dispense


class Entry(Part, frozen=True, kw_only=True):
    """One resource of a bundle, with its own address."""

    full_url: str = ""
    resource: AnyResource
    request: EntryRequest | None = None


class Bundle(Part, frozen=True, kw_only=True, tag_field="resourceType", tag="Bundle"):
    """Several resources that go together."""

    meta: Meta | None = None
    identifier: Identifier | None = None
    type: str
    timestamp: str = ""
    entry: tuple[Entry, ...] = ()


def as_json(whole: Bundle | AnyResource) -> bytes:
    """Give the JSON, two blanks deep, the same for the same values."""
    return msgspec.json.format(_ENCODER.encode(whole), indent=2) + b"\n"


def resolved(whole: Bundle) -> Bundle:
    """Give a bundle whose references point into it or name an identifier alone, so that none leads nowhere."""
    known = frozenset(entry.full_url for entry in whole.entry)
    return cast("Bundle", _resolved(whole, known))


def _resolved(part: object, known: frozenset[str]) -> object:
    match part:
        case Reference(reference=address) if address and address not in known:
            return msgspec.structs.replace(part, reference="")
        case Part():
            names = part.__struct_fields__
            return msgspec.structs.replace(part, **{name: _resolved(getattr(part, name), known) for name in names})
        case tuple():
            return tuple(_resolved(one, known) for one in part)
    return part
