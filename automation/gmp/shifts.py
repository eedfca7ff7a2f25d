"""Shifts: how a step that is under way passes from one person to another.

A move of the batch: signed by both, or by whoever comes and a supervisor when the other can't. The gates are asked
again: whoever comes has to be qualified for what the step asks of people, and names every asset of it that is not
ready, so that nobody takes over unknowingly. From then on whoever left answers nothing more of the step, until taking
it over again.
Source: 21 CFR 211.188(b)(11) (persons performing each significant step), 211.25(a), 211.68(a); 11.10(g).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from automation.gmp.marks import of_batch
from automation.gmp.objects import Fact, Site
from automation.gmp.qualified import Work, unqualified
from automation.gmp.words import Body, Meaning, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant


class Takeover(Body):
    """Which step passes from whom, and what was said about it."""

    step: str = field(label="Step", length=1)
    leaving: str = field(label="Who leaves", help="A person", length=1)
    said: str = field(label="How it stands", help="Where the step is, and what comes next", length=3)
    accepts: tuple[str, ...] = field(label="Not ready", help="Every asset of the step that is not", default=())


@dataclass(frozen=True, slots=True)
class Shift:
    """One step from one moment on in other hands."""

    step: str
    person: str
    leaving: str
    at: Instant


class _Prompt(Protocol):
    """What is asked of a prompt."""

    @property
    def step(self) -> str: ...
    @property
    def operation(self) -> str: ...


class _Asset(Protocol):
    """What is asked of an asset."""

    id: str
    claim: tuple[str, str] | None

    def ready(self, now: Instant) -> tuple[str, ...]: ...


def left(shifts: tuple[Shift, ...], step: str, *, person: str) -> Shift | None:
    """Give how a person left a step; None for one who did not, or who has taken it over again."""
    mine = [one for one in shifts if one.step == step and person in {one.person, one.leaving}]
    return mine[-1] if mine and mine[-1].leaving == person else None


def gone(shift: Shift, *, zone: str) -> str:
    """Say that a step is in other hands."""
    at = iso(shift.at, zone=zone)[:16]
    return f"is of step {shift.step}, which {shift.person} took over from {shift.leaving} at {at}"


def check_takeover(batch: str, fact: Fact, said: Takeover, site: Site) -> None:
    """Raise RefusedError for the wrong hands, a step that nobody is at, or what the gates say of who comes."""
    where = f"step {said.step} of batch {batch}"
    _check_signers(where, fact, said, site)
    prompts = [cast("_Prompt", one) for one in site.marked("prompt", of_batch(batch))]
    operations = dict.fromkeys(one.operation for one in prompts if one.step == said.step)
    assets = list(_assets(site, batch, step=said.step))
    if not operations and not assets:
        raise RefusedError(f"{where} is not under way; there is nothing to take over")
    for operation in filter(None, operations):
        why = unqualified(site, fact.by, Work(operation, batch), at=fact.at)
        if why:
            raise RefusedError(f"{where} is part of {operation}, {why}")
    for asset in assets:
        missing = asset.ready(fact.at)
        if missing and asset.id not in said.accepts:
            raise RefusedError(f"{where}: {'; '.join(missing)}; whoever takes it over has to name it (accepts)")


def _check_signers(where: str, fact: Fact, said: Takeover, site: Site) -> None:
    received = fact.signer(Meaning.RECEIVED)
    if received != fact.by or said.leaving == fact.by:
        raise RefusedError(f"{where} is taken over by another person than {said.leaving}, who signs as received")
    if fact.kind == "take_over" and fact.signer(Meaning.HANDED_OVER) != said.leaving:
        raise RefusedError(f"{where} is {said.leaving}'s to hand over; without that signature a supervisor relieves")
    supervisor = fact.signer(Meaning.RESPONSIBLE)
    if fact.kind == "relieve" and (supervisor == said.leaving or Right.SUPERVISE not in site.rights(supervisor)):
        raise RefusedError(f"{where}: {supervisor} is no supervisor of {said.leaving}; a relief needs one")
    if site.find("person", said.leaving).state == "absent":
        raise RefusedError(f"{where}: {said.leaving} is no person here")


def _assets(site: Site, batch: str, *, step: str) -> Iterator[_Asset]:
    every = (cast("_Asset", one) for one in site.every("asset"))
    return (one for one in every if one.claim is not None and tuple(one.claim) == (batch, step))
