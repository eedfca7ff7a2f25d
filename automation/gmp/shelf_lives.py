"""Until when a lot may be used: by the shelf life that a stability study decided for its product.

A decision holds for the lots that were issued after it; a later one that is shorter holds for them, too. The time is
counted from the first label of the lot that came out, as its containers are labelled when they are filled; where none
was labelled here, from the end of its batch.
Units:  months of 30.4375 d; an expiry is the last whole day within the shelf life, below one month the minute.
Source: 21 CFR 211.137(a), (b) (expiration dates from stability testing), 211.166; ICH Q1A(R2) 2.2.7; USP <659>.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, cast

from automation.gmp.due import DAY
from automation.gmp.marks import SHELF_LIFE, of_batch
from automation.gmp.objects import Site
from automation.gmp.product.orders import order_of
from automation.gmp.stock.expiry import end_of
from automation.kernel.clock import local
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant, Seconds

MONTH = Seconds(30.4375 * float(DAY))
EXPIRY = "Expiry "  # how the line of a label begins
_SHORT = 1.0  # months, below which an expiry is a minute of a day


@dataclass(frozen=True, slots=True)
class Rule:
    """One shelf life: months, by which study, decided when."""

    study: str
    months: float
    at: Instant


class _Study(Protocol):
    """What is asked of a study."""

    id: str

    @property
    def decided(self) -> tuple[tuple[Instant, float], ...]: ...
    @property
    def specification(self) -> str: ...


class _Specification(Protocol):
    """What is asked of a specification."""

    product: str


class _Issue(Protocol):
    """What is asked of how a batch was issued."""

    product: str


class _Batch(Protocol):
    """What is asked of a batch."""

    issue: _Issue | None
    issued_at: Instant | None
    ended_at: Instant | None

    @property
    def identity(self) -> str: ...


class _Label(Protocol):
    """What is asked of a label."""

    issued_at: Instant

    @property
    def out(self) -> bool: ...


def rule_of(site: Site, batch: str) -> Rule | None:
    """Give the shelf life by which a lot goes; None where no study has decided one."""
    lot = cast("_Batch", site.find("batch", batch))
    if lot.issue is None or lot.issued_at is None:
        return None
    order = order_of(site, lot.identity) if lot.identity else None
    product = order.placing.product if order is not None and order.placing is not None else lot.issue.product
    every = sorted(_rules(site, product), key=lambda rule: rule.at)
    before = [rule for rule in every if rule.at <= lot.issued_at]
    after = [rule for rule in every if rule.at > lot.issued_at]
    return min((*before[-1:], *(after if before else ())), key=lambda rule: rule.months, default=None)


def expiry_at(since: Instant, rule: Rule, *, zone: str) -> str:
    """Give the expiry of what is labelled at a moment, as it is printed."""
    end = local(since + rule.months * MONTH, zone=zone)
    return end.isoformat(timespec="minutes")[:16] if rule.months < _SHORT else str(end.date() - timedelta(days=1))


def expiry_of(site: Site, batch: str) -> tuple[str, Rule] | None:
    """Give the expiry of a lot with its rule; None where there is no rule, or nothing that it counts from yet."""
    rule = rule_of(site, batch)
    lot = cast("_Batch", site.find("batch", batch))
    labels = (cast("_Label", one) for one in site.marked("label", of_batch(batch)))
    since = min((one.issued_at for one in labels if one.out), default=lot.ended_at)
    return None if rule is None or since is None else (expiry_at(since, rule, zone=site.zone), rule)


def expired(site: Site, batch: str) -> str:
    """Say that a lot has expired; empty when it has not, or where no shelf life is decided for it."""
    found = expiry_of(site, batch)
    if found is None or site.now < end_of(found[0], zone=site.zone):
        return ""
    return f"lot {batch} expired {found[0]}: {found[1].months:g} months by study {found[1].study}"


def check_label(site: Site, batch: str, *, lines: tuple[str, ...], label: str) -> None:
    """Raise RefusedError for a label that says a later expiry than the shelf life of its lot allows."""
    said = [line.removeprefix(EXPIRY).strip() for line in lines if line.startswith(EXPIRY)]
    rule = rule_of(site, batch) if said and batch else None
    if rule is None:
        return
    last = expiry_at(site.now, rule, zone=site.zone)
    for text in said:
        why = f"the shelf life of study {rule.study} gives {last} ({rule.months:g} months)"
        try:
            late = end_of(text, zone=site.zone) > end_of(last, zone=site.zone)
        except ValueError as wrong:
            raise RefusedError(f"label {label}: {wrong}; {why}") from None
        if late:
            raise RefusedError(f"label {label} says that it can be used until {text}; {why}")


def _rules(site: Site, product: str) -> Iterator[Rule]:
    for one in (cast("_Study", found) for found in site.marked("stability", SHELF_LIFE)):
        if cast("_Specification", site.find("specification", one.specification)).product == product:
            yield from (Rule(one.id, months, at) for at, months in one.decided)
