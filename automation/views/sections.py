"""Tables for the quality part of a submission, section by section, each line with its events or the recipe's digest.

What the records do not carry is not written: the section says what is missing. Where the drug substance ends and the
drug product begins is for the applicant to say; without it the whole process stands under the drug product.
Units:  as the recipe, specification and results state them; ages in months.
Source: ICH M4Q(R1): 3.2.S.2.2 to 2.5, 3.2.P.3.2 to 3.5, 3.2.P.5.1, 5.4, 5.6, 3.2.P.7, 3.2.P.8.1, 8.3; batch analyses
        of the drug substance (3.2.S.4.4) are written by ``views.analyses``, too.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

from automation.engine.recipe.model import Recipe, Step
from automation.formulas.limits import Limits
from automation.gmp.marks import of_batch, of_subject
from automation.gmp.materials.definitions import Material
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container
from automation.gmp.product.testing import QcTest
from automation.gmp.quality.ppq import Qualification
from automation.gmp.quality.specifications import Specification, Verdict
from automation.gmp.quality.stability import Study
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Instant, Seconds
from automation.views.analyses import FIELDS, SET_ASIDE, batch_analyses
from automation.views.objects import Objects
from automation.views.questions.measures import numbers, summaries
from automation.views.questions.rows import Row
from automation.views.questions.tables import Tables
from automation.views.wording import show, span

RESULTS = frozenset({"report", "correct", "review"})  # by which a result came to stand
FEWEST = 3  # batches from which on a process is said to be evaluated
_NONE = "null"  # as a recipe writes a parameter that it does not set
_SHORT = 16  # hex digits of a digest in a table


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: its cells, and what it comes from."""

    cells: tuple[str, ...]
    events: tuple[int, ...] = ()
    digest: str = ""  # of the recipe

    @property
    def source(self) -> str:
        """Say what the line comes from."""
        recipe = (f"recipe {self.digest[:_SHORT]}",) if self.digest else ()
        events = (f"event {' '.join(map(str, self.events))}",) if self.events else ()
        return "; ".join((*recipe, *events))


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a section."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the submission is about: a recipe, the batches that were made by it, and where the product begins."""

    objects: Objects
    recipe: Recipe
    batches: tuple[Batch, ...]
    product_from: str = ""  # the first step of the drug product

    @property
    def product(self) -> str:
        """Give the product as the recipe names it."""
        return self.recipe.product.name

    @property
    def substance(self) -> tuple[Step, ...]:
        """Give the steps of the drug substance; raises RefusedError where nobody said where it ends."""
        if not self.product_from:
            raise RefusedError("it is not stated where the drug product begins (--product-from STEP)")
        return self.recipe.steps[: self._at]

    @property
    def product_steps(self) -> tuple[Step, ...]:
        """Give the steps of the drug product, all where nobody said where it begins."""
        return self.recipe.steps[self._at :] if self.product_from else self.recipe.steps

    @property
    def _at(self) -> int:
        names = [one.id for one in self.recipe.steps]
        if self.product_from not in names:
            raise InputError(f"the recipe has no step {self.product_from!r}; it has {', '.join(names)}")
        return names.index(self.product_from)


def made_by(objects: Objects, recipe: str) -> tuple[Batch, ...]:
    """Give the batches of a recipe (``ID`` or ``ID@VERSION``), the last one last; raises InputError for none."""
    found = [one for one in objects.every("batch") if isinstance(one, Batch) and one.issue is not None]
    own = [
        one
        for one in found
        if one.issue and recipe in {one.issue.recipe, f"{one.issue.recipe}@{one.issue.recipe_version}"}
    ]
    if not own:
        known = sorted({f"{one.issue.recipe}@{one.issue.recipe_version}" for one in found if one.issue})
        raise InputError(f"no batch was issued by {recipe!r}; there are batches by {', '.join(known) or 'no recipe'}")
    return tuple(sorted(own, key=lambda one: one.issued_at or Instant(0.0)))


