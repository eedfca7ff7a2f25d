"""Populations of one file by one strategy, for whoever has a file and a strategy and no site.

Units:  shares in %.
"""

from automation.formulas.cytometry import populations
from automation.formulas.gating import Population, Strategy
from instruments.drivers.fcs.wire.events import tube
from instruments.drivers.fcs.wire.segments import refuse


def gate(data: bytes, strategy: Strategy, *, name: str) -> tuple[Population, ...]:
    """Count the events of every gate; raises InputError for a file that can't be trusted or does not fit."""
    found = tube(data, name=name)
    if found.error:
        refuse(found.error, name)
    return populations(found.events, strategy)
