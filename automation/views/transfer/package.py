"""The transfer package: process map, what is critical, gaps and protocol, as data that is frozen by its SHA-256.

What is critical the user's control strategy says, by patterns of ``step.name``; nothing is critical by itself. Sites
are cited by the id of their ledger and the last event that was looked at, with its hash.
Source: WHO TRS 1044 annex 4 (2022), 7 (documentation) and 12; ICH Q8(R2) (what is critical).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

import msgspec

from automation.engine.recipe.model import Recipe, Step
from automation.engine.recipe.spec import OperationSpec, unit_of
from automation.engine.recipe.yaml_source import nearest
from automation.formulas.limits import Limits
from automation.kernel.errors import InputError
from automation.kernel.untrusted import UNREADABLE
from automation.views.equivalence import margin_of
from automation.views.transfer.gap import gaps
from automation.views.transfer.scale_sheet import Sheet
from automation.views.transfer.units import Gap, Pair, Unit

FORMAT = 1
PACKAGE = "transfer package"
CPP, CQA, OTHER = "CPP", "CQA", "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What people state: title, what is critical, margins, and how many batches for which reason."""

    title: str
    cpp: tuple[str, ...] = ()
    cqa: tuple[str, ...] = ()
    margins: tuple[str, ...] = ()  # STEP.NAME=VALUE UNIT
    runs: int = 3
    references: int = 3
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, or a result with its limits."""

    name: str
    text: str
    weight: str


@dataclass(frozen=True, slots=True)
class Box:
    """One step of the process map."""

    id: str
    operation: str
    title: str
    after: tuple[str, ...]
    done: str  # in rounds, or only when
    equipment: tuple[str, ...]
    parameters: tuple[Value, ...]
    results: tuple[Value, ...]
    materials: tuple[str, ...]
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """A site as it was looked at."""

    name: str
    ledger: str
    seq: int
    hash: str
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The whole package."""

    simulated: bool
    sending: Cited
    receiving: Cited
    recipe: str
    version: str
    digest: str
    protocol: Protocol
    map: tuple[Box, ...]
    time_limits: tuple[str, ...]
    gaps: tuple[Gap, ...]
    sheet: Sheet | None = None

    @property
    def critical(self) -> tuple[str, ...]:
        """Give every critical parameter and attribute, ``step.name``."""
        values = ((box, one) for box in self.map for one in (*box.parameters, *box.results))
        return tuple(f"{box.id}.{one.name}" for box, one in values if one.weight != OTHER)

    @property
    def data(self) -> dict[str, object]:
        """Give it as plain values."""
        known = asdict(self)
        known["gaps"] = [{"id": one.id, **asdict(one)} for one in self.gaps]
        return {"format": FORMAT, "is": PACKAGE, **known, "critical": self.critical}

    @property
    def text(self) -> bytes:
        """Give the JSON that is frozen; the same package gives the same bytes."""
        return frozen(self.data)

    @property
    def sha256(self) -> str:
        """Give the SHA-256 of that (hex)."""
        return hashlib.sha256(self.text).hexdigest()


class _Named(msgspec.Struct, frozen=True):
    name: str
    ledger: str


class _Line(msgspec.Struct, frozen=True):
    id: str
    severity: str
    sentence: str


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """What is read back of the file of a package."""

    what: str = msgspec.field(name="is")
    simulated: bool
    sending: _Named
    receiving: _Named
    recipe: str
    digest: str
    protocol: Protocol
    gaps: tuple[_Line, ...]
    critical: tuple[str, ...]

    def plan(self, sha256: str) -> dict[str, object]:
        """Give what a plan states of it."""
        said = self.protocol
        return {
            "title": said.title,
            "sending": self.sending.name,
            "receiving": self.receiving.name,
            "recipe": self.recipe,
            "digest": self.digest,
            "package": sha256,
            "gaps": [{"id": one.id, "weighs": one.severity, "sentence": one.sentence} for one in self.gaps],
            "critical": self.critical,
            "margins": said.margins,
            "runs": said.runs,
            "references": said.references,
            "rationale": said.rationale,
        }


def thawed(raw: bytes, *, where: str) -> Frozen:
    """Read the file of a package; raises InputError for anything else."""
    try:
        found = msgspec.json.decode(raw, type=Frozen)
    except UNREADABLE as error:
        raise InputError(f"this is no transfer package: {error}", where=where) from None
    if found.what != PACKAGE:
        raise InputError(f"this is a {found.what!r}, not a {PACKAGE!r}", where=where)
    return found


def frozen(data: object) -> bytes:
    """Write data as JSON with sorted keys, two blanks deep."""
    return msgspec.json.format(msgspec.json.encode(data, order="sorted", enc_hook=str), indent=2) + b"\n"


