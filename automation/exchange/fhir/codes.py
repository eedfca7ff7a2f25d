"""How what is ours is named in FHIR: lists of ids, units, states and the mark of a simulated site.

Ids are unique within a site only, so the name of each list holds the id of the site's ledger. A patient leaves a site
as the chain of identity, never as a name, a birth date or a hospital's number.
Units:  UCUM codes as ``automation.formulas.limits`` has them.
Source: HL7 FHIR R5; HL7 v3 ActReason HTEST (test health data); RFC 4122 layout of addresses (version 8).
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from automation.exchange.fhir.types import UCUM_SYSTEM, Coding, Concept, Identifier, Meta, Quantity, Reference
from automation.formulas.limits import UCUM, decimal
from automation.kernel.errors import InputError

SAMPLE, TEST, BATCH, IDENTITY, SUBJECT = "container", "test", "batch", "identity", "subject"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
MODE = "urn:x-cellwright:mode"
METHOD = "urn:x-cellwright:method"
SIMULATED = "SIMULATED"
UNITS = {code: unit for unit, code in UCUM.items()}
"""Our units by their UCUM codes."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How the ids of one site are named outside; ``ledger`` is the id of its ledger."""

    ledger: str
    simulated: bool

    def system(self, kind: str) -> str:
        """Give the name of the list of all ids of a kind."""
        return f"urn:x-cellwright:{self.ledger}:{kind}"

    def identifier(self, kind: str, name: str) -> Identifier:
        """Give one id with its list."""
        return Identifier(system=self.system(kind), value=name)

    def address(self, kind: str, name: str) -> str:
        """Give an address that is the same whenever the same thing is written."""
        raw = bytearray(hashlib.sha256(f"{self.ledger}\0{kind}\0{name}".encode()).digest()[:16])
        raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
        text = raw.hex()
        return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def reference(self, resource: str, *, kind: str, name: str) -> Reference:
        """Give a reference to what stands in the same bundle."""
        return Reference(
            reference=self.address(f"{resource}/{kind}", name), type=resource, identifier=self.identifier(kind, name)
        )

    def patient(self, identity: str) -> Reference:
        """Give the patient as the chain of identity; no resource stands behind it."""
        return Reference(type="Patient", identifier=self.identifier(IDENTITY, identity))

    @property
    def meta(self) -> Meta | None:
        """Give the marks of a simulated site; None for a live one."""
        if not self.simulated:
            return None
        test = Coding(system=ACT_REASON, code="HTEST", display="test health data")
        return Meta(tag=(test, Coding(system=MODE, code=SIMULATED)))


def quantity(value: Decimal, unit: str, *, comparator: str = "") -> Quantity:
    """Give a number in one of our units; raises InputError for a unit that has no UCUM code."""
    if unit not in UCUM:
        raise InputError(f"unit {unit!r} has no UCUM code here; known: {', '.join(UCUM)}")
    return Quantity(value=value, comparator=comparator, unit=unit, system=UCUM_SYSTEM, code=UCUM[unit])


def millilitres(volume: float) -> Quantity:
    """Give a volume (mL)."""
    return quantity(decimal(volume), "mL")


def words(text: str, *, system: str = "", code: str = "") -> Concept:
    """Give a concept: its words, and a code where a list has one."""
    coding = (Coding(system=system, code=code or text, display=text if code else ""),) if system else ()
    return Concept(coding=coding, text=text)
