"""Documents: SOPs, work instructions, recipes, forms and protocols, each version an object of its own (``SOP-12@3``).

Written by one, reviewed and approved by others, in force from a moment that may still come; the version before stays in
force until then. Whether a version holds is computed from the moments, so that nobody has to be awake when it begins.
Units:  moments in s (UTC).
Source: 21 CFR 211.100(a), 211.186(a) (drafted, reviewed and approved), 211.160(a); EU GMP chapter 4, 4.2 to 4.5
        (approved, effective date, superseded documents not used); 21 CFR 11.10(k)(2).
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.accountability import STATEMENT
from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN, teaching
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.operating import check_operations
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso, local
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

INSTRUCTION = "instruction"
"""The mark of SOPs and work instructions: a site that has one keeps them here."""
_GIVEN = 10 * DAY  # s, for each of: review, approve, bring into force
_ID = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,39})@(?P<version>[1-9][0-9]{0,3})")
_NEVER = Instant(float("inf"))


class State(StrEnum):
    """Where a version stands; EFFECTIVE and SUPERSEDED say from and until when."""

    ABSENT = "absent"
    DRAFT = "draft"
    IN_REVIEW = "in review"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Sort(StrEnum):
    """What kind of document it is."""

    SOP = "sop"
    WORK_INSTRUCTION = "work instruction"
    RECIPE = "recipe"
    FORM = "form"
    PROTOCOL = "protocol"
    SIGNATURES = STATEMENT  # that signatures bind; from its day on whoever has not accepted it signs nothing


class Writing(Body):
    """The whole text of a version, what it is for, and who has to know it."""

    title: str = field(label="Title", length=3)
    sort: Sort = field(label="Sort", help="sop, work instruction, recipe, form, protocol or signature statement")
    text: str = field(label="Text", help="The whole text, one line a sentence or step", length=1)
    digest: str = field(label="Digest", help="Of a recipe: its own; else SHA-256 of the file", default="")
    operations: tuple[str, ...] = field(label="Operations", help="That it instructs", default=())
    roles: tuple[str, ...] = field(label="Roles", help="Of those who have to be trained on it", default=())
    change: str = field(label="Change", help="The change control that it comes from", default="")


class Force(Body):
    """From when on it holds."""

    begins: Moment | None = field(label="Effective from", help="Empty: from now on", default=None)


class Succession(Body):
    """Which version follows, and from when on."""

    successor: str = field(label="Superseded by", length=3)
    ends: Moment = field(label="In force until")


_AUTHORS = frozenset({Right.SUPERVISE, Right.REVIEW, Right.INVESTIGATE, Right.MAINTAIN})
_RULE = frozenset({Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("write", State.ABSENT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("revise", State.DRAFT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("submit", State.DRAFT, State.IN_REVIEW, by=_AUTHORS),
        Row("review", State.IN_REVIEW, State.REVIEWED, by={Right.REVIEW, Right.VERIFY}, signs=(Meaning.REVIEWED,)),
        *(
            Row(
                "return",
                state,
                State.DRAFT,
                by={Right.REVIEW, Right.VERIFY, Right.APPROVE},
                signs=(Meaning.RETURNED,),
                body=Reason,
            )
            for state in (State.IN_REVIEW, State.REVIEWED)
        ),
        Row("approve", State.REVIEWED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row(
            "make_effective",
            State.APPROVED,
            State.EFFECTIVE,
            by={Right.APPROVE},
            signs=(Meaning.RESPONSIBLE,),
            body=Force,
        ),
        Row("supersede", State.EFFECTIVE, State.SUPERSEDED, by=_RULE, body=Succession),
        Row("reinstate", State.SUPERSEDED, State.EFFECTIVE, by=_RULE, body=Reason),
        *(
            Row("withdraw", state, State.WITHDRAWN, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.DRAFT, State.IN_REVIEW, State.REVIEWED, State.APPROVED, State.EFFECTIVE)
        ),
    ),
)


def of_document(name: str) -> str:
    """Give the mark of the versions of a document."""
    return f"document {name}"


def of_change(change: str) -> str:
    """Give the mark of what comes from a change control."""
    return f"change {change}"


def of_operation(operation: str) -> str:
    """Give the mark of the documents that instruct an operation."""
    return f"operation {operation}"


def of_recipe(digest: str) -> str:
    """Give the mark of the documents that approve a recipe with a digest."""
    return f"recipe {digest}"


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    writing: Writing | None = None
    authors: tuple[str, ...] = ()
    reviewed_by: str = ""
    approved_by: str = ""
    moved_at: Instant = Instant(0.0)  # of the last move
    begins: Instant = _NEVER  # in force from
    ends: Instant = _NEVER  # in force until
    successor: str = ""
    withdrawn: str = ""  # why

    @property
    def name(self) -> str:
        """Give the document of which it is a version."""
        return self.id.partition("@")[0]

    @property
    def version(self) -> int:
        """Give the number of the version; 0 for an id without one."""
        found = _ID.fullmatch(self.id)
        return int(found["version"]) if found else 0

    @property
    def lines(self) -> tuple[str, ...]:
        """Give the lines of its text."""
        return tuple(self.writing.text.splitlines()) if self.writing else ()

    def in_force(self, at: Instant) -> bool:
        """Tell whether it holds at a moment."""
        return self.state in {State.EFFECTIVE, State.SUPERSEDED, State.WITHDRAWN} and self.begins <= at < self.ends

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its document; one that is on its way is open; its change; the recipe that it approves."""
        waits = self.state in {State.DRAFT, State.IN_REVIEW, State.REVIEWED, State.APPROVED}
        said = self.writing
        change = (of_change(said.change),) if said and said.change else ()
        recipe = (of_recipe(said.digest),) if said and said.sort is Sort.RECIPE and said.digest else ()
        operations = tuple(of_operation(name) for name in said.operations) if said else ()
        binding = (STATEMENT,) if said and said.sort is Sort.SIGNATURES else ()
        binding = (INSTRUCTION,) if said and said.sort in {Sort.SOP, Sort.WORK_INSTRUCTION} else binding
        return (of_document(self.name), *((OPEN,) if waits else ()), *change, *recipe, *operations, *binding)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: each of review, approval and coming into force within ten days."""
        steps = {
            State.IN_REVIEW: ("review", Right.REVIEW),
            State.REVIEWED: ("approve", Right.APPROVE),
            State.APPROVED: ("make effective", Right.APPROVE),
        }
        if self.state not in steps:
            return ()
        what, owner = steps[self.state]
        return (within(f"{what} document {self.id}", owner=owner, since=self.moved_at, given=_GIVEN),)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say from and until when it holds, and what differs from the version before."""
        lines = [f"in force from {iso(self.begins, zone=site.zone)[:16]}"] if self.begins < _NEVER else []
        lines += [f"in force until {iso(self.ends, zone=site.zone)[:16]}"] if self.ends < _NEVER else []
        earlier = [one for one in versions(site, self.name) if one.version < self.version and one.writing]
        if earlier and self.writing:
            lines += [f"differs from {earlier[-1].id}: {line}" for line in differences(earlier[-1], self)]
        return tuple(lines)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse authors who judge their own text, a gap in versions, a date that is over, and an older version."""
        match fact.kind:
            case "write" | "revise":
                self._check_writing(fact.stated(Writing), site)
            case "review" | "approve":
                own = f"was written by {fact.by}; someone else has to {fact.kind} it"
                self._refuse(fact.by in self.authors, own)
            case "make_effective":
                self._check_force(fact, fact.stated(Force), site)
            case "supersede":
                said = fact.stated(Succession)
                after = cast("Document", site.find("document", said.successor))
                newer = after.state is State.EFFECTIVE and after.name == self.name and after.version > self.version
                self._refuse(not newer, f"is not superseded by {said.successor}, which is {after.state}")
            case "reinstate":
                after = cast("Document", site.find("document", self.successor))
                stands = after.state is not State.WITHDRAWN or after.begins < after.ends
                self._refuse(stands, f"stays superseded by {self.successor}, which is {after.state}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"document {self.id} {why}")

    def _check_writing(self, said: Writing, site: Site) -> None:
        if not _ID.fullmatch(self.id):
            raise InputError(f"document id is {self.id!r}; a name and a version are needed, for example SOP-12@3")
        check_operations(said.operations, site, where=f"document {self.id}")
        known = [one.version for one in versions(site, self.name)]
        wanted = max(known, default=0) + 1
        made = self.state is State.ABSENT
        self._refuse(made and self.version != wanted, f"would leave a gap: version {wanted} comes next")
        before = cast("Document", site.find("document", f"{self.name}@{self.version - 1}"))
        pending = before.state not in {State.ABSENT, State.EFFECTIVE, State.SUPERSEDED, State.WITHDRAWN}
        self._refuse(made and pending, f"has to wait: {before.id} is {before.state}")
        others = [one for one in versions(site, self.name) if one.id != self.id and one.state is not State.WITHDRAWN]
        other = next((one for one in others if one.writing and one.writing.sort is not said.sort), None)
        if other is not None and other.writing is not None:
            self._refuse(True, f"is a {said.sort}; {other.id} is a {other.writing.sort}: another sort has another name")
        unknown = bool(said.change) and site.find("change", said.change).state == "absent"
        self._refuse(unknown, f"comes from change {said.change}, which is not known here")
        bare = said.sort is Sort.RECIPE and not re.fullmatch(r"[0-9a-f]{64}", said.digest)
        self._refuse(bare, "is a recipe: its digest is needed, 64 hex digits, as check RECIPE gives it")

    def _check_force(self, fact: Fact, said: Force, site: Site) -> None:
        begins = moment(said.begins, zone=fact.zone) if said.begins else fact.at
        self._refuse(begins < fact.at, f"can't be effective from {said.begins}, which is over")
        newer = [one.id for one in versions(site, self.name) if one.version > self.version and one.begins < _NEVER]
        self._refuse(bool(newer), f"is older than {', '.join(newer)}")
        still = [one.id for one in versions(site, self.name) if one.begins < one.ends and begins < one.begins < _NEVER]
        self._refuse(bool(still), f"would hold before {', '.join(still)}, which is older; withdraw that first")

    def apply(self, fact: Fact) -> Self:
        """Give the version as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.kind:
            case "write" | "revise":
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, writing=fact.stated(Writing), authors=authors)
            case "review":
                return replace(after, reviewed_by=fact.by)
            case "return":
                return replace(after, reviewed_by="")
            case "approve":
                return replace(after, approved_by=fact.by)
            case "make_effective":
                said = fact.stated(Force)
                return replace(after, begins=moment(said.begins, zone=fact.zone) if said.begins else fact.at)
            case "supersede":
                ended = fact.stated(Succession)
                return replace(after, ends=moment(ended.ends, zone=fact.zone), successor=ended.successor)
            case "reinstate":
                return replace(after, ends=_NEVER, successor="")
            case "withdraw":
                ends = min(self.ends, max(self.begins, fact.at)) if self.begins < _NEVER else _NEVER
                return replace(after, withdrawn=fact.stated(Reason).reason, ends=ends)
        return after


