"""Labels of containers: every print is numbered, its bytes are kept, and each label ends applied, kept or destroyed.

A label's id is ``<container>-L<number>``. Every print of a container but the first states why, and carries the mark
REPRINT, or RECORD COPY when it goes into the batch record. A label is *printed* when it was sent and the printer is
empty again, *verified* when it was scanned and says what the record says.
Source: 21 CFR 211.125 (issued, used, returned and destroyed labels are reconciled), 211.130 (identity), 211.134
        (examined for suitability); EU GMP Part IV (labels of a batch are printed under control and counted).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.marks import of_batch, of_container
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.product.templates import check_template
from automation.gmp.words import Body, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table

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
    code: str = field(label="Code", help="What the two-dimensional symbol says", length=1)
    lines: tuple[str, ...] = field(label="Lines", help="Human-readable, from the top")
    marks: tuple[str, ...] = field(label="Marks", default=())
    template: str = field(label="Template", length=1)
    template_version: str = field(label="Version of the template", length=1)
    reason: str = field(label="Reason", help="Why one more; empty for the first", default="")
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    place: str = field(label="Place in the protocol", default="")


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
_PROGRAM = frozenset({Right.SYSTEM})
_OUT = (State.PRINTED, State.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("issue", State.ABSENT, State.ISSUED, by=_PROGRAM, body=Issue),
        Row("print", State.ISSUED, State.PRINTED, by=_PROGRAM, body=Printing),
        *(Row("void", state, State.NOT_PRINTED, by=_HANDS, body=Reason) for state in (State.ISSUED, State.PRINTED)),
        Row("verify", State.PRINTED, State.VERIFIED, by=_HANDS, body=Verification),
        Row("apply", State.VERIFIED, State.APPLIED, by=_HANDS, body=Application),
        *(Row("keep", state, State.KEPT, by=_HANDS) for state in _OUT),
        *(Row("destroy", state, State.DESTROYED, by=_HANDS, body=Reason) for state in (*_OUT, State.APPLIED)),
    ),
)


class _Container(Protocol):
    """What a label asks of a container."""

    state: str

    @property
    def batch(self) -> str: ...


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

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its container and its batch."""
        return (of_container(self.container), of_batch(self.batch)) if self.container else ()

    @property
    def out(self) -> bool:
        """Tell whether paper came out of the printer for it."""
        return self.state not in {State.ABSENT, State.ISSUED, State.NOT_PRINTED}

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a number out of order, a print without its reason or mark, and a label of something else."""
        match fact.kind:
            case "issue":
                self._check_issue(fact.stated(Issue), site)
            case "verify":
                said = fact.stated(Verification).code
                if said != self.code:
                    raise IdentityError(f"label {self.id} was not read as {self.code!r}, which the record has on it")
            case "apply":
                self._check_applied(fact.stated(Application).container, site)

    def _check_issue(self, said: Issue, site: Site) -> None:
        before = sum(1 for other in _of(site, said.container))
        wanted = numbered(said.container, before + 1)
        if self.id != wanted:
            raise RefusedError(f"label {self.id}: the next label of {said.container} is {wanted}")
        printed = (*said.lines, *said.marks)
        check_template(site, name=said.template, version=said.template_version, printed=printed, label=self.id)
        container = cast("_Container", site.find("container", said.container))
        if container.state in {"absent", "cancelled", "destroyed"} or container.batch != said.batch:
            raise RefusedError(f"label {self.id}: container {said.container} is not one of batch {said.batch or '-'}")
        again = bool(before)
        if again and len(said.reason.strip()) < 3:
            raise RefusedError(f"label {self.id} is a reprint: a reason of at least 3 characters is needed")
        if again and not {REPRINT, RECORD_COPY} & set(said.marks):
            raise RefusedError(f"label {self.id} has to carry the mark {REPRINT} or {RECORD_COPY}")
        if site.simulated and SIMULATED not in said.marks:
            raise RefusedError(f"label {self.id} of a simulated site has to carry the mark {SIMULATED}")

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
                    container=said.container,
                    code=said.code,
                    lines=said.lines,
                    marks=said.marks,
                    template=said.template,
                    template_version=said.template_version,
                    reason=said.reason,
                    batch=said.batch,
                    place=said.place,
                )
            case Printing(sha256=sha256):
                return replace(after, sha256=sha256)
            case Reason(reason=reason):
                return replace(after, ended=reason)
        return after


def numbered(container: str, number: int) -> str:
    """Give the id of the n-th label of a container (1..)."""
    return f"{container}-L{number}"


def _of(site: Site, container: str) -> Iterable[Label]:
    return (one for one in site.marked("label", of_container(container)) if isinstance(one, Label))


KIND = Kind("label", "product", TABLE, Label)