def written(number: str, about: Subject) -> tuple[Table, ...]:
    """Give the tables of a section; raises InputError for an unknown one, RefusedError with what is missing."""
    if number not in SECTIONS:
        raise InputError(f"there is no table for section {number!r}; there are {', '.join(SECTIONS)}")
    try:
        made = tuple(SECTIONS[number][1](about))
    except RefusedError as error:
        raise RefusedError(f"section {number} can't be written: {error}") from None
    if not any(table.lines for table in made):
        raise RefusedError(f"section {number} can't be written: nothing is on record")
    return made


def _description(about: Subject, steps: Sequence[Step]) -> Iterator[Table]:
    digest = about.recipe.digest
    lines = (
        Line(
            (
                one.id,
                one.title,
                one.operation,
                ", ".join(one.after),
                ", ".join(about.recipe.equipment.get(role, role) for role in one.equipment.values()),
                str(one.opens) if one.opens else "not stated",
                ", ".join(map(str, one.signatures)),
            ),
            digest=digest,
        )
        for one in steps
    )
    heads = ("step", "what is done", "operation", "after", "equipment", "opened in", "signed as")
    yield Table("Steps", heads, tuple(lines))
    given = (
        Line((one.id, name, _stated(value.text)), digest=digest) for one in steps for name, value in one.given.items()
    )
    yield Table("Process parameters", ("step", "parameter", "value"), tuple(given))


def _stated(text: str) -> str:
    return "not set" if text == _NONE else text


def _controls(about: Subject, steps: Sequence[Step]) -> Iterator[Table]:
    names = {one.id for one in steps}
    yields = (
        Line((one.id, part.name, *_bounds(part.limits)), digest=about.recipe.digest)
        for one in steps
        for part in one.yields
    )
    limits = (
        Line((one.id, result, *_bounds(found)), digest=about.recipe.digest)
        for one in steps
        for result, found in one.limits.items()
    )
    controls = tuple(chain(limits, yields))
    if not controls:
        raise RefusedError("no step of the recipe has a limit")
    yield Table("In-process controls", ("step", "result", "alert", "action", "reject"), controls)
    times = (
        Line(
            (
                one.name,
                f"{one.start.step} {one.start.event}",
                f"{one.end.step} {one.end.event}",
                *_times(one.least, one.most),
            ),
            digest=about.recipe.digest,
        )
        for one in about.recipe.time_limits
        if {one.start.step, one.end.step} & names
    )
    yield Table("Time limits", ("limit", "from", "to", "at least", "at most"), tuple(times))


def _bounds(found: Limits) -> tuple[str, str, str]:
    alert, action, reject = (" and ".join(map(str, band)) for band in (found.alert, found.action, found.reject))
    return alert, action, reject


def _times(*bounds: Seconds | None) -> tuple[str, ...]:
    return tuple("" if one is None else span(float(one)) for one in bounds)


def _materials(about: Subject, steps: Sequence[Step]) -> Iterator[Table]:
    """Give the bill of the steps, each material by its definition in force; refused where one has none."""
    names = {one.named for one in steps} | {one.id for one in steps}
    bill = [one for one in about.recipe.materials if one.step in names]
    defined = {one.name: cast("Material", about.objects.find("material", one.name)) for one in bill}
    lacking = sorted(name for name, one in defined.items() if one.definition is None)
    if lacking:
        raise RefusedError(f"no definition is in force for {', '.join(lacking)}")
    lines = []
    for one in bill:
        found = defined[one.name]
        said = found.definition
        if said is None:
            continue
        kept = f"{_celsius(said.lowest_c)} to {_celsius(said.highest_c)}"
        tests = "; ".join(f"{part.test} ({part.method}): {part.says}" for part in said.criteria)
        papers = "certificate of analysis" if said.certificate else ""
        amount = f"{one.quantity.value} {one.quantity.unit}"
        cells = (one.step, one.name, one.what, amount, kept, papers, tests, f"version {found.version}")
        lines.append(Line(cells, _approvals(about.objects, f"material/{one.name}"), about.recipe.digest))
    heads = ("step", "material", "what", "quantity", "kept at", "papers", "tests at receipt", "definition")
    yield Table("Materials", heads, tuple(lines))


