"""What a qualification means to its asset: which record stands for it, how far it reaches, and when it bars its use.

Source: EU GMP Annex 15, 2.9 and 2.10 (formal release, conditional approval), 4.1 (requalification).
"""

from typing import Protocol, cast

from automation.gmp.bodies.assets import Qualification, Stage
from automation.gmp.marks import of_asset
from automation.gmp.objects import Site

_ON_THE_WAY = frozenset({"executing", "executed", "reviewed"})


class _Record(Protocol):
    """What is asked of the execution of a protocol."""

    id: str

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


def in_execution(asset: str, site: Site) -> str:
    """Say which protocol is executed on an asset; empty when none is."""
    for one in (cast("_Record", found) for found in site.marked("qualification", of_asset(asset))):
        if one.state in _ON_THE_WAY:
            return f"is not put back to use: qualification {one.id} is {one.state}, not over"
    return ""


def reached(said: Qualification, before: Stage, *, holds: bool) -> Stage:
    """Give how far it is qualified: what was shown before and still holds is not lost by an earlier stage."""
    return max(said.stage, before, key=list(Stage).index) if holds and said.record else said.stage
