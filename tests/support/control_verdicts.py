"""What has to be so after a procedural command: each verdict gives what is not, in words; nothing in the good case.

Source: ISA-88.00.01 procedural states; design: refused commands change nothing and are recorded.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from automation.engine.journal import Enter
from automation.engine.operation import SafeProduct
from automation.gmp.people.prompts import Prompt
from automation.kernel.clock import MICRO
from automation.ledger.event import Event
from tests.storms.run import Weathered
from tests.support.controlled import REFUSED, STEPS, WRONG_IN_HOLD, WRONG_IN_PAUSE, Case, declared
from tests.support.runs import BATCH, Run


def broken(case: Case, undisturbed: Weathered) -> list[str]:
    """Give what is not as it has to be after the command; nothing in the good case."""
    judged: Mapping[str, Callable[[Case, Weathered], list[str]]] = {
        "refused": lambda one, calm: as_undisturbed([one], calm),
        "pause": _went_on,
        "hold": _went_on,
        "hold past": _went_past,
        "stop": _ended,
        "abort": _ended,
    }
    check = judged["refused" if case.command in REFUSED else case.command]
    return [*case.unsafe, *check(case, undisturbed)]


def as_undisturbed(cases: Sequence[Case], undisturbed: Weathered) -> list[str]:
    """Refusals, all of one run, change nothing but the record of refusals."""
    run, given = cases[0].run, [why for case in cases for why in case.refused]
    wrong = [f"{case.command} was taken" for case in cases if not case.refused or not all(case.refused)]
    noted = [event for event in run.events if event.stream.startswith("refusals/")]
    if len(noted) != len(given):
        wrong.append(f"{len(given)} refusals, and {len(noted)} on the record")
    return wrong + differs(run, undisturbed.run)


def differs(one: Run, other: Run) -> list[str]:
    """Give the first event in which two runs differ, refusals left out; nothing when there is none."""
    ours, theirs = ([_said(e) for e in run.events if not e.stream.startswith("refusals/")] for run in (one, other))
    for mine, its in zip(ours, theirs, strict=False):
        if mine != its:
            return [f"something else happened: {mine[1]} in {mine[0]} in place of {its[1]} in {its[0]}"]
    return [] if len(ours) == len(theirs) else [f"{len(ours)} events in place of {len(theirs)}"]


def _said(event: Event) -> tuple[str, str, int, bytes]:
    body = re.sub(rb'"(seq|head|identified|received_seq|source)":("[0-9a-f]{64}"|\d+)', b"", bytes(event.body))
    return event.stream, event.kind, event.at, body


def _went_on(case: Case, undisturbed: Weathered) -> list[str]:
    """The batch reaches the same end, and no act was done once more for it."""
    wrong = _over(case)
    ends = {step: undisturbed.run.step(step).state for step in undisturbed.run.steps}
    wrong += [
        f"{step} ended as {case.run.step(step).state!r}, undisturbed as {end!r}"
        for step, end in ends.items()
        if case.run.step(step).state != end
    ]
    return wrong + _stages(case) + _repeated(case, undisturbed)


def _went_past(case: Case, undisturbed: Weathered) -> list[str]:
    """A limit that ends while the step is held is judged in its moment, and the batch still comes to an end."""
    wrong = _over(case) + _stages(case)
    [held] = [e.at for e in case.run.events if e.stream == f"batch/{BATCH}" and e.kind == "hold"][:1]
    due = round(held / MICRO + (case.place.due or 0.0), 3)
    overruns = [e.at / MICRO for e in case.run.events if e.stream.startswith("timer/") and e.kind == "overrun"]
    if not any(abs(at - due) < 0.01 for at in overruns):
        wrong.append(f"the limit was due at {due}, judged at {overruns}")
    return wrong + _repeated(case, undisturbed, whole=False)


def _ended(case: Case, undisturbed: Weathered) -> list[str]:
    """The step is made safe and ended; nothing new begins, nothing stays open, all product is on QA hold."""
    run, wrong = case.run, _over(case)
    over = {"stop": "stopped", "abort": "aborted"}[case.command]
    begun = run.steps
    ours = begun[: begun.index(case.place.step) + 1]
    if begun != ours:
        wrong.append(f"{begun[len(ours)]} began after the {case.command}")
    if case.place.stays and run.step(case.place.step).stage != over:
        wrong.append(f"the step is {run.step(case.place.step).stage}")
    for prefix, mark in (("prompt/", "asking"), ("asset/", "claim"), ("timer/", "going")):
        wrong += [
            f"{name} stays open" for name, one in run.things.items() if name.startswith(prefix) and getattr(one, mark)
        ]
    for name, one in run.things.items():
        mine = name.startswith("container/") and getattr(one, "batch", "") == BATCH
        if mine and getattr(one, "state", "") in {"in process", "stored"} and not getattr(one, "on_hold", False):
            wrong.append(f"{name} is not on QA hold")
    sides = {"stop": "stopping", "abort": "aborting"}
    return wrong + (_told(case, sides[case.command]) if case.place.stays else []) + _counted(case, undisturbed)


def _over(case: Case) -> list[str]:
    run = case.run
    wrong = [] if run.state == "closed" else [f"the batch is {run.state} {run.error}".strip()]
    return wrong + [f"the program fell: {one}" for one in cast("Weathered", case.found).fell]


def _stages(case: Case) -> list[str]:
    """The step goes through the states of ISA-88, its side visits and what people are told are as declared."""
    if not case.place.stays:
        return []
    stream = f"{STEPS}{case.place.step}"
    seen = [str(e.fields["state"]) for e in case.run.events if e.stream == stream and e.kind == "procedural"]
    held = case.command.startswith("hold")
    want = ["holding", "held", "restarting", "running"] if held else ["pausing", "paused", "running"]
    whole = ["running", *want * case.turns, "complete"]
    fits = seen == whole if case.command != "hold past" else seen[: len(whole) - 1] == whole[:-1]
    wrong = [] if fits else [f"the step went {' > '.join(seen)}"]
    given = [bool(one) for one in case.refused]
    if given != [False, *([True] * (WRONG_IN_HOLD if held else WRONG_IN_PAUSE)), False]:
        wrong.append(f"refused with {case.refused}")
    return wrong + (_told(case, "holding") if held else [])


def _told(case: Case, side: str) -> list[str]:
    """People were told what the operation declares, within the visit that makes it safe, and have answered."""
    number = _visit(case, side)
    prefix = f"prompt/{BATCH}.{case.place.step}.{number}."
    said = [
        t.opening.text
        for n, t in case.run.things.items()
        if n.startswith(prefix) and isinstance(t, Prompt) and t.opening
    ]
    safe = declared(case.place, side)
    if not safe:
        return [f"{case.place.operation} declares nothing that is safe after {side} from {case.place.state!r}"]
    product = [one for one in safe if isinstance(one, SafeProduct)]
    return [f"nobody was told {one.told!r}" for one in product if not any(one.told in text for text in said)]


def _visit(case: Case, side: str) -> int:
    """Give the number of the first side visit that was made from the state of the case; 0 when there was none."""
    state = ""
    for event in case.run.events:
        if event.stream == f"{STEPS}{case.place.step}" and event.kind == "enter":
            entered = event.read(Enter)
            if entered.within == side and state == case.place.state:
                return entered.visit
            state = state if entered.within else entered.state
    return 0


def _repeated(case: Case, undisturbed: Weathered, *, whole: bool = True) -> list[str]:
    """Outside of what makes safe, every device did what it does on an undisturbed day."""
    wrong = _counted(case, undisturbed)
    ours, theirs = _acts(case.run), _acts(undisturbed.run)
    if whole and ours != theirs:
        wrong.append(f"acts {sorted(ours)} in place of {sorted(theirs)}")
    return wrong


def _acts(run: Run) -> list[tuple[str, str]]:
    """Give the acts of all devices in visits of working states."""
    ours = [event for event in run.events if event.stream.startswith(STEPS)]
    aside = {(e.stream, e.fields["visit"]) for e in ours if e.kind == "enter" and e.read(Enter).within}
    calls = (e for e in ours if e.kind == "call" and (e.stream, e.fields["visit"]) not in aside)
    return sorted((str(e.fields["asset"]), str(e.fields["method"])) for e in calls if e.fields["kind"] == "act")


def _counted(case: Case, _undisturbed: Weathered) -> list[str]:
    """Each device counts what the ledger holds as done; an act that an abort overtook is in doubt and may be either."""
    found = cast("Weathered", case.found)
    doubtful = _in_doubt(found.run)
    wrong = []
    for what, recorded in found.recorded.items():
        counted = found.counted.get(what)
        if counted is not None and not recorded <= counted <= recorded + doubtful.get(what, 0):
            wrong.append(f"{'.'.join(what)} counts {counted}, the ledger holds {recorded} as done")
    return wrong


def _in_doubt(run: Run) -> dict[tuple[str, str], int]:
    ours = [event for event in run.events if event.stream.startswith(STEPS)]
    calls = {(e.stream, e.fields["visit"], e.fields["n"]): e for e in ours if e.kind == "call"}
    places = [(e.stream, e.fields["visit"], e.fields["n"]) for e in ours if e.kind == "doubt"]
    found = [(str(calls[p].fields["asset"]), str(calls[p].fields["method"])) for p in places if p in calls]
    return {what: found.count(what) for what in found}
