"""Results of laboratories beside the tests that they answer: the commands that they become, tried before any is given.

A result belongs to a test by its sample and nothing else. A file is taken as a whole: every command is tried on a copy
of the objects first, and one that would be refused keeps the others from being given.
Units:  those of the limits; nothing is converted.
Source: 21 CFR 211.194(a)(1) (identity of the sample), (a)(2), (a)(8); FDA guidance on OOS results (2022).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

from pydantic import ValidationError

from automation.formulas.limits import UCUM, parse
from automation.gmp.capacity import Capacity
from automation.gmp.codes import moment
from automation.gmp.marks import of_batch, of_subject
from automation.gmp.objects import Fact, Site, Thing
from automation.gmp.product.containers import Container
from automation.gmp.product.manifests import Manifest
from automation.gmp.product.testing import TABLE, Correction, QcTest, State, criterion_of
from automation.gmp.product.tray import Stray, stray_id
from automation.gmp.words import Body
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Instant

PRELIMINARY, FINAL, CORRECTED = "preliminary", "final", "corrected"
_ORDER: Final = (PRELIMINARY, FINAL, CORRECTED)
_DONE = frozenset({State.REPORTED, State.REVIEWED})
_SHORTEST = 3  # characters of a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LabResult:
    """One result as a laboratory states it; ``sample``, ``test`` and ``identity`` are empty where none of ours is."""

    entry: int  # of its file, from 1
    path: str  # where it stands there
    sample: str
    test: str
    identity: str  # chain of identity
    criterion: str  # which test, as the specification names it
    status: str  # preliminary, final or corrected
    value: str
    unit: str  # ours; empty for a word
    method: str
    analysed: str
    note: str


@dataclass(frozen=True, slots=True)
class Move:
    """One command that a result becomes; ``seen`` is the version of its test before."""

    path: str
    stream: str
    command: str
    body: Mapping[str, object]
    seen: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file comes to: commands, results that wait in the tray, what is known already, what would be refused."""

    moves: tuple[Move, ...] = ()
    strays: tuple[LabResult, ...] = ()
    known: tuple[str, ...] = ()  # a sentence each
    refused: Move | None = None
    why: str = ""  # it would be refused


class Looked(Site, Protocol):
    """A site that is looked at, with the versions of its objects."""

    def version(self, stream: str) -> int:
        """Give the version of a stream."""
        ...


def samples_of(site: Site, test: QcTest) -> tuple[str, ...]:
    """Name the samples of a test: the one that the laboratory took in, else that of its request or manifest."""
    if test.sample:
        return (test.sample,)
    if test.request and test.request.sample:
        return (test.request.sample,)
    sent = (cast("Manifest", one) for one in site.marked("manifest", of_subject(f"test/{test.id}")))
    plans = (one.plan for one in sent if one.plan is not None)
    return tuple(dict.fromkeys(said.sample for plan in plans for said in plan.samples if test.id in said.tests))


def tests_on(site: Site, sample: Container) -> Iterator[QcTest]:
    """Give the tests that are asked of a sample, in the order of their requests."""
    for one in site.marked("test", of_batch(sample.batch)) if sample.batch else ():
        if isinstance(one, QcTest) and one.request and sample.id in samples_of(site, one):
            yield one


def plan(site: Looked, found: Iterable[LabResult], *, sha256: str, at: Instant) -> Plan:
    """Say what the results of a file come to at a moment; ``sha256`` names the file.

    Raises InputError that names the element where a result can't belong to any test, or is in another unit.
    """
    trying = _Trying(site, at)
    moves, strays, known = list[Move](), list[LabResult](), list[str]()
    for one in sorted(found, key=lambda one: (_ORDER.index(one.status), _when(one, site.zone))):
        sample = one.sample if _is_ours(site, one.sample) else _joined(site, sha256, one.entry)
        if not sample:
            strays.append(one)
            continue
        test = _test(trying, one, sample)
        command = _command(test, one)
        if not command:
            known.append(f"{one.path}: test {test.id} has it already")
            continue
        if command == "correct" and any(made.stream == f"test/{test.id}" and made.command == command for made in moves):
            raise InputError(f"{one.path} is a second correction of test {test.id}; which one counts can't be told")
        move = Move(
            one.path, f"test/{test.id}", command, _body(one, sample=sample, sha256=sha256), trying.version(test.id)
        )
        try:
            trying.make(test, move)
        except RefusedError as refusal:
            return Plan(refused=move, why=str(refusal))
        moves.append(move)
    return Plan(tuple(moves), tuple(strays), tuple(known))


def _when(one: LabResult, zone: str) -> Instant:
    """Give when a preliminary result was measured, for their order; what is no moment is refused later, by its test."""
    try:
        return moment(one.analysed, zone=zone) if one.status == PRELIMINARY else Instant(0.0)
    except (ValueError, InputError):
        return Instant(0.0)


def _is_ours(site: Site, sample: str) -> bool:
    return bool(sample) and site.find("container", sample).state != "absent"


def _joined(site: Site, sha256: str, entry: int) -> str:
    """Give the sample that two people have joined a result to; empty when nobody has."""
    return cast("Stray", site.find("tray", stray_id(sha256, entry))).sample