def versions(site: Site, name: str) -> tuple[Document, ...]:
    """Give the versions of a document, the first one first."""
    found = (one for one in site.marked("document", of_document(name)) if isinstance(one, Document))
    return tuple(sorted(found, key=lambda one: one.version))


def known(site: Site, name: str) -> bool:
    """Tell whether a document, or a version of it (``SOP-12@3``), is here and was not withdrawn."""
    found = versions(site, name.partition("@")[0])
    return any(one.id == name or "@" not in name for one in found if one.state is not State.WITHDRAWN)


def in_force(site: Site, name: str, at: Instant) -> Document | None:
    """Give the version of a document that holds at a moment; None when none does."""
    return next((one for one in reversed(versions(site, name)) if one.in_force(at)), None)


def instructing(site: Site, operation: str, at: Instant) -> tuple[Document, ...]:
    """Give the versions that instruct an operation and hold at a moment."""
    found = (one for one in site.marked("document", of_operation(operation)) if isinstance(one, Document))
    return tuple(one for one in found if one.in_force(at))


def differences(before: Document, after: Document) -> tuple[str, ...]:
    """Give what differs between two versions: fields in words, then lines with ``-`` gone and ``+`` new."""
    found = _fields(before, after)
    text = list(difflib.unified_diff(before.lines, after.lines, lineterm="", n=0))
    return (*found, *text[2:])  # without the names of files


