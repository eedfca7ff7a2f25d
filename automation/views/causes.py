"""Causes: how often each cause code was found, when last, and what was done about it; the most frequent first.

Units:  ``lately`` counts the 365 days before the moment asked about.
Source: EU GMP chapter 1, 1.10(iv), 21 CFR 211.180(e) (review for trends); ICH Q10 3.2.1.
"""

from dataclasses import dataclass

from automation.gmp.due import DAY
from automation.gmp.objects import Site
from automation.gmp.quality.deviations import Deviation
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant

_YEAR = 365 * DAY  # s


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One cause code with its deviations and their actions."""

    code: str
    lately: int
    ever: int
    last: str
    deviations: tuple[str, ...]
    actions: tuple[str, ...]  # CAPA with state


def causes(site: Site, now: Instant) -> tuple[CauseLine, ...]:
    """Give the causes that were found, the most frequent of the last year first; those without a code are left out."""
    found: dict[str, list[Deviation]] = {}
    for one in site.every("deviation"):
        if isinstance(one, Deviation) and one.code:
            found.setdefault(one.code, []).append(one)
    lines = [_line(code, some, site, now) for code, some in found.items()]
    return tuple(sorted(lines, key=lambda line: (-line.lately, -line.ever, line.code)))


def _line(code: str, some: list[Deviation], site: Site, now: Instant) -> CauseLine:
    moments = [one.concluded_at for one in some if one.concluded_at is not None]
    names = dict.fromkeys(name for one in some if one.conclusion for name in one.conclusion.capa)
    return CauseLine(
        code=code,
        lately=sum(now - _YEAR <= at <= now for at in moments),
        ever=len(some),
        last=iso(max(moments), zone=site.zone)[:10] if moments else "",
        deviations=tuple(one.id for one in some),
        actions=tuple(f"{name} ({site.find('capa', name).state})" for name in names),
    )
