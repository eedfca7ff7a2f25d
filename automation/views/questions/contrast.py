"""What batches that failed share and good ones do not: materials, assets, people, parameters, ranked.

Each factor is asked whether it goes with failing more than chance would have it: words and things by Fisher's exact
test, numbers by the rank-sum test. Because many are asked, each probability is also given as it stands among all
of them (Holm). Factors that the same batches share can't be told apart by these batches; they are one question and are
told together. What stands out is where to look, not a cause.
Units: numbers in the unit of the parameter; probabilities between 0 and 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.formulas.association import fisher, holm, rank_sum, smallest
from automation.kernel.errors import InputError
from automation.views.questions.rows import Row
from automation.views.questions.tables import Tables

CLEAR = 0.05
_SEVERAL = 2
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that can be told apart: its names, in how many of either group, how likely by chance, which events."""

    kind: str
    names: tuple[str, ...]  # several where the same batches share them
    failed: int
    good: int
    said: str  # in words, with medians for a number
    chance: float
    among_all: float
    events: tuple[int, ...]

    @property
    def stands_out(self) -> bool:
        """Tell whether it is unlikely to be chance, among all that were asked."""
        return self.among_all <= CLEAR


@dataclass(frozen=True, slots=True)
class Contrast:
    """All factors, the clearest first; the batches; and how clear the clearest could be at all."""

    failed: tuple[str, ...]
    good: tuple[str, ...]
    factors: tuple[Factor, ...]
    same_in_all: int  # factors that every batch has
    clearest: float  # probability that the clearest possible factor would have, among all that were asked

    @property
    def sentence(self) -> str:
        """Say what these batches can tell."""
        groups = f"{len(self.failed)} failed and {len(self.good)} good batches, {len(self.factors)} factors told apart"
        if self.clearest > CLEAR:
            return f"{groups}: too few batches, no factor could stand out (at best {self.clearest:.2g})"
        out = sum(one.stands_out for one in self.factors)
        found = f"{out} of them stand out" if out else "none stands out"
        return f"{groups}; {found} at {CLEAR:g} among all (Holm). Where to look, not a cause"


def contrast(tables: Tables, *, failed: Sequence[str], good: Sequence[str]) -> Contrast:
    """Compare two groups of batches; raises InputError when one is empty, or a batch is in both."""
    both = sorted(set(failed) & set(good))
    if not failed or not good or both:
        twice = f"; {', '.join(both)} in both" if both else ""
        raise InputError(f"{len(failed)} failed and {len(good)} good batches{twice}: each group needs its own")
    shared, numbers = _shared(tables), _numbers(tables)
    groups = frozenset(failed), frozenset(good)
    every = groups[0] | groups[1]
    found = [*_of_things(shared, groups), *_of_numbers(numbers, groups)]
    same = sum(1 for batches in shared.values() if every <= set(batches))
    chances = [one.chance for one in found]
    told = [_among(one, chance) for one, chance in zip(found, holm(chances), strict=True)]
    clearest = min(1.0, len(found) * smallest(len(failed), len(good)))
    ranked = tuple(sorted(told, key=lambda one: (one.chance, one.kind, one.names)))
    return Contrast(tuple(failed), tuple(good), ranked, same, clearest)


