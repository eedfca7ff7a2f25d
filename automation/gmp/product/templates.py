"""Label templates: what a label of a kind always says, written by one person and approved by another.

A template's id is ``<name>@<version>``; a changed one is a new version. As soon as a site has a template of a name,
labels of that name are issued only from its effective version, and say what it says.
Source: 21 CFR 211.122 (labels are examined and approved), 211.125(b) (issued labels against the master); EU GMP Part IV
        and FACT-JACIE (labels under version control, obsolete ones withdrawn).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.marks import known_as
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table


class State(StrEnum):
    """Where a template stands; labels are issued from an effective one."""

    ABSENT = "absent"
    DRAFT = "draft"
    EFFECTIVE = "effective"
    WITHDRAWN = "withdrawn"


class Writing(Body):
    """What stands on every label, and by which rules."""

    title: str = field(label="Title", length=3)
    fixed: tuple[str, ...] = field(label="Lines on every label", help="For example: DO NOT IRRADIATE", default=())
    stock: str = field(label="Label stock", help="Material that was qualified for the storage condition", length=2)
    specimen: str = field(label="Specimen", help="SHA-256 of the drawing that is approved", default="")


_AUTHORS = frozenset({Right.REVIEW, Right.SUPERVISE})

TABLE = Table(
    State.ABSENT,
    (
        Row("write", State.ABSENT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("revise", State.DRAFT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("approve", State.DRAFT, State.EFFECTIVE, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        *(
            Row("withdraw", state, State.WITHDRAWN, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.DRAFT, State.EFFECTIVE)
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Template:
    """One version of one template, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    writing: Writing | None = None
    authors: tuple[str, ...] = ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its mark: its name, whatever the version."""
        return (known_as(self.id.partition("@")[0]),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a name without version, an author as approver, and a second effective version."""
        name, _, version = self.id.partition("@")
        if not name or not version:
            raise RefusedError(f"template {self.id}: an id like container@2 is needed, with its version")
        if fact.kind == "approve":
            if fact.by in self.authors:
                raise RefusedError(f"template {self.id} was written by {fact.by}; someone else has to approve it")
            others = (one for one in site.marked("template", known_as(name)) if one.id != self.id)
            other = next((one.id for one in others if one.state == State.EFFECTIVE), "")
            if other:
                raise RefusedError(f"template {self.id}: {other} is effective; withdraw it first")

    def apply(self, fact: Fact) -> Self:
        """Give the template as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if isinstance(fact.body, Writing):
            return replace(after, writing=fact.body, authors=tuple(dict.fromkeys((*self.authors, fact.by))))
        return after


def check_template(site: Site, *, name: str, version: str, printed: tuple[str, ...], label: str) -> None:
    """Raise RefusedError when a label would not come from the effective version, or leaves out what that says."""
    known = [cast("Template", one) for one in site.marked("template", known_as(name))]
    if not known:
        return  # the site keeps no templates of this name
    one = next((one for one in known if one.id == f"{name}@{version}"), None)
    if one is None or one.state is not State.EFFECTIVE:
        state = one.state if one else State.ABSENT
        raise RefusedError(f"label {label}: template {name}@{version} is {state}, not effective")
    text = " ".join(" ".join(line.split()) for line in printed).upper()
    lacks = next((line for line in (one.writing.fixed if one.writing else ()) if line.upper() not in text), "")
    if lacks:
        raise RefusedError(f"label {label} does not say {lacks!r}, which template {one.id} demands")


KIND = Kind("template", "product", TABLE, Template)