def _fields(before: Document, after: Document) -> Iterator[str]:
    old, new = before.writing, after.writing
    if old is None or new is None:
        return
    for name, one in Writing.model_fields.items():
        was, now = _said(getattr(old, name)), _said(getattr(new, name))
        if name != "text" and was != now:
            yield f"{one.title}: {was or 'nothing'} becomes {now or 'nothing'}"


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def check_recipe(site: Site, *, batch: str, recipe: str, digest: str) -> None:
    """Raise RefusedError for a lot of a recipe that is under document control and of which this is not what holds.

    A recipe is under document control as soon as a document of its name and of the sort *recipe* exists.
    """
    known = [one for one in versions(site, recipe) if one.writing and one.writing.sort is Sort.RECIPE]
    if not known:
        return
    held = in_force(site, recipe, site.now)
    if held is None:
        raise RefusedError(f"batch {batch}: no version of recipe {recipe} is effective; {known[-1].id} is the newest")
    if held.writing and held.writing.digest != digest:
        what = f"{held.id} is effective with digest {held.writing.digest[:12]}"
        raise RefusedError(f"batch {batch}: recipe {recipe} with digest {digest[:12]} is not approved: {what}")


def _older(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    after = cast("Document", thing)
    ends = local(after.begins, zone=fact.zone).isoformat(timespec="microseconds")
    for one in versions(site, after.name):
        if one.version < after.version and one.state is State.EFFECTIVE:
            yield Next(f"document/{one.id}", "supersede", {"successor": after.id, "ends": ends})


def _retrained(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    """Open the curricula that teach the document again; the trainings follow from that."""
    after = cast("Document", thing)
    begins = local(after.begins, zone=fact.zone).isoformat(timespec="microseconds")
    for one in site.marked("curriculum", teaching(after.name)):
        yield Next(f"curriculum/{one.id}", "reopen", {"document": after.id, "begins": begins})


def _reinstated(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    gone = cast("Document", thing)
    if gone.begins < _NEVER and gone.ends <= gone.begins:
        for one in versions(site, gone.name):
            if one.successor == gone.id:
                yield Next(f"document/{one.id}", "reinstate", {"reason": f"{gone.id} never came into force"})


_CLAUSE = "EU GMP chapter 4, 4.5"
_TRAINED = "21 CFR 211.25(a)"

KIND = Kind(
    "document",
    "quality",
    TABLE,
    Document,
    (
        Follow("superseded", "make_effective", "the version before ends when this one begins", _CLAUSE, _older),
        Follow("retrained", "make_effective", "whoever is trained on it is trained again", _TRAINED, _retrained),
        Follow("reinstated", "withdraw", "the version before goes on, if this one never held", _CLAUSE, _reinstated),
    ),
)
