"""Results of the steps of a qualification, and by what each is judged: its limits, its rule, or who looked.

Units:  those of the limits and rules of the protocol.
Source: EU GMP Annex 15, 2.5 and 2.8 (acceptance criteria set before, deviations from them); USP General Notices 7.20.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automation.formulas import limits, series
from automation.gmp.bodies.protocols import Step
from automation.gmp.bodies.qualifications import Entry, Observation, Piece
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Instant

_NUMBER = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?)(?: (\S+))?")


@dataclass(frozen=True, slots=True)
class Result:
    """One result of one step; a repeated step has several, the first one first."""

    step: str
    actual: str
    met: bool
    judged: str  # by what, in words
    by: str
    at: Instant
    seq: int
    deviation: str = ""  # that it opened
    evidence: tuple[Piece, ...] = ()
    cites: tuple[int, ...] = ()
    started_by: str = ""  # of what the program did


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a step came out as it should, and the sentence that says by what."""

    met: bool
    sentence: str


def of_entry(step: Step, said: Entry, results: Sequence[Result]) -> Judged:
    """Judge what a person entered; raises InputError for what can't be judged, RefusedError for what is missing."""
    where = f"step {said.step}"
    if step.evidence and not said.evidence:
        raise RefusedError(f"{where} needs a file that shows it; give it with --evidence {said.step}=FILE")
    if step.limits or step.series:
        if said.met is not None:
            raise InputError(f"{where} is judged by {step.limits or step.series}, not by who enters it; leave met out")
        number = said.actual if step.series else _number(said.actual, limits.parse(step.limits)[0].unit, where=where)
        return _by_rule(step, number, results, where=where)
    if said.met is None:
        raise InputError(f"{where} is judged by who looks: say met true or false beside what was seen")
    if " ".join(step.expected.split()).lower() == said.actual.lower():
        raise RefusedError(f"{where}: what was seen is the very text of what is expected; say what there was to see")
    return Judged(said.met, f"seen by a person; expected: {step.expected}")


def of_observation(step: Step, said: Observation, results: Sequence[Result]) -> Judged:
    """Judge what the program found; where the protocol states limits they judge, also what the check calls good."""
    if not step.limits:
        return Judged(said.met, f"check {step.check}; expected: {step.expected}")
    judged = _by_rule(step, said.actual, results, where=f"step {said.step}")
    return Judged(judged.met and said.met, judged.sentence)


def _by_rule(step: Step, actual: str, results: Sequence[Result], *, where: str) -> Judged:
    if not step.series:
        bounds = limits.parse(step.limits)
        made = limits.judge(actual, bounds[0].unit, limits.Limits(reject=bounds), what=where)
        return Judged(made.band is limits.Band.WITHIN, made.sentence)
    try:
        found = series.judge(step.series, series.readings(actual, count=step.count), _told(step, results))
    except InputError as wrong:
        raise InputError(f"{where}: {wrong}") from None
    return Judged(found.met, found.sentence)


def _number(text: str, unit: str, *, where: str) -> str:
    """Give the number of what a person entered, with its unit or without; raises InputError for another unit."""
    found = _NUMBER.fullmatch(text)
    if found is None or found[2] not in {None, unit}:
        raise InputError(f"{where} is {text!r}; a number in {unit} is needed, with '.' as decimal point: '2.0 {unit}'")
    return found[1]


def _told(step: Step, results: Sequence[Result]) -> dict[str, str]:
    """Give what the rule is told, with the values of earlier steps in their places."""
    units: Mapping[str, str] = series.RULES[step.series].needs
    last = {one.step: one.actual for one in results}
    earlier = {
        name: last.get(before, "nothing").removesuffix(f" {units[name]}") for name, before in step.earlier.items()
    }
    taken = {name: f"{value} {units[name]}" for name, value in earlier.items()}
    return step.told | taken
