"""The stock of a lot: what lies there, what is kept for whom, what stands at batches, what is opened; a pure value.

What goes to a batch is issued to it, and is there used, given back or destroyed; the rest is not accounted for.
Units:  quantities in the lot's own unit; moments in s (UTC).
Source: 21 CFR 211.125(c) and 211.184(c) (issued = used + returned + destroyed); USP <797> (in-use life by container).
"""

from dataclasses import dataclass, replace
from typing import Self, TypeVar

from automation.kernel.quantity import Instant

_DIGITS = 9  # decimals that are kept, so that ten times a tenth is one
_V = TypeVar("_V")


def rounded(value: float) -> float:
    """Give a quantity without what binary fractions add to it."""
    return round(value, _DIGITS)


@dataclass(frozen=True, slots=True)
class Opened:
    """One opened container: what is left in it, for whom it was opened, since when."""

    name: str
    left: float
    batch: str
    at: Instant
    thawed: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """What one batch got of a lot, and what became of it."""

    batch: str
    issued: float = 0.0
    used: float = 0.0
    returned: float = 0.0
    destroyed: float = 0.0

    @property
    def open(self) -> float:
        """Give what nobody has accounted for."""
        return rounded(self.issued - self.used - self.returned - self.destroyed)

    def __add__(self, more: "Balance") -> "Balance":
        """Give the balance with more of each."""
        used, returned = rounded(self.used + more.used), rounded(self.returned + more.returned)
        destroyed = rounded(self.destroyed + more.destroyed)
        return Balance(self.batch, rounded(self.issued + more.issued), used, returned, destroyed)


@dataclass(frozen=True, slots=True)
class Reserved:
    """What is kept for one batch."""

    batch: str
    quantity: float


@dataclass(frozen=True, slots=True)
class Stock:
    """All of a lot that is not used up."""

    left: float
    reserved: tuple[Reserved, ...] = ()
    opened: tuple[Opened, ...] = ()
    balances: tuple[Balance, ...] = ()

    def balance(self, batch: str) -> Balance:
        """Give the balance of a batch; an empty one when it got nothing."""
        return next((one for one in self.balances if one.batch == batch), Balance(batch))

    def loose(self, batch: str) -> float:
        """Give what was issued to a batch, is not in an opened container there, and is not accounted for."""
        opened = sum(one.left for one in self.opened if one.batch == batch)
        return rounded(self.balance(batch).open - opened) if batch else 0.0

    def available(self, batch: str) -> float:
        """Give how much a batch may take: what stands there for it and in stock, without what is kept for others."""
        kept = sum(one.quantity for one in self.reserved if one.batch != batch)
        return rounded(self.loose(batch) + max(0.0, self.left - kept))

    def keep(self, batch: str, quantity: float) -> Self:
        """Keep a quantity for a batch, in the place of what was kept for it; none with 0."""
        rest = tuple(one for one in self.reserved if one.batch != batch)
        return replace(self, reserved=(*rest, Reserved(batch, quantity)) if quantity > 0 else rest)

    def book(self, more: Balance) -> Self:
        """Add to the balance of a batch; nothing is booked without a batch."""
        was = self.balance(more.batch)
        return replace(self, balances=_put(self.balances, was=was, now=was + more)) if more.batch else self

    def take_out(self, quantity: float) -> Self:
        """Take a quantity out of what lies there."""
        return replace(self, left=rounded(self.left - quantity))

    def issue(self, batch: str, quantity: float) -> Self:
        """Let a quantity go out of stock to a batch; what was kept for it is kept no more."""
        kept = next((one.quantity for one in self.reserved if one.batch == batch), 0.0)
        return self.take_out(quantity).book(Balance(batch, issued=quantity)).keep(batch, rounded(kept - quantity))

    def fetch(self, batch: str, quantity: float) -> Self:
        """See to it that a quantity is at a batch: what stands there first, the rest out of stock."""
        missing = rounded(quantity - self.loose(batch))
        return self.issue(batch, missing) if missing > 0 else self

    def use(self, batch: str, quantity: float) -> Self:
        """Use a quantity for a batch, of what stands there first."""
        return self.fetch(batch, quantity).book(Balance(batch, used=quantity))

    def open(self, opened: Opened) -> Self:
        """Open a container for a batch."""
        return replace(self.fetch(opened.batch, opened.left), opened=(*self.opened, opened))

    def pour(self, name: str, quantity: float, *, batch: str) -> Self:
        """Use a quantity out of an opened container for a batch; another one's is issued to this one."""
        was = self.container(name)
        shared = self.book(Balance(was.batch, issued=-quantity)).book(Balance(batch, issued=quantity, used=quantity))
        return replace(shared, opened=_put(self.opened, was=was, now=replace(was, left=rounded(was.left - quantity))))

    def discard(self, name: str) -> Self:
        """Throw away what is left in an opened container."""
        was = self.container(name)
        gone = self.book(Balance(was.batch, destroyed=was.left))
        return replace(gone, opened=_put(self.opened, was=was, now=replace(was, left=0.0)))

    def container(self, name: str) -> Opened:
        """Give an opened container; raises KeyError when none of the name was opened."""
        found = {one.name: one for one in self.opened}
        return found[name]


def _put(values: tuple[_V, ...], *, was: _V, now: _V) -> tuple[_V, ...]:
    """Put a value in the place of another, or at the end."""
    if any(one is was for one in values):
        return tuple(now if one is was else one for one in values)
    return (*values, now)
