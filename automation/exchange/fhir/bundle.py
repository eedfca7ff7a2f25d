"""What stands in a bundle of others: its resources by address, whose they are, and nothing that names a patient.

A patient comes as a code of this site. A bundle with a name, a birth date, an address or another's number of a patient
is refused as a whole, wherever it stands: originals are kept for ever and could not be forgotten. What may hold one
unseen (narratives, resources within others, attachments) is refused, too. The error names the place, never the value.
Source: HL7 FHIR R5 (Bundle, 3.2.5 resolving references; 2.1.13 narrative); GDPR art. 5(1)(c); docs/threat-model.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.exchange.fhir.codes import IDENTITY, MODE, SIMULATED, SUBJECT, Naming
from automation.exchange.fhir.read import Element, read, shown
from automation.kernel.errors import InputError, RefusedError

DIRECT = ("name", "telecom", "address", "birthDate", "photo", "contact", "maritalStatus", "deceasedDateTime")
_ABOUT_PEOPLE = frozenset({"Patient", "RelatedPerson", "Person"})
_UNSEEN = (
    "contained",
    "div",
    "presentedForm",
    "valueAttachment",
    "valueHumanName",
    "valueAddress",
    "valueContactPoint",
)
_POINTING = ("subject", "patient")  # references to whom something is about


@dataclass(frozen=True, slots=True)
class Found:
    """One resource of a bundle: its number (from 1), its address and what it says."""

    number: int
    address: str
    said: Element

    @property
    def type(self) -> str:
        """Give the kind of resource."""
        return self.said.text("resourceType", needed=True)


class Received:
    """A bundle of others, checked for what it may hold."""

    def __init__(self, data: bytes, naming: Naming, *, allowed: tuple[str, ...]) -> None:
        """Read it; raises InputError, and RefusedError for one of a simulated site at a live one."""
        self._naming = naming
        self.bundle = read(data)
        self._resources = tuple(self._read(allowed))
        self._known = dict[str, Found]()
        for one in self._resources:
            name = one.said.text("id")
            for address in filter(None, (one.address, f"{one.type}/{name}" if name else "")):
                if self._known.setdefault(address, one) is not one:
                    raise one.said.wrong("", f"has the address {shown(address)}, which another resource has, too")

    def of(self, resource: str) -> Iterator[Found]:
        """Give the resources of one kind, in order."""
        return (one for one in self._resources if one.type == resource)

    def _read(self, allowed: tuple[str, ...]) -> Iterator[Found]:
        self._check_mode(self.bundle)
        for number, entry in enumerate(self.bundle.each("entry"), 1):
            said = entry.child("resource")
            if said is None:
                raise entry.wrong("resource", "is missing")
            kind = said.choice("resourceType", allowed)
            if kind in _ABOUT_PEOPLE:
                self._check_codes(said, DIRECT)
            self._check_unseen(said.values, said.path)
            self._check_mode(said)
            yield Found(number, entry.text("fullUrl"), said)

    def _check_unseen(self, value: object, path: str) -> None:
        """Refuse what may name a patient below the elements that are read."""
        if isinstance(value, dict):
            for name, below in value.items():
                if name in _UNSEEN:
                    raise InputError(f"{path}.{name} may name a person and is not read; leave it out")
                if name in _POINTING and isinstance(below, dict):
                    self._check_codes(Element(f"{path}.{name}", below), ("display",))
                self._check_unseen(below, f"{path}.{name}")
        elif isinstance(value, list):
            for number, below in enumerate(value):
                self._check_unseen(below, f"{path}[{number}]")

    def _check_codes(self, said: Element, direct: tuple[str, ...]) -> None:
        """Refuse what says more of a patient than codes of this site; numbers of others name one, too."""
        named = next((name for name in direct if said.has(name)), "")
        if named:
            raise said.wrong(named, "names a person; only codes are taken: leave it out")
        own = {self._naming.system(kind) for kind in (IDENTITY, SUBJECT)}
        listed = said.values.get("identifier")
        every = said.each("identifier") if isinstance(listed, list) else filter(None, (said.child("identifier"),))
        for one in every:
            if one.text("system") not in own:
                raise one.wrong("system", f"is none of this site; codes of {' and '.join(sorted(own))} are taken")

    def _check_mode(self, said: Element) -> None:
        meta = said.child("meta")
        tags = [(tag.text("system"), tag.text("code")) for tag in meta.each("tag")] if meta else []
        if (MODE, SIMULATED) in tags and not self._naming.simulated:
            raise RefusedError(f"{said.path} is of a simulated site; this site is live")

    def target(self, reference: Element) -> Found | None:
        """Give what a reference points to in this bundle; None where it only names an identifier."""
        text = reference.text("reference")
        if not text:
            return None
        if text not in self._known:
            raise reference.wrong("reference", f"is {shown(text)}, which is not in the bundle")
        return self._known[text]

    def name(self, reference: Element | None, kind: str) -> str:
        """Give our id of what a reference names; empty where it has none of ours."""
        if reference is None:
            return ""
        target = self.target(reference)
        own = reference.child("identifier")
        every = [*(target.said.each("identifier") if target else ()), *((own,) if own else ())]
        names = {one.text("value") for one in every if one.text("system") == self._naming.system(kind)}
        if len(names) > 1:
            raise InputError(f"{reference.path} names more than one {kind}: {', '.join(sorted(names))}")
        return next(iter(names), "")
