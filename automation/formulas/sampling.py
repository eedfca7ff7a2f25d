"""Samples: what a plan of tests takes out of a container, what can be drawn, and what sampling costs of the product.

A plan is served in the order in which it stands: what does not fit any more is left out whole, never drawn short.
Units:  mL, %.
Source: 21 CFR 211.160(b), 211.188(b)(10) (sampling by a written plan); the plan is the user's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Millilitres, Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one test needs."""

    tubes: int
    volume: Millilitres  # in each

    @property
    def takes(self) -> Millilitres:
        """Give what all its tubes take (mL)."""
        return self.volume * float(self.tubes)


@shown(formula="100 * drawn / volume", source="share of the product that goes into samples")
def sampled_share(*, drawn: Millilitres, volume: Millilitres) -> Percent:
    """Give the share of a volume that is drawn as samples (%); raises InputError for more than there is."""
    if not 0.0 <= float(drawn) <= float(volume) or not float(volume):
        raise InputError(f"{drawn:g} mL can't be drawn from {volume:g} mL")
    return Percent(100.0 * float(drawn) / float(volume))


@shown(formula="inoculum * containers / share_sampled * 100", source="volume that has to be there for a share of it")
def volume_for_test(*, inoculum: Millilitres, containers: int, share_sampled: Percent) -> Millilitres:
    """Give the volume of product that a test needs which may take a share of it (mL)."""
    if containers < 1 or not float(inoculum) > 0.0 or not 0.0 < float(share_sampled) <= 100.0:
        raise InputError(
            f"{containers} containers of {inoculum:g} mL out of {share_sampled:g} %: at least 1, above 0, up to 100"
        )
    return inoculum * (float(containers) * 100.0 / float(share_sampled))


@shown(formula="ceil(volume / most)", source="loads of a device of which each holds so much")
def portions(*, volume: Millilitres, most: Millilitres) -> int:
    """Give the number of loads that a volume makes; at least one."""
    if not float(most) > 0.0:
        raise InputError(f"a load holds {most:g} mL; above 0 is needed")
    return max(1, math.ceil(round(float(volume) / float(most), 9)))


def served(tests: Sequence[Wanted], *, volume: Millilitres, keeps: Millilitres) -> tuple[bool, ...]:
    """Tell for each test, in order, whether it can be drawn from a volume of which ``keeps`` has to stay (mL)."""
    left = volume - keeps
    found = []
    for one in tests:
        fits = one.takes <= left
        left = left - one.takes if fits else left
        found.append(fits)
    return tuple(found)
