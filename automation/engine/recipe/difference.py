"""What differs between two recipes, in words: steps, parameters, limits, materials, time limits, signatures.

A parameter is compared as it is written; a value that is the same in another unit counts as the same.
Source: 21 CFR 211.186 (master record under control), 211.100(b) (changes are recorded).
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from automation.engine.recipe.model import Given, Literal, Recipe, Step
from automation.formulas.limits import BelowLoq, Limits

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
LONG = 100  # characters of a value; of a longer one only the parts that differ are said
_BETWEEN = re.compile(r"[,;] ")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: where it is, what kind, and both texts (empty where there is none)."""

    where: str
    kind: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """Say it."""
        match self.kind:
            case "added":
                return f"{self.where}: added {self.after}".rstrip()
            case "removed":
                return f"{self.where}: removed {self.before}".rstrip()
            case _ if max(len(self.before), len(self.after)) > LONG:
                return f"{self.where}: {'; '.join(_parts(self.before, self.after))}"
            case _:
                return f"{self.where}: {self.before} becomes {self.after}"


def differences(before: Recipe, after: Recipe) -> tuple[Difference, ...]:
    """Give every difference, in the order of the recipe: header, product, equipment, steps, materials, time limits."""
    return tuple(_all(before, after))


def _parts(before: str, after: str) -> Iterator[str]:
    """Say which parts of two long values differ, each after the part that stands before it."""
    old, new = _BETWEEN.split(before), _BETWEEN.split(after)
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            at = f"after {old[a - 1]}: " if a else ""
            yield f"{at}{', '.join(old[a:b]) or 'nothing'} becomes {', '.join(new[c:d]) or 'nothing'}"


def _all(before: Recipe, after: Recipe) -> Iterator[Difference]:
    for name in ("id", "version", "title", "status"):
        yield from _words(name, before=str(getattr(before.header, name)), after=str(getattr(after.header, name)))
    for name in ("name", "code", "container", "starts_from", "starts_in"):
        old, new = (str(getattr(one.product, name)) for one in (before, after))
        yield from _words(f"product.{name}", before=old, after=new)
    yield from _pairs("equipment", before=before.equipment, after=after.equipment)
    yield from _steps(before.steps, after.steps)
    yield from _pairs("parts", before=_parts_of(before), after=_parts_of(after))
    yield from _pairs("materials", before=_materials(before), after=_materials(after))
    yield from _pairs("time_limits", before=_time_limits(before), after=_time_limits(after))


def _steps(before: tuple[Step, ...], after: tuple[Step, ...]) -> Iterator[Difference]:
    old, new = {step.id: step for step in before}, {step.id: step for step in after}
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield Difference(f"steps.{name}", REMOVED, old[name].title, "")
        elif name not in old:
            yield Difference(f"steps.{name}", ADDED, "", new[name].title)
        else:
            yield from _step(old[name], new[name])
    shared = [name for name in old if name in new]
    order = [name for name in new if name in old]
    if shared != order:
        yield Difference("steps", CHANGED, f"order {', '.join(shared)}", f"order {', '.join(order)}")


def _step(before: Step, after: Step) -> Iterator[Difference]:
    at = f"steps.{before.id}"
    yield from _words(f"{at}.operation", before=before.operation, after=after.operation)
    yield from _words(f"{at}.title", before=before.title, after=after.title)
    yield from _words(f"{at}.after", before=", ".join(before.after), after=", ".join(after.after))
    yield from _words(f"{at}.when", before=str(before.when or ""), after=str(after.when or ""))
    yield from _words(f"{at}.signatures", before=", ".join(before.signatures), after=", ".join(after.signatures))
    yield from _words(f"{at}.hazards", before=", ".join(before.hazards), after=", ".join(after.hazards))
    yield from _words(f"{at}.opens", before=str(before.opens or ""), after=str(after.opens or ""))
    yield from _pairs(f"{at}.equipment", before=before.equipment, after=after.equipment)
    for name in _both(before.given, after.given):
        one, other = before.given.get(name), after.given.get(name)
        if not _same(one, other):
            yield from _words(f"{at}.given.{name}", before=_text(one), after=_text(other))
    yield from _pairs(f"{at}.limits", before=_limits(before.limits), after=_limits(after.limits))
    yield from _pairs(f"{at}.yields", before=_yields(before), after=_yields(after))


def _same(one: Given | None, other: Given | None) -> bool:
    if isinstance(one, Literal) and isinstance(other, Literal):
        return one.value == other.value
    return one is not None and other is not None and one.text == other.text


def _text(given: Given | None) -> str:
    if given is None:
        return ""
    return given.text if isinstance(given, Literal) else f"from {given.text}"


def _limits(limits: Mapping[str, Limits]) -> dict[str, str]:
    return {name: _bounds(some) for name, some in limits.items()}


def _bounds(limits: Limits) -> str:
    below = [f"below LOQ is {limits.below_loq}"] if limits.below_loq is not BelowLoq.NOT_EVALUABLE else []
    return "; ".join([*(f"{band} {limit}" for band, limit in limits.worst_first()), *below])


def _yields(step: Step) -> dict[str, str]:
    return {one.name: f"{one.actual.text} over {_text(one.theoretical)}, {_bounds(one.limits)}" for one in step.yields}


def _parts_of(recipe: Recipe) -> dict[str, str]:
    return {part.id: str(part) for part in recipe.parts}


def _materials(recipe: Recipe) -> dict[str, str]:
    return {f"{one.step}.{one.name}": f"{one.quantity} ({one.what})" for one in recipe.materials}


def _time_limits(recipe: Recipe) -> dict[str, str]:
    found = {}
    for one in recipe.time_limits:
        most = "" if one.most is None else f", at most {float(one.most) / 60:g} min"
        least = "" if one.least is None else f", at least {float(one.least) / 60:g} min"
        warn = "" if one.warn_at is None else f", told at {one.warn_at:g} %"
        found[one.name] = f"{one.start.text} to {one.end.text}{least}{most}{warn}"
    return found


def _pairs(at: str, *, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in _both(before, after):
        yield from _words(f"{at}.{name}", before=before.get(name, ""), after=after.get(name, ""))


def _words(at: str, *, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(at, CHANGED if before and after else (ADDED if after else REMOVED), before, after)


def _both(before: Iterable[str], after: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*before, *after)))
