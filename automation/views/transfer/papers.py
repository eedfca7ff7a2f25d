"""Gaps of papers and rules: documents, the recipe under control, specifications, label templates, rule profiles."""

from collections.abc import Iterator

from automation.gmp.product.rule_profiles import RuleProfile
from automation.gmp.product.templates import Template
from automation.gmp.quality.documents import Document, instructing, of_recipe
from automation.gmp.quality.specifications import Specification
from automation.views.transfer.units import Gap, Pair, Severity, Topic, Unit, listed


def gaps(pair: Pair) -> Iterator[Gap]:
    """Give what holds at the sending site and not, or otherwise, at the receiving one."""
    yield from _documents(pair)
    yield from _recipe(pair)
    yield from _specifications(pair)
    yield from _templates(pair)
    yield from _profiles(pair)


def _documents(pair: Pair) -> Iterator[Gap]:
    for work in pair.works:
        there, here = (instructing(unit.objects, work, unit.objects.now) for unit in (pair.sending, pair.receiving))
        missing = [one.id for one in there if one.name not in {other.name for other in here}]
        if missing:
            yield _gap(
                pair,
                f"documents of {work}",
                said=f"{work} is instructed by {listed(missing)} at",
                remedy="bring the document into force there, or one of the site that says the same",
            )
        for one in there:
            other = next((other for other in here if other.name == one.name), None)
            if other is not None and one.lines != other.lines:
                yield Gap(
                    topic=Topic.DOCUMENTS,
                    severity=Severity.CHANGES,
                    about=f"document {one.name}",
                    sentence=f"{work} is instructed by {one.id} at {pair.sending.name}, by {other.id} at"
                    f" {pair.receiving.name}, and they differ",
                    remedy="read the difference and bring them into line, or say why both are right",
                )


def _recipe(pair: Pair) -> Iterator[Gap]:
    there, here = (_controlled(unit, pair.recipe.digest) for unit in (pair.sending, pair.receiving))
    if there and not here:
        yield _gap(
            pair,
            "recipe",
            said=f"the recipe is under document control ({', '.join(there)}) at",
            remedy="write it as a document of the sort recipe with this digest, review, approve and make it effective",
        )


def _controlled(unit: Unit, digest: str) -> list[str]:
    found = (one for one in unit.objects.marked("document", of_recipe(digest)) if isinstance(one, Document))
    return [one.id for one in found if one.in_force(unit.objects.now)]


def _specifications(pair: Pair) -> Iterator[Gap]:
    there, here = (_of_product(unit, pair.recipe.product.name) for unit in (pair.sending, pair.receiving))
    for product, one in there.items():
        other = here.get(product)
        if other is None:
            yield _gap(
                pair,
                f"specification of {product}",
                said=f"{product} is tested by the specification {one.id} at",
                remedy="write and approve the specification there: without it nothing is released",
                severity=Severity.BLOCKS,
            )
        elif one.criteria != other.criteria:
            tests = {c.test for c in one.criteria} ^ {c.test for c in other.criteria}
            changed = [c.test for c in one.criteria if other.criterion(c.test) not in {None, c}]
            yield Gap(
                topic=Topic.DOCUMENTS,
                severity=Severity.CHANGES,
                about=f"specification of {product}",
                sentence=f"{one.id} at {pair.sending.name} and {other.id} at {pair.receiving.name} differ in"
                f" {listed((*sorted(tests), *changed))}",
                remedy="bring methods and limits into line, and transfer the methods first",
            )


def _of_product(unit: Unit, product: str) -> dict[str, Specification]:
    every = (one for one in unit.objects.every("specification") if isinstance(one, Specification))
    return {one.product: one for one in every if one.state == "effective" and one.product == product}


def _templates(pair: Pair) -> Iterator[Gap]:
    there, here = (_effective(unit) for unit in (pair.sending, pair.receiving))
    for name, one in there.items():
        other = here.get(name)
        if other is None:
            yield _gap(
                pair,
                f"label template {name}",
                said=f"labels are printed by the template {one.id} at",
                remedy="write and approve the template there, and qualify its label stock",
            )
        elif one.writing != other.writing:
            yield Gap(
                topic=Topic.DOCUMENTS,
                severity=Severity.CHANGES,
                about=f"label template {name}",
                sentence=f"labels say otherwise: {one.id} at {pair.sending.name}, {other.id} at {pair.receiving.name}",
                remedy="compare what stands on them with what the rules and the patient's hospital want",
            )


def _effective(unit: Unit) -> dict[str, Template]:
    every = (one for one in unit.objects.every("template") if isinstance(one, Template))
    return {one.id.partition("@")[0]: one for one in every if one.state == "effective"}


def _profiles(pair: Pair) -> Iterator[Gap]:
    there, here = (_in_force(unit) for unit in (pair.sending, pair.receiving))
    if there and there != here:
        yield Gap(
            topic=Topic.RULES,
            severity=Severity.CHANGES,
            about="rule profiles",
            sentence=f"{pair.sending.name} goes by {listed(there)}, {pair.receiving.name} by"
            f" {listed(here) or 'the packaged ones'}",
            remedy="say which rules hold for orders that the receiving site makes, and approve that profile there",
        )


def _in_force(unit: Unit) -> list[str]:
    every = (one for one in unit.objects.every("profile") if isinstance(one, RuleProfile))
    found = (one for one in every if one.state == "approved" and one.since is not None)
    return sorted(one.id for one in found if one.since is not None and one.since <= unit.objects.now)


def _gap(pair: Pair, about: str, *, said: str, remedy: str, severity: Severity = Severity.CHANGES) -> Gap:
    return Gap(
        topic=Topic.DOCUMENTS,
        severity=severity,
        about=about,
        sentence=f"{said} {pair.sending.name}, which {pair.receiving.name} has not",
        remedy=remedy,
    )
