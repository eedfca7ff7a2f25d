"""What kind of code was scanned, so that the wrong kind gets a hint and no deviation.

ISBT 128 codes are told by their data identifiers, GS1 by its brackets, symbology prefix or (01); our own labels carry
a word and a colon (``ASSET:CRF-01``). Patient data are recognised and never given back.
Source: ISBT 128 ST-001 v6.2.2 table of data identifiers; GS1 General Specifications.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from automation.formulas import gs1, isbt128
from automation.kernel.errors import InputError

STANDS_ON = "stands on"  # what a donation number is on, when it is no container
DIN = "donation number"  # that of a code which says more


class Kind(StrEnum):
    """What a code says it is, in the words of prompts."""

    DIN = "donation number"
    UNIT = "donation number and product code"  # in one read
    COI = "chain of identity"
    PRODUCT = "product code"
    EXPIRY = "expiry date"
    GS1 = "material label"
    CONTAINER = "container label"
    ASSET = "equipment label"
    PERSON = "badge"
    LOT = "lot label"
    POSITION = "storage position"
    SEAL = "seal"
    OTHER_ISBT = "other ISBT 128 code"
    PATIENT = "patient data"
    UNKNOWN = "unknown code"


@dataclass(frozen=True, slots=True)
class Scanned:
    """One code: its kind, its value in the form in which it is compared, and what else it says."""

    kind: Kind
    value: str
    fields: dict[str, str] = field(default_factory=dict)
    problem: str = ""  # why a code that looks like its kind can't be used


_LABEL = re.compile(r"(CONTAINER|ASSET|PERSON|LOT|POSITION|SEAL):([A-Za-z0-9][A-Za-z0-9._/+-]{0,63})")
_OTHER = {
    "=*": "collection date", "&*": "collection date", "=}": "production date", "&}": "production date",
    "=;": "donor identifier", "='": "staff identifier", "=+": "compound message", "=(": "date and time",
    "=,": "product divisions", "&+": "facility code", "=/": "processor's product code", "&,": "lot number",
    "&:": "global donor identifier",
}  # fmt: skip
_UNIT = re.compile(r"(=\+02[0-9]{3})?=[A-NP-Z1-9][^=]*=<.*", re.DOTALL)
_PATIENT = ("=#", "&#")
_GS1_START = ("]C1", "]d2", "]Q3", "]e0", "(")
_GTIN = re.compile(r"01[0-9]{14}.*", re.DOTALL)


def classify(text: str) -> Scanned:
    """Say what a scanned text is; never raises: a broken code keeps its kind and says its problem."""
    if text.startswith(_PATIENT):
        return Scanned(Kind.PATIENT, "")
    if match := _LABEL.fullmatch(text):
        return Scanned(Kind[match[1]], match[2])
    kind = _kind(text)
    try:
        return _read(kind, text)
    except InputError as error:
        return Scanned(kind, text, problem=str(error))


def hint(wanted: Kind, seen: Scanned) -> str:
    """Tell a person who scanned another kind of code, or a broken one, what to do; empty when the kind is right."""
    if seen.kind is wanted:
        return f"{seen.problem}; scan it again" if seen.problem else ""
    if seen.kind is Kind.UNKNOWN:
        return f"this code is not known here; scan the {wanted}"
    name = seen.fields.get("name", str(seen.kind))
    return f"this is the {name}; scan the {wanted}"


def _kind(text: str) -> Kind:
    start = text[:2]
    if _UNIT.fullmatch(text):
        return Kind.UNIT
    if start == "=<":
        return Kind.PRODUCT
    if start in ("=>", "&>"):
        return Kind.EXPIRY
    if start == "&/":
        return Kind.COI
    if start in _OTHER:
        return Kind.OTHER_ISBT
    if re.match(r"=[A-NP-Z1-9]", text):
        return Kind.DIN
    return Kind.GS1 if text.startswith(_GS1_START) or _GTIN.fullmatch(text) else Kind.UNKNOWN


def _read(kind: Kind, text: str) -> Scanned:
    match kind:
        case Kind.DIN:
            din = isbt128.read_din(text)
            return Scanned(kind, din.number, _flags(din))
        case Kind.UNIT:
            din, product = isbt128.read_unit(text)
            return Scanned(kind, f"{din.number}{product.code}", {DIN: din.number, **_flags(din)})
        case Kind.PRODUCT:
            product = isbt128.read_product_code(text)
            collection = isbt128.COLLECTION_TYPES.get(product.collection, "other")
            return Scanned(kind, product.code, {"collection": collection, "division": product.division})
        case Kind.EXPIRY:
            return Scanned(kind, isbt128.read_expiry(text).isoformat(timespec="minutes"))
        case Kind.COI:
            return Scanned(kind, isbt128.read_coi(text).number)
        case Kind.OTHER_ISBT:
            return Scanned(kind, text[2:], {"name": _OTHER[text[:2]]})
        case Kind.GS1:
            fields = {gs1.NAMES[key]: value for key, value in gs1.read(text).items()}
            return Scanned(kind, fields.get("item", ""), fields)
        case _:
            return Scanned(kind, text)


def _flags(din: isbt128.Din) -> dict[str, str]:
    elsewhere = isbt128.ELSEWHERE_FLAGS.get(din.flags)
    return {"flags": din.flags, **({STANDS_ON: elsewhere} if elsewhere else {})}