def _formula(about: Subject) -> Iterator[Table]:
    """Give what one batch takes, step by step, as the recipe states it; the starting material first."""
    starts = Line(
        ("", about.recipe.product.starts_from or "as the order states it", "starting material", ""),
        digest=about.recipe.digest,
    )
    bill = (
        Line((one.step, one.name, one.what, f"{one.quantity.value} {one.quantity.unit}"), digest=about.recipe.digest)
        for one in about.recipe.materials
    )
    yield Table("Batch formula", ("step", "material", "what", "quantity in a batch"), (starts, *bill))


def _celsius(value: float | None) -> str:
    return "not stated" if value is None else f"{value:g} degC"


def _evaluation(about: Subject, steps: Sequence[Step]) -> Iterator[Table]:
    """Give what in-process controls came to over the batches that ended, and the qualifications of the process."""
    objects, names = about.objects, {one.id for one in steps}
    tables = Tables(objects)
    mine = {one.id for one in about.batches}
    rows = [row for row in tables["batches"].rows if row.text("batch") in mine]
    ended = {row.text("batch") for row in rows if row.text("ended_as") == "complete"}
    if len(ended) < FEWEST:
        many = f"{len(ended)} {'batch' if len(ended) == 1 else 'batches'} of {about.recipe.header.id}"
        raise RefusedError(f"{many} {'is' if len(ended) == 1 else 'are'} complete; at least {FEWEST} are needed")
    found = [
        one
        for metric in ("results", "yield")
        for one in numbers(metric, tables)
        if one.batch in ended and one.what.partition(".")[0] in names
    ]
    lines = []
    for one in summaries("results", found):
        parts = [each for each in found if (each.what, each.unit) == (one.what, one.unit)]
        events = tuple(sorted({seq for each in parts for seq in each.events}))
        scatter = "" if one.sd is None else show(one.sd)
        counts = (str(len({each.batch for each in parts})), str(one.number))
        told = (show(one.mean), scatter, show(one.least), show(one.most))
        lines.append(Line((one.what, one.unit, *counts, *told), events))
    heads = ("result", "unit", "batches", "values", "mean", "sd", "least", "most")
    yield Table("Process evaluation", heads, tuple(lines))
    yield Table(
        "Batches", ("batch", "version", "lot type", "ended as", "evaluated"), tuple(_made(row, ended) for row in rows)
    )
    ppq = [one for one in objects.every("ppq") if isinstance(one, Qualification) and _is_of(one, about)]
    yield Table(
        "Process performance qualification",
        ("PPQ", "state", "claim", "batches planned", "batches counted", "not conforming", "conclusion"),
        tuple(_qualification(objects, one) for one in ppq),
    )


def _made(row: Row, ended: Collection[str]) -> Line:
    """Tell one batch, the bad ones too: a reader has to see which of them the numbers are of."""
    name = row.text("batch")
    told = (row.text("version"), row.text("lot_type"), row.text("ended_as"), "yes" if name in ended else "no")
    return Line((name, *told), row.events)


def _is_of(one: Qualification, about: Subject) -> bool:
    """Tell whether a qualification is of a recipe by which one of the batches was made; names say less than digests."""
    made = {batch.issue.recipe_digest for batch in about.batches if batch.issue}
    return one.plan is not None and one.plan.digest in {about.recipe.digest, *made}


