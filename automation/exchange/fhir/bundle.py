"""What stands in a bundle of others: its resources by address, whose they are, and nothing that names a patient.

A patient comes as a code. A bundle with a name, a birth date or an address is refused as a whole: originals are kept
for ever and could not be forgotten. The error names the place, never the value.
Source: HL7 FHIR R5 (Bundle, 3.2.5 resolving references); GDPR art. 5(1)(c); docs/threat-model.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.exchange.fhir.codes import MODE, SIMULATED, Naming
from automation.exchange.fhir.read import Element, read, shown
from automation.kernel.errors import InputError, RefusedError

DIRECT = ("name", "telecom", "address", "birthDate", "photo", "contact", "maritalStatus", "deceasedDateTime")
_ABOUT_PEOPLE = frozenset({"Patient", "RelatedPerson", "Person"})


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
        self._known = {found.address: found for found in self._resources if found.address}
        self._known |= {f"{one.type}/{name}": one for one in self._resources if (name := one.said.text("id"))}

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
            direct = next((name for name in DIRECT if kind in _ABOUT_PEOPLE and said.has(name)), "")
            if direct:
                raise said.wrong(direct, "names a person; only codes are taken: leave it out")
            self._check_mode(said)
            yield Found(number, entry.text("fullUrl"), said)

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