def package(pair: Pair, protocol: Protocol, sheet: Sheet | None = None) -> Package:
    """Put it together; raises InputError for a pattern that names nothing, or a margin of what is no attribute."""
    places = _places(pair.recipe, pair.operations)
    _check(places, protocol)
    _check_margins(pair, protocol)
    return Package(
        simulated=pair.simulated,
        sending=_cited(pair.sending),
        receiving=_cited(pair.receiving),
        recipe=pair.recipe.header.id,
        version=pair.recipe.header.version,
        digest=pair.recipe.digest,
        protocol=protocol,
        map=tuple(_box(pair, step, protocol) for step in pair.recipe.steps),
        time_limits=tuple(_time_limits(pair.recipe)),
        gaps=gaps(pair),
        sheet=sheet,
    )


def _cited(unit: Unit) -> Cited:
    last = unit.objects.last
    ledger = unit.objects.reader.genesis.ledger
    return Cited(unit.name, ledger, last.seq, last.hash.hex(), unit.file.simulated)


def _places(recipe: Recipe, operations: Mapping[str, OperationSpec]) -> dict[str, set[str]]:
    """Give every parameter and every result, ``step.name``."""
    return {
        CPP: {f"{step.id}.{name}" for step in recipe.steps for name in step.given},
        CQA: {f"{step.id}.{name}" for step in recipe.steps for name in operations[step.operation].results},
    }


def _check(places: dict[str, set[str]], protocol: Protocol) -> None:
    for weight, patterns in ((CPP, protocol.cpp), (CQA, protocol.cqa)):
        for pattern in patterns:
            if not any(fnmatchcase(place, pattern) for place in places[weight]):
                what = "parameter" if weight == CPP else "result"
                raise InputError(f"{pattern!r} is no {what} of the recipe; {nearest(pattern, sorted(places[weight]))}")
    if not protocol.cqa:
        raise InputError("nothing is called critical; name the quality attributes with --cqa STEP.NAME")


def _check_margins(pair: Pair, protocol: Protocol) -> None:
    """Refuse a margin that no report could be judged by: of nothing critical, or in another unit than its result."""
    for text in protocol.margins:
        margin = margin_of(text)
        step, _, name = margin.where.partition(".")
        if not _matches(margin.where, protocol.cqa):
            raise InputError(f"{margin.where!r} has a margin and is no critical quality attribute; name it with --cqa")
        results = pair.operations[pair.recipe.step(step).operation].results
        if name not in results:
            raise InputError(f"{margin.where!r} has a margin; {nearest(name, results)}")
        unit = unit_of(results[name])
        unit = "" if unit == "1" else unit
        if margin.value <= 0.0:
            raise InputError(f"the margin of {margin.where} is {margin.value:g}; more than 0 is needed")
        if margin.unit != unit:
            raise InputError(
                f"the margin of {margin.where} is in {margin.unit or 'no unit'}; it is in {unit or 'none'}"
            )


def _matches(place: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(place, pattern) for pattern in patterns)


def _box(pair: Pair, step: Step, protocol: Protocol) -> Box:
    part, spec = pair.recipe.part_of(step.id), pair.operations[step.operation]
    done = [*([str(part)] if part else []), *([f"only when {step.when}"] if step.when else [])]
    parameters = (
        Value(
            name,
            one.text if hasattr(one, "value") else f"from {one.text}",
            _weight(f"{step.id}.{name}", protocol, weight=CPP),
        )
        for name, one in step.given.items()
    )
    results = (
        Value(name, _limits(step.limits.get(name)), _weight(f"{step.id}.{name}", protocol, weight=CQA))
        for name in spec.results
        if name in step.limits or _matches(f"{step.id}.{name}", protocol.cqa)
    )
    return Box(
        id=step.id,
        operation=step.operation,
        title=step.title,
        after=step.after,
        done="; ".join(done),
        equipment=tuple(pair.recipe.equipment[role] for role in step.equipment.values()),
        parameters=tuple(parameters),
        results=tuple(results),
        materials=tuple(f"{one.name}, {one.quantity}" for one in pair.recipe.materials if one.step == step.id),
        signatures=tuple(map(str, step.signatures)),
    )


def _weight(place: str, protocol: Protocol, *, weight: str) -> str:
    return weight if _matches(place, protocol.cpp if weight == CPP else protocol.cqa) else OTHER


def _limits(limits: Limits | None) -> str:
    return "; ".join(f"{band} {limit}" for band, limit in limits.worst_first()) if limits else "no limit"


def _time_limits(recipe: Recipe) -> Iterator[str]:
    for one in recipe.time_limits:
        most = f" at most {float(one.most) / 60:g} min" if one.most is not None else ""
        least = f" at least {float(one.least) / 60:g} min" if one.least is not None else ""
        yield f"{one.name}: {one.start.text} to {one.end.text}{least}{most}"