def _qualification(objects: Objects, one: Qualification) -> Line:
    plan = one.plan
    claim = f"{plan.claim}, {plan.share:g} % with {plan.confidence:g} % confidence" if plan else ""
    said = one.conclusion.conclusion if one.conclusion else ""
    counted = ", ".join(each.batch for each in one.counted)
    cells = (one.id, str(one.state), claim, str(plan.number if plan else ""), counted, ", ".join(one.bad), said)
    return Line(cells, tuple(event.seq for event in objects.streams[f"ppq/{one.id}"]))


def _specifications(about: Subject) -> list[Specification]:
    """Give those in force for the product, or by which its lots were tested; raises RefusedError for none."""
    mine = {one.id for one in about.batches}
    tests = [one for one in about.objects.every("test") if isinstance(one, QcTest) and one.request is not None]
    used = {one.request.specification for one in tests if one.request and one.batch in mine}
    every = [one for one in about.objects.every("specification") if isinstance(one, Specification)]
    own = [one for one in every if one.state == "effective" and (one.product == about.product or one.id in used)]
    if not own:
        raise RefusedError(f"no specification of {about.product} is in force")
    return own


def _specification(about: Subject) -> Iterator[Table]:
    for one in _specifications(about):
        seqs = _approvals(about.objects, f"specification/{one.id}")
        lines = (Line((part.test, part.method, part.says, part.loq, str(part.stage)), seqs) for part in one.criteria)
        yield Table(f"Specification {one.id}", ("test", "method", "criterion", "LOQ", "needed for"), tuple(lines))


def _analyses(about: Subject) -> Iterator[Table]:
    mine = {one.id for one in about.batches}
    for one in _specifications(about):
        rows = (row for row in batch_analyses(about.objects, one.id) if row[0] in mine)
        lines = tuple(Line(row[:-1], tuple(map(int, row[-1].split()))) for row in rows)
        yield Table(f"Batch analyses by {one.id}", FIELDS[:-1], lines)


def _justification(about: Subject) -> Iterator[Table]:
    """Give what results there are behind each criterion; the argument itself is for the applicant to write."""
    mine = {one.id for one in about.batches}
    for one in _specifications(about):
        rows = [row for row in batch_analyses(about.objects, one.id) if row[0] in mine]
        if not rows:
            raise RefusedError(f"no lot of the recipe has a result by {one.id}")
        lines = []
        for part in one.criteria:
            every = [row for row in rows if row[2] == part.test]
            own = [row for row in every if not row[6].startswith(SET_ASIDE)]
            values = ", ".join(dict.fromkeys(row[5] for row in own))
            judged = [str(sum(row[7] == verdict for row in own)) for verdict in (Verdict.OUT, Verdict.NOT_EVALUABLE)]
            events = tuple(sorted({int(seq) for row in every for seq in row[-1].split()}))
            counts = (str(len({row[0] for row in own})), str(len(own)), values, *judged, str(len(every) - len(own)))
            lines.append(Line((part.test, part.says, *counts), events))
        judgements = (str(Verdict.OUT), str(Verdict.NOT_EVALUABLE), SET_ASIDE)
        heads = ("test", "criterion", "lots", "results", "values found", *judgements)
        yield Table(f"Results behind {one.id}", heads, tuple(lines))


def _closure(about: Subject) -> Iterator[Table]:
    if not about.recipe.product.container:
        raise RefusedError("the recipe names no container of the product")
    stated = Line((about.recipe.product.container, "as the recipe states it", "", ""), digest=about.recipe.digest)
    groups: dict[str, list[Container]] = {}
    for batch in about.batches:
        every = [cast("Container", thing) for thing in about.objects.marked("container", of_batch(batch.id))]
        begun_with = {one.parent for one in every if one.purpose != "aliquot"}  # what the product was made of
        for one in every:
            if one.purpose == "product" and one.id not in begun_with:
                groups.setdefault(one.kind or "not stated", []).append(one)
    lines = [stated]
    for kind, some in groups.items():
        leaks = sum(any(about.objects.marked("nonconformance", of_subject(f"container/{one.id}"))) for one in some)
        seqs = tuple(about.objects.streams[f"container/{one.id}"][0].seq for one in some)
        lines.append(Line((kind, "containers of the product on record", str(len(some)), str(leaks)), seqs))
    heads = ("container", "what it rests on", "number", "with a non-conformance")
    yield Table("Container closure system", heads, tuple(lines))