def groups_of(tables: Tables, failed: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Part the batches that ended: those named, else all that were not right first time, from the rest.

    Raises InputError for a batch that is not known, or has not ended.
    """
    ended = {row.text("batch"): row for row in tables["batches"].rows if row.text("ended_as")}
    strange = [name for name in failed if name not in ended]
    if strange:
        raise InputError(f"batch {strange[0]!r} has not ended or is not known; ended are {', '.join(ended) or 'none'}")
    bad = set(failed) or {name for name, row in ended.items() if row.text("right_first_time") == "no"}
    return tuple(name for name in ended if name in bad), tuple(name for name in ended if name not in bad)


def _among(one: Factor, chance: float) -> Factor:
    return Factor(one.kind, one.names, one.failed, one.good, one.said, one.chance, chance, one.events)


def _shared(tables: Tables) -> dict[_Key, dict[str, list[int]]]:
    """Give the things of batches: by kind and name, the events that show it in each batch."""
    found: dict[_Key, dict[str, list[int]]] = {}
    for key, row in _things(tables):
        found.setdefault(key, {}).setdefault(row.text("batch"), []).extend(row.events)
    return found


def _things(tables: Tables) -> Iterator[tuple[_Key, Row]]:
    for row in tables["batches"].rows:
        yield ("recipe", f"{row.text('recipe')} {row.text('version')}"), row
    for row in tables["materials"].rows:
        yield ("material", f"{row.text('material')} {row.text('lot')}"), row
    for row in tables["assets"].rows:
        yield ("asset", row.text("asset")), row
    for row in tables["people"].rows:
        yield ("person", row.text("person")), row
    for row in tables["parameters"].rows:
        if row.number("value") is None:
            yield ("parameter", f"{row.text('step')}.{row.text('name')} = {row.text('value')}"), row


def _numbers(tables: Tables) -> dict[str, dict[str, tuple[float, str, tuple[int, ...]]]]:
    """Give the numbers that steps were run with: by place, the value, unit and events of each batch."""
    found: dict[str, dict[str, tuple[float, str, tuple[int, ...]]]] = {}
    for row in tables["parameters"].rows:
        value = row.number("value")
        if value is not None:
            place = f"{row.text('step')}.{row.text('name')}"
            found.setdefault(place, {})[row.text("batch")] = (value, row.text("unit"), row.events)
    return found


def _of_things(
    shared: Mapping[_Key, Mapping[str, Sequence[int]]], groups: tuple[frozenset[str], frozenset[str]]
) -> Iterator[Factor]:
    every = groups[0] | groups[1]
    alike: dict[frozenset[str], list[tuple[_Key, str]]] = {}
    for key, batches in shared.items():
        with_it = frozenset(batches) & every
        turned = _rather_good(with_it, groups)
        if with_it and with_it != every:  # what only the others have is the same question
            alike.setdefault(every - with_it if turned else with_it, []).append((key, "without " if turned else ""))
    for with_it, keys in alike.items():
        failed, good = (len(with_it & group) for group in groups)
        chance = fisher(failed, of_first=len(groups[0]), second=good, of_second=len(groups[1]))
        seqs = {seq for key, _ in keys for batch, some in shared[key].items() if batch in every for seq in some}
        said = f"{failed} of {len(groups[0])} failed, {good} of {len(groups[1])} good"
        kinds, names = dict.fromkeys(key[0] for key, _ in keys), tuple(f"{without}{key[1]}" for key, without in keys)
        yield Factor(", ".join(kinds), names, failed, good, said, chance, 1.0, tuple(sorted(seqs)))


def _rather_good(with_it: frozenset[str], groups: tuple[frozenset[str], frozenset[str]]) -> bool:
    """Tell whether a smaller share of the failed batches than of the good ones has it."""
    failed, good = (len(with_it & group) / len(group) for group in groups)
    return failed < good


def _of_numbers(
    numbers: Mapping[str, Mapping[str, tuple[float, str, tuple[int, ...]]]],
    groups: tuple[frozenset[str], frozenset[str]],
) -> Iterator[Factor]:
    """Give the parameters that are not the same in all batches that have them; those that move together, together."""
    alike: dict[tuple[tuple[str, float], ...], list[str]] = {}
    for place, by_batch in numbers.items():
        here = {batch: by_batch[batch][0] for batch in sorted(groups[0] | groups[1]) if batch in by_batch}
        sides = [[value for batch, value in here.items() if batch in group] for group in groups]
        if len(set(here.values())) >= _SEVERAL and all(sides):
            order = sorted(set(here.values()))
            alike.setdefault(tuple((batch, order.index(value)) for batch, value in here.items()), []).append(place)
    for places in alike.values():
        by_batch = numbers[places[0]]
        first, second = ([by_batch[name][0] for name in sorted(group) if name in by_batch] for group in groups)
        unit = next(iter(by_batch.values()))[1]
        seqs = sorted({seq for place in places for one in numbers[place].values() for seq in one[2]})
        said = f"{_range(first)} {unit} failed, {_range(second)} {unit} good".replace("  ", " ")
        chance = rank_sum(first, second)
        yield Factor("parameter", tuple(places), len(first), len(second), said, chance, 1.0, tuple(seqs))


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
