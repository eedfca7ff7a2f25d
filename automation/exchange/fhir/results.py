"""Results of laboratories out of a FHIR bundle: each Observation with the sample that it is of, in our units.

Units:  those of the limits; a unit that has no counterpart here is refused, nothing is converted.
Source: HL7 FHIR R5 Observation and DiagnosticReport; docs/exchange.md.
"""

from automation.exchange.fhir.bundle import Found, Received
from automation.exchange.fhir.codes import IDENTITY, SAMPLE, SUBJECT, TEST, UNITS, Naming
from automation.exchange.fhir.read import Element, shown
from automation.exchange.fhir.types import UCUM_SYSTEM
from automation.formulas.limits import decimal
from automation.kernel.errors import InputError
from automation.views.laboratory import CORRECTED, FINAL, PRELIMINARY, LabResult

AWAITED = ("registered", "specimen-in-process", "partial")
ALLOWED = (
    *("Observation", "DiagnosticReport", "Specimen", "ServiceRequest", "Patient", "Organization", "Practitioner"),
    *("PractitionerRole", "Device", "OperationOutcome", "MessageHeader"),
)
_STATUS = {PRELIMINARY: PRELIMINARY, FINAL: FINAL, CORRECTED: CORRECTED, "amended": CORRECTED}
_REPORTED = ("registered", "partial", "preliminary", "modified", "final", "amended", "corrected", "appended")


def results(data: bytes, naming: Naming) -> tuple[LabResult, ...]:
    """Give the results of a bundle in order, without those that are awaited.

    Raises InputError that names the element, its value and what is allowed.
    """
    received = Received(data, naming, allowed=ALLOWED)
    for report in received.of("DiagnosticReport"):
        report.said.choice("status", _REPORTED)
    every = [_result(one, received) for one in received.of("Observation") if one.said.text("status") not in AWAITED]
    for link in received.bundle.each("link"):
        if link.text("relation") == "next":
            raise link.wrong("relation", "is next: this is a page of several; the whole is needed")
    if not any(received.of("Observation")) and received.bundle.text("type") != "searchset":
        raise InputError("Bundle.entry has no Observation: there is no result in it")
    return tuple(every)


def _result(one: Found, received: Received) -> LabResult:
    said = one.said
    for name in ("component", "hasMember"):
        if said.has(name):
            raise said.wrong(name, "is not read; give each result as an Observation of its own")
    specimen = said.child("specimen")
    if specimen is None:
        raise said.wrong("specimen", "is missing; a result belongs to its sample")
    value, unit = _value(said)
    tests = {name for based in said.each("basedOn") if (name := received.name(based, TEST))}
    if len(tests) > 1:
        raise said.wrong("basedOn", f"names {len(tests)} tests; one is allowed")
    return LabResult(
        entry=one.number,
        path=said.path,
        sample=received.name(specimen, SAMPLE),
        test=next(iter(tests), ""),
        identity=_identity(one, received),
        criterion=_words(said, "code"),
        status=_STATUS[said.choice("status", tuple(_STATUS))],
        value=value,
        unit=unit,
        method=_words(said, "method"),
        analysed=said.moment("effectiveDateTime"),
        note="; ".join(note.text("text") for note in said.each("note")),
    )


def _identity(one: Found, received: Received) -> str:
    """Give the one chain of identity that a result, its sample and the report that holds it name; empty without any."""
    specimen = one.said.child("specimen")
    sample = received.target(specimen) if specimen is not None else None
    reports = (
        report
        for report in received.of("DiagnosticReport")
        if any(said.has("reference") and received.target(said) is one for said in report.said.each("result"))
    )
    found = set[str]()
    for said in (one.said, *(part.said for part in (sample, *reports) if part is not None)):
        whose = said.child("subject")
        identity = received.name(whose, IDENTITY)
        if whose is not None and not identity and received.name(whose, SUBJECT):
            raise whose.wrong("", "names a recipient code and no chain of identity, which is what is compared")
        found |= {identity} - {""}
    if len(found) > 1:
        raise one.said.wrong("subject", "and those of its sample and report are different chains of identity")
    return next(iter(found), "")


def _value(said: Element) -> tuple[str, str]:
    """Give what was found as it is entered here, and our unit."""
    found = [name for name in said.values if name.startswith("value")]
    if len(found) > 1:
        raise said.wrong("value[x]", "is there twice; a result has one value")
    if said.has("dataAbsentReason"):
        raise said.wrong("dataAbsentReason", "says that there is no result; only results are taken")
    amount = said.child("valueQuantity")
    if amount is None:
        coded = said.child("valueCodeableConcept")
        word = said.text("valueString") or (_words(said, "valueCodeableConcept") if coded else "")
        if not word:
            raise said.wrong("value[x]", "is missing; allowed: valueQuantity, valueString, valueCodeableConcept")
        return word, ""
    if amount.has("comparator"):
        amount.choice("comparator", ("<",))
    number = decimal(amount.number("value"), what=f"{amount.path}.value")
    return f"{amount.text('comparator')}{number}", _unit(amount)


def _unit(amount: Element) -> str:
    system, code = amount.text("system", needed=True), amount.text("code", needed=True)
    if system != UCUM_SYSTEM:
        raise amount.wrong("system", f"is {shown(system)}; allowed: {UCUM_SYSTEM}")
    if code not in UNITS:
        raise amount.wrong("code", f"is {shown(code)}; allowed: {', '.join(UNITS)}")
    return UNITS[code]


def _words(said: Element, name: str) -> str:
    """Give the words of a concept: its text, else that of its first code."""
    concept = said.child(name)
    if concept is None:
        raise said.wrong(name, "is missing")
    codes = [one.text("display") or one.text("code") for one in concept.each("coding")]
    found = concept.text("text") or next((text for text in codes if text), "")
    if not found:
        raise concept.wrong("", "has neither a text nor a code")
    return found
