"""Programs that a device holds under a name, with values that are words, as its panel shows them.

Units: none of its own; each value carries its unit.
Source: makers of such devices publish program names or codes, and no interface.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PanelSetting:
    """One value of a program, as the device shows it."""

    name: str = field(metadata={"label": "Name in the device"})
    value: str = field(metadata={"label": "Value, with its unit"})


@dataclass(frozen=True, slots=True)
class PanelProgram:
    """A program as approved in the recipe."""

    name: str = field(metadata={"label": "Name in the device"})
    settings: tuple[PanelSetting, ...] = field(metadata={"label": "Values"})
