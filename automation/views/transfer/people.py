"""Gaps of people: rights that nobody holds, curricula that one site qualifies by, steps that fewer people may do.

That nobody is trained on a step is what its gate says.
"""

from collections.abc import Iterator
from typing import Final

from automation.gmp.marks import opening
from automation.gmp.objects import Site
from automation.gmp.people.persons import Person
from automation.gmp.qualified import Work, unqualified
from automation.gmp.words import Right
from automation.views.transfer.units import Gap, Pair, Severity, Topic, Unit, listed

_NEEDED: Final = {
    Right.ISSUE: "issue a batch",
    Right.REVIEW: "review its record",
    Right.APPROVE: "approve",
    Right.RELEASE: "release the product",
    Right.RELEASE_MATERIAL: "release materials",
}
_ALSO: Final = {
    Right.SUPERVISE: "supervise",
    Right.INVESTIGATE: "investigate a deviation",
    Right.MAINTAIN: "maintain the equipment",
    Right.ADMINISTER: "administer accounts",
}


def gaps(pair: Pair) -> Iterator[Gap]:
    """Give rights that nobody has, curricula that are missing, and steps with fewer people than before."""
    yield from _rights(pair)
    yield from _curricula(pair)
    yield from _fewer(pair)


def _active(unit: Unit) -> list[str]:
    return [one.id for one in unit.objects.every("person") if isinstance(one, Person) and one.state == "active"]


def _rights(pair: Pair) -> Iterator[Gap]:
    held = frozenset[str]().union(*(pair.receiving.objects.rights(name) for name in _active(pair.receiving)))
    for right, what in {**_NEEDED, **_ALSO}.items():
        if right not in held:
            yield Gap(
                topic=Topic.PEOPLE,
                severity=Severity.BLOCKS if right in _NEEDED else Severity.TELLS,
                about=f"right {right}",
                sentence=f"nobody at {pair.receiving.name} may {what}",
                remedy=f"register somebody whose role has the right {right}, or add it to a role of the site",
            )


def _curricula(pair: Pair) -> Iterator[Gap]:
    there, here = pair.sending.objects, pair.receiving.objects
    for work in pair.works:
        names = [one.id for one in there.marked("curriculum", opening(work)) if one.state == "effective"]
        known = {one.id for one in here.marked("curriculum", opening(work)) if one.state == "effective"}
        if names and not known:
            yield Gap(
                topic=Topic.PEOPLE,
                severity=Severity.CHANGES,
                about=f"curriculum of {work}",
                sentence=f"{work} is opened to people by {listed(names)} at {pair.sending.name}, by no curriculum at"
                f" {pair.receiving.name}",
                remedy="write and approve the curriculum there, and qualify people by it",
            )


def _fewer(pair: Pair) -> Iterator[Gap]:
    for work in pair.works:
        there, here = (len(_able(unit, work)) for unit in (pair.sending, pair.receiving))
        if 0 < here < there:
            yield Gap(
                topic=Topic.PEOPLE,
                severity=Severity.TELLS,
                about=f"people for {work}",
                sentence=f"{here} of {pair.receiving.name} may perform {work}, {there} of {pair.sending.name}",
                remedy="train more people, or plan no second batch beside it",
            )


def _able(unit: Unit, work: str) -> list[str]:
    site: Site = unit.objects
    able = (name for name in _active(unit) if Right.PERFORM in site.rights(name))
    return [name for name in able if not unqualified(site, name, Work(work, "", site.now), at=site.now)]