def _test(trying: "_Trying", one: LabResult, sample: str) -> QcTest:
    asked = list(tests_on(trying, cast("Container", trying.find("container", sample))))
    asked = [test for test in asked if test.state is not State.CANCELLED]
    named = [test for test in asked if test.request and test.request.test.lower() == one.criterion.lower()]
    chosen = [test for test in named if test.id == one.test] if one.test else named
    if not chosen:
        allowed = ", ".join(f"{test.request.test} ({test.id})" for test in asked if test.request) or "none"
        what = f"{one.criterion}{f' ({one.test})' if one.test else ''}"
        raise InputError(f"{one.path}.code is {what!r}, which nobody asked of sample {sample}; asked: {allowed}")
    if len(chosen) > 1:
        ids = ", ".join(test.id for test in chosen)
        raise InputError(f"{one.path}.basedOn is missing: {one.criterion} of sample {sample} was asked as {ids}")
    _check_unit(trying, chosen[0], one)
    return chosen[0]


def _check_unit(site: Site, test: QcTest, one: LabResult) -> None:
    criterion = criterion_of(test, site)
    wanted = parse(criterion.limit)[0].unit if criterion.limit else ""
    if one.unit == wanted:
        return
    given = f"in {UCUM[one.unit]!r}" if one.unit else "a word"
    allowed = (
        f"a number in {UCUM[wanted]!r}" if wanted else f"words: {', '.join((*criterion.passes, *criterion.so_far))}"
    )
    raise InputError(f"{one.path}.value is {given}; allowed for {criterion.test}: {allowed}")


def _was_reported(test: QcTest, one: LabResult) -> bool:
    """Tell whether a test has this very result, also when another one has come since: it is told again, not anew."""
    said = (one.value, one.method, one.analysed, one.status, one.note if one.status == CORRECTED else "")
    return any(
        said == (was.value, was.method, was.analysed, status, was.reason if isinstance(was, Correction) else "")
        for was, status in zip(test.results, test.statuses, strict=True)
    )


def _command(test: QcTest, one: LabResult) -> str:
    """Give the command that a result becomes; empty for one that the test has, or has more than."""
    if _was_reported(test, one):
        return ""
    if one.status == PRELIMINARY:
        return "" if test.is_final else "report_preliminary"
    if test.state not in _DONE:
        return "report"
    last = test.results[-1] if test.results else None
    if last is not None and (last.value, last.method) == (one.value, one.method):
        return ""
    if one.status == FINAL:
        raise InputError(
            f"{one.path}.status is 'final', and test {test.id} has another result; a change is 'corrected'"
        )
    if len(one.note) < _SHORTEST:
        raise InputError(f"{one.path}.note is missing: a corrected result says why")
    return "correct"


def _body(one: LabResult, *, sample: str, sha256: str) -> dict[str, object]:
    said: dict[str, object] = {"value": one.value, "method": one.method, "analysed": one.analysed, "data": sha256}
    said |= {"sample": sample, "identity": one.identity}
    return said | ({"reason": one.note} if one.status == CORRECTED and one.note else {})


@dataclass(slots=True)
class _Trying:
    """A site as it would be after some commands; nothing of it is recorded."""

    site: Looked
    at: Instant
    moved: dict[str, QcTest] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)

    def make(self, test: QcTest, move: Move) -> None:
        """Make a move; raises RefusedError as the door would, InputError for a body that can't be read."""
        row = TABLE.decide(test.state, move.command)
        fields = getattr(row.body, "model_fields", {})
        given = {name: value for name, value in move.body.items() if name in fields}
        try:
            body = cast("type[Body]", row.body).model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InputError(f"{move.path}: {first['loc'][-1]}: {first['msg']} (given: {first['input']!r})") from None
        version = move.seen + 1
        fact = Fact(move.command, "", self.at, body, (), 0, move.stream, version, self.site.zone)
        test.check(fact, self)
        self.moved[test.id] = test.apply(fact)
        self.made[test.id] = self.made.get(test.id, 0) + 1

    def version(self, test: str) -> int:
        """Give the version of a test after the commands so far."""
        return self.site.version(f"test/{test}") + self.made.get(test, 0)

    def find(self, kind: str, id: str) -> Thing:  # noqa: A002  the field's own name
        """Give an object as it would stand."""
        return self.moved[id] if kind == "test" and id in self.moved else self.site.find(kind, id)

    def every(self, kind: str) -> Iterator[Thing]:
        """Give all objects of a kind."""
        return (self.find(kind, one.id) for one in self.site.every(kind))

    def marked(self, kind: str, mark: str) -> Iterator[Thing]:
        """Give the objects of a kind that carry a mark."""
        return (self.find(kind, one.id) for one in self.site.marked(kind, mark))

    def rights(self, person: str) -> frozenset[str]:
        """Give the rights of a person."""
        return self.site.rights(person)

    def names(self, kind: str) -> Sequence[str]:
        """Give the ids of all objects of a kind."""
        return self.site.names(kind)

    @property
    def seq(self) -> int:
        """Give the last event that is recorded."""
        return self.site.seq

    @property
    def roles(self) -> frozenset[str]:
        """Give the names of the roles."""
        return self.site.roles

    @property
    def now(self) -> Instant:
        """Give the moment."""
        return self.at

    @property
    def zone(self) -> str:
        """Give the site's zone."""
        return self.site.zone

    @property
    def simulated(self) -> bool:
        """Tell whether the site is simulated."""
        return self.site.simulated

    @property
    def capacities(self) -> Mapping[str, Capacity]:
        """Give what several patients share."""
        return self.site.capacities

    @property
    def operations(self) -> frozenset[str]:
        """Give the names of the installed operations."""
        return self.site.operations

    def keeps(self, sha256: str) -> bool:
        """Tell whether the site keeps a file."""
        return self.site.keeps(sha256)
