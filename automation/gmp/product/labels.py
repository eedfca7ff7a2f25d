"""Labels of containers: every print is numbered, its bytes are kept, and each label ends applied, kept or destroyed.

A label's id is ``<container>-L<number>``. Every print of a container but the first states why, and carries the mark
REPRINT, or RECORD COPY when it goes into the batch record. A label is *printed* when it was sent and the printer is
empty again, *verified* when it was scanned and says what the record says. People issue labels at the bench, too: from
an effective template, with what the record says of the container; one more is reissued with a second person, and who
issued a label does not verify it. Sent is noted before anything goes to a printer, so that nothing is printed twice.
Source: 21 CFR 211.125 (issued, used, returned and destroyed labels are reconciled), 211.130 (identity), 211.134
        (examined for suitability); EU GMP Part IV (labels of a batch are printed under control and counted).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import DAY, Due, within
from automation.gmp.label_text import SYMBOL, Bearer, bearer, check_text
from automation.gmp.marks import OPEN, of_batch, of_container
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.product.templates import check_template
from automation.gmp.shelf_lives import check_label
from automation.gmp.words import SYSTEM, Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

REPRINT, RECORD_COPY, SIMULATED = "REPRINT", "RECORD COPY", "SIMULATED"


class State(StrEnum):
    """Where a label stands; NOT_PRINTED is a number of which nothing came out, whatever the printer said."""

    ABSENT = "absent"
    ISSUED = "issued"
    PRINTED = "printed"
    VERIFIED = "verified"
    APPLIED = "applied"
    KEPT = "kept"
    DESTROYED = "destroyed"
    NOT_PRINTED = "not printed"


class Issue(Body):
    """What is to stand on it."""

    container: str = field(label="Container", length=1)
    code: str = field(label="Code", help="What the two-dimensional symbol says; else that of the container", default="")
    lines: tuple[str, ...] = field(label="Lines", help="Human-readable, from the top")
    marks: tuple[str, ...] = field(label="Marks", default=())
    template: str = field(label="Template", length=1)
    template_version: str = field(label="Version of the template", length=1)
    reason: str = field(label="Reason", help="Why one more; empty for the first", default="")
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    place: str = field(label="Place in the protocol", default="")


class Sending(Body):
    """To which printer it goes; noted before it goes."""

    asset: str = field(label="Printer", length=1)


class Printing(Body):
    """What was sent to the printer; empty when a person stated that it came out."""

    sha256: str = field(label="SHA-256 of the bytes sent", help="Names the specimen", default="")


class Verification(Body):
    """What a scanner read off it."""

    code: str = field(label="Code that was read", length=1)


class Application(Body):
    """What it was stuck on."""

    container: str = field(label="Container", length=1)


_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE, Right.SYSTEM})
_BENCH = frozenset({Right.PERFORM, Right.SUPERVISE})
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)
_OUT = (State.PRINTED, State.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("issue", State.ABSENT, State.ISSUED, by=_HANDS, body=Issue),
        Row("reissue", State.ABSENT, State.ISSUED, by=_BENCH, signs=_TWO, body=Issue),
        Row("send", State.ISSUED, State.ISSUED, by=_BENCH, body=Sending),
        Row("print", State.ISSUED, State.PRINTED, by=_HANDS, body=Printing),
        *(Row("void", state, State.NOT_PRINTED, by=_HANDS, body=Reason) for state in (State.ISSUED, State.PRINTED)),
        Row("verify", State.PRINTED, State.VERIFIED, by=_HANDS | {Right.VERIFY}, body=Verification),
        Row("apply", State.VERIFIED, State.APPLIED, by=_HANDS, body=Application),
        *(Row("keep", state, State.KEPT, by=_HANDS) for state in _OUT),
        *(Row("destroy", state, State.DESTROYED, by=_HANDS, body=Reason) for state in (*_OUT, State.APPLIED)),
    ),
)


@dataclass(frozen=True, slots=True)
class Label:
    """One print of one label, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    container: str = ""
    code: str = ""
    lines: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    template: str = ""
    template_version: str = ""
    reason: str = ""
    batch: str = ""
    place: str = ""  # in the protocol that issued it
    sha256: str = ""  # of the bytes sent
    ended: str = ""  # why it was destroyed or never printed
    issued_by: str = ""  # the person; empty when the program did
    issued_at: Instant = Instant(0.0)
    sent_to: str = ""  # the printer, by a person

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its container and its batch; one that a person issued is open until it is accounted for."""
        mine = (OPEN,) if self.issued_by and self.unaccounted else ()
        return (of_container(self.container), of_batch(self.batch), *mine) if self.container else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next with what a person issued: accounted for in a day."""
        if not (self.issued_by and self.unaccounted):
            return ()
        what = f"apply, keep, destroy or void label {self.id}, which is {self.state}"
        late = Right.SUPERVISE
        return (within(what, owner=Right.PERFORM, since=self.issued_at, given=DAY, escalate=late),)

    @property
    def unaccounted(self) -> bool:
        """Tell whether nobody has said yet what became of it."""
        return self.state in {State.ISSUED, *_OUT}

    @property
    def out(self) -> bool:
        """Tell whether paper came out of the printer for it."""
        return self.state not in {State.ABSENT, State.ISSUED, State.NOT_PRINTED}

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a number out of order, a print without its reason or mark, and a label of something else."""
        match fact.kind:
            case "issue" | "reissue":
                self._check_issue(fact, site)
            case "send":
                sent = f"label {self.id} was sent to {self.sent_to}; look whether it came out, then print or void it"
                self._refuse(bool(self.sent_to), sent)
                self._refuse(not self.issued_by, f"label {self.id} is the program's, which sends it by itself")
            case "print":
                other = _person(fact.by) and not self.issued_by
                self._refuse(bool(other), f"label {self.id} is the program's, which notes its printing by itself")
            case "verify":
                said = fact.stated(Verification).code
                if said != self.code:
                    raise IdentityError(f"label {self.id} was not read as {self.code!r}, which the record has on it")
                same = bool(self.issued_by) and fact.by == self.issued_by
                self._refuse(same, f"label {self.id} was issued by {fact.by}; someone else has to verify it")
            case "apply":
                self._check_applied(fact.stated(Application).container, site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(why)

    def _check_issue(self, fact: Fact, site: Site) -> None:
        said = fact.stated(Issue)
        before = tuple(_of(site, said.container))
        wanted = numbered(said.container, len(before) + 1)
        self._refuse(self.id != wanted, f"label {self.id}: the next label of {said.container} is {wanted}")
        printed = (*said.lines, *said.marks)
        check_template(site, name=said.template, version=said.template_version, printed=printed, label=self.id)
        on = bearer(site, said.container)
        if on is None or on.batch != said.batch:
            raise RefusedError(f"label {self.id}: container {said.container} is not one of batch {said.batch or '-'}")
        check_label(site, said.batch, lines=said.lines, label=self.id)
        unexplained = bool(before) and len(said.reason.strip()) < 3
        self._refuse(unexplained, f"label {self.id} is a reprint: a reason of at least 3 characters is needed")
        unmarked = bool(before) and not {REPRINT, RECORD_COPY} & set(said.marks)
        self._refuse(unmarked, f"label {self.id} has to carry the mark {REPRINT} or {RECORD_COPY}")
        real = site.simulated and SIMULATED not in said.marks
        self._refuse(real, f"label {self.id} of a simulated site has to carry the mark {SIMULATED}")
        if _person(fact.by):
            self._check_by_person(fact, site, on, before)

    def _check_by_person(self, fact: Fact, site: Site, on: Bearer, before: tuple["Label", ...]) -> None:
        """Refuse what a person may not: another code, other text, a reprint alone, one more while one is about."""
        said, again = fact.stated(Issue), any(one.out for one in before)
        alone = f"label {self.id} is a reprint; a second person signs for it: reissue"
        self._refuse(again and fact.kind == "issue", alone)
        self._refuse(
            not again and fact.kind == "reissue", f"label {self.id} is the first of {on.id} to come out: issue"
        )
        loose = next((one for one in before if one.unaccounted), None)
        where = f"label {loose.id} is {loose.state}; say first what became of it" if loose else ""
        self._refuse(loose is not None, f"label {self.id}: {where}")
        self._refuse(
            said.code not in {"", f"{SYMBOL}{on.id}"}, f"label {self.id} has the code of {on.id}, nothing else"
        )
        printed = (*said.lines, *said.marks)
        check_text(site, on, template=said.template, printed=printed, label=self.id)

    def _check_applied(self, container: str, site: Site) -> None:
        if container != self.container:
            raise IdentityError(f"label {self.id} is of {self.container}; it can't go on {container}")
        if RECORD_COPY in self.marks:
            raise RefusedError(f"label {self.id} is a record copy; it goes on no container")
        other = next((one.id for one in _of(site, container) if one.state is State.APPLIED), "")
        if other:
            raise RefusedError(f"container {container} carries label {other}; it has to be destroyed first")

    def apply(self, fact: Fact) -> Self:
        """Give the label as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Issue() as said:
                return replace(
                    after,
                    issued_by=fact.by if _person(fact.by) else "",
                    issued_at=fact.at,
                    container=said.container,
                    code=said.code or f"{SYMBOL}{said.container}",
                    lines=said.lines,
                    marks=said.marks,
                    template=said.template,
                    template_version=said.template_version,
                    reason=said.reason,
                    batch=said.batch,
                    place=said.place,
                )
            case Sending(asset=asset):
                return replace(after, sent_to=asset)
            case Printing(sha256=sha256):
                return replace(after, sha256=sha256)
            case Reason(reason=reason):
                return replace(after, ended=reason)
        return after


def _person(by: str) -> bool:
    return not by.startswith(f"{SYSTEM}:")


def labels_of(site: Site, container: str) -> tuple[Label, ...]:
    """Give the labels of a container, in the order of their numbers."""
    return tuple(_of(site, container))


def numbered(container: str, number: int) -> str:
    """Give the id of the n-th label of a container (1..)."""
    return f"{container}-L{number}"


def _of(site: Site, container: str) -> Iterable[Label]:
    return (one for one in site.marked("label", of_container(container)) if isinstance(one, Label))


KIND = Kind("label", "product", TABLE, Label)