def _studies(about: Subject) -> list[tuple[Study, Specification]]:
    own = {one.id: one for one in _specifications(about)}
    every = [one for one in about.objects.every("stability") if isinstance(one, Study) and one.plan is not None]
    found = [(one, own[one.plan.specification]) for one in every if one.plan and one.plan.specification in own]
    with_results = [pair for pair in found if any(_aged(about.objects, *pair))]
    if not with_results:
        raise RefusedError(f"no study of {about.product} has a reviewed result")
    return with_results


def _stability(about: Subject) -> Iterator[Table]:
    for one, demanded in _studies(about):
        yield Table(
            f"Stability data of {one.id}, {one.plan.condition if one.plan else ''}",
            ("lot", "attribute", "age [months]", "result", "criterion"),
            tuple(_aged(about.objects, one, demanded)),
        )


def _aged(objects: Objects, one: Study, demanded: Specification) -> Iterator[Line]:
    for attribute in one.plan.attributes if one.plan else ():
        criterion = demanded.criterion(attribute)
        found = sorted(one.tests(objects, attribute), key=lambda each: (each[0], each[1]))
        for lot, age, test in found:
            seqs = tuple(event.seq for event in objects.streams[f"test/{test.id}"] if event.kind in RESULTS)
            said = criterion.says if criterion else ""
            yield Line((lot, attribute, f"{age:.1f}", test.value, said), seqs)


def _shelf_life(about: Subject) -> Iterator[Table]:
    lines = []
    for one, _ in _studies(about):
        seqs = tuple(event.seq for event in about.objects.streams[f"stability/{one.id}"])
        lines += [Line((one.id, sentence), seqs) for sentence in one.told(about.objects)]
    yield Table(
        "Stability summary and conclusion", ("study", "what the data carry, and what was decided"), tuple(lines)
    )


def _approvals(objects: Objects, stream: str) -> tuple[int, ...]:
    return tuple(event.seq for event in objects.streams.get(stream, []) if event.kind in {"write", "revise", "approve"})


SECTIONS: Mapping[str, tuple[str, Callable[[Subject], Iterator[Table]]]] = {
    "3.2.S.2.2": (
        "Description of manufacturing process and process controls",
        lambda about: _description(about, about.substance),
    ),
    "3.2.S.2.3": ("Control of materials", lambda about: _materials(about, about.substance)),
    "3.2.S.2.4": ("Controls of critical steps and intermediates", lambda about: _controls(about, about.substance)),
    "3.2.S.2.5": ("Process validation and/or evaluation", lambda about: _evaluation(about, about.substance)),
    "3.2.P.3.2": ("Batch formula", _formula),
    "3.2.P.3.3": (
        "Description of manufacturing process and process controls",
        lambda about: _description(about, about.product_steps),
    ),
    "3.2.P.3.4": ("Controls of critical steps and intermediates", lambda about: _controls(about, about.product_steps)),
    "3.2.P.3.5": ("Process validation and/or evaluation", lambda about: _evaluation(about, about.product_steps)),
    "3.2.P.5.1": ("Specification(s)", _specification),
    "3.2.P.5.4": ("Batch analyses", _analyses),
    "3.2.P.5.6": ("Justification of specification(s)", _justification),
    "3.2.P.7": ("Container closure system", _closure),
    "3.2.P.8.1": ("Stability summary and conclusion", _shelf_life),
    "3.2.P.8.3": ("Stability data", _stability),
}
"""Sections by number, with their titles as in ICH M4Q(R1)."""
