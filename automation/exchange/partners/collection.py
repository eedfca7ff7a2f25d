"""A collection report as a FHIR bundle: the procedure, its bags, and the cells that were counted.

Elements: a Patient of codes alone (chain of identity, recipient code), Procedure (identifier: our id of the collection;
occurrenceDateTime: its end; performer: who performed, who verified), one BiologicallyDerivedProduct for each bag
(identifier: container; biologicalSourceEvent: donation number with its check character; property: volume, seal, kind)
and Observations (nucleated cells, CD3+ cells).
Units:  mL, cells.
Source: HL7 FHIR R5 (messaging); ISBT 128 ST-001; docs/exchange.md.
"""

from collections.abc import Mapping

from automation.exchange.fhir.bundle import Found, Received
from automation.exchange.fhir.codes import IDENTITY, SAMPLE, SUBJECT, UNITS, Naming
from automation.exchange.fhir.read import Element, shown
from automation.exchange.fhir.types import UCUM_SYSTEM
from automation.kernel.errors import InputError

ALLOWED = ("MessageHeader", "Procedure", "BiologicallyDerivedProduct", "Observation", "Organization", "Patient")
_CELLS = {"nucleated cells": "tnc", "CD3+ cells": "cd3"}


def collection_report(received: Received, naming: Naming) -> dict[str, object]:
    """Give the collection, its report and who did it; raises InputError that names the element."""
    procedure = the_one(received, "Procedure").said
    procedure.choice("status", ("completed",))
    subject = procedure.child("subject")
    if subject is None:
        raise procedure.wrong("subject", "is missing")
    products = [one.said for one in received.of("BiologicallyDerivedProduct")]
    donations = {_identifier(one, "biologicalSourceEvent", system=naming.system("donation")) for one in products}
    if len(donations) != 1:
        raise InputError(f"{received.bundle.path}.entry has {len(donations)} donation numbers; one is needed")
    report: dict[str, object] = {
        "identity": _own(received, subject, IDENTITY),
        "subject": _own(received, subject, SUBJECT),
        "din": donations.pop(),
        "collected": procedure.moment("occurrenceDateTime"),
        "bags": [_bag(one, naming) for one in products],
        **_counted(received),
    }
    who = {f"{role}_by": name for role, name in _performers(procedure).items()}
    return {"collection": _listed(procedure, naming.system("collection")), "report": report, **who}


def _bag(said: Element, naming: Naming) -> dict[str, object]:
    known: dict[str, object] = {}
    for one in said.each("property"):
        kind = _words(one, "type")
        amount = one.child("valueQuantity")
        known[kind] = _amount(amount, "mL") if amount is not None else one.text("valueString", needed=True)
    code = said.child("productCode")
    if "volume" not in known:
        raise said.wrong("property", "has no volume; one in mL is needed")
    return {
        "id": _listed(said, naming.system(SAMPLE)),
        "volume_ml": known["volume"],
        "kind": known.get("kind of container", ""),
        "seal": known.get("seal", ""),
        "product_code": _words(said, "productCode") if code is not None else "",
    }


def _counted(received: Received) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for one in received.of("Observation"):
        said, name = one.said, _words(one.said, "code")
        if name not in _CELLS or _CELLS[name] in found:
            raise said.wrong("code", f"is {shown(name)}; allowed, once each: {', '.join(_CELLS)}")
        said.choice("status", ("final", "corrected"))
        amount = said.child("valueQuantity")
        if amount is None:
            raise said.wrong("valueQuantity", "is missing")
        found[_CELLS[name]] = _amount(amount, "cells")
    missing = [name for name, field in _CELLS.items() if field not in found]
    if missing:
        raise InputError(f"{received.bundle.path}.entry has no Observation of {' and of '.join(missing)}")
    return found


def _performers(procedure: Element) -> dict[str, str]:
    """Give who performed and who verified, each as a staff code."""
    found: dict[str, str] = {}
    for one in procedure.each("performer"):
        role = _words(one, "function")
        actor = one.child("actor")
        who = actor.child("identifier") if actor is not None else None
        if who is None or role not in {"performed", "verified"} or role in found:
            needed = "needed: function performed and function verified, once each, with actor.identifier"
            raise one.wrong("", f"is not understood; {needed}")
        found[role] = who.text("value", needed=True)
    if len(found) < 2:
        raise procedure.wrong("performer", "has to name who performed and who verified")
    return found


def _amount(said: Element, unit: str) -> str:
    said.choice("system", (UCUM_SYSTEM,))
    said.choice("code", tuple(code for code, ours in UNITS.items() if ours == unit))
    if said.has("comparator"):
        raise said.wrong("comparator", "is not allowed here")
    return str(said.number("value"))


def _own(received: Received, reference: Element, kind: str) -> str:
    """Give a code of the patient, whom the bundle names by codes alone."""
    found = received.name(reference, kind)
    if not found:
        raise reference.wrong("", f"names no {kind} in the list of this site")
    return found


def _listed(said: Element, system: str) -> str:
    found = [one.text("value", needed=True) for one in said.each("identifier") if one.text("system") == system]
    if len(found) != 1:
        raise said.wrong("identifier", f"has {len(found)} of {system}; one is needed")
    return found[0]


def _identifier(said: Element, name: str, *, system: str) -> str:
    found = said.child(name)
    if found is None:
        raise said.wrong(name, "is missing")
    found.choice("system", (system,))
    return found.text("value", needed=True)


def the_one(received: Received, resource: str) -> Found:
    """Give the only resource of a kind; raises InputError when there is none, or more."""
    found = list(received.of(resource))
    if len(found) != 1:
        raise InputError(f"{received.bundle.path}.entry has {len(found)} {resource}; one is needed")
    return found[0]


def _words(said: Element, name: str) -> str:
    concept = said.child(name)
    if concept is None:
        raise said.wrong(name, "is missing")
    return concept.text("text", needed=True)
