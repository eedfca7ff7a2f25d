"""What a qualification means to its asset: which record stands for it, how far it reaches, and when it bars its use.

Source: EU GMP Annex 15, 2.9 and 2.10 (formal release, conditional approval), 4.1 (requalification).
"""

from typing import Protocol, cast

from automation.gmp.bodies.assets import Qualification, Stage
from automation.gmp.marks import of_asset, of_subject
from automation.gmp.objects import Site
from automation.kernel.quantity import Instant

_ON_THE_WAY = frozenset({"executing", "executed", "reviewed"})


class _Record(Protocol):
    """What is asked of the execution of a protocol."""

    id: str
    begun_at: Instant

    @property
    def state(self) -> str: ...
    @property
    def asset(self) -> str: ...


def unfounded(asset: str, said: Qualification, site: Site, *, last: str, released: bool) -> str:
    """Say why an asset is not qualified by what is said: another's record, or none where the last one had one."""
    if released:
        record = cast("_Record", site.find("qualification", said.record))
        good = record.asset == asset and record.state == "released"
        return "" if good else f"has no qualification {said.record} that was released"
    return f"is qualified by executed protocols (the last is {last}); execute one" if last else ""


def barring(asset: str, site: Site) -> str:
    """Say which execution keeps an asset out of use: one that is not over, was rejected, or left deviations open."""
    found = [cast("_Record", one) for one in site.marked("qualification", of_asset(asset))]
    begun = [one for one in found if float(one.begun_at) > 0.0]
    if not begun:
        return ""
    last = begun[-1]
    why = f"is not put back to use: qualification {last.id}"
    if last.state in _ON_THE_WAY:
        return f"{why} is {last.state}, not over"
    if last.state == "rejected":
        return f"{why} was rejected; another has to be released"
    left = (one for one in site.marked("deviation", of_subject(f"qualification/{last.id}")) if one.state != "closed")
    return next((f"{why} left deviation {one.id}, which is {one.state}, not closed" for one in left), "")


def reached(
    said: Qualification, before: Stage, *, due: Instant, held: Instant | None, at: Instant
) -> tuple[Stage, Instant]:
    """Give how far it is qualified, and until when (s, UTC), by what is said at a moment and was ``held`` before.

    What was shown before and still holds is not lost by an earlier stage, and not put off by it.
    """
    order = list(Stage)
    if not said.record or held is None or at >= held or order.index(before) <= order.index(said.stage):
        return said.stage, due
    return before, min(due, held)
