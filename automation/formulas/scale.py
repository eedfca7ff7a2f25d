"""Scale: what a quantity becomes in another vessel when something is kept the same; what is kept is the user's choice.

Rocking has no rule here: rate and angle for another bag come from its maker or from own runs.
Units:  mL, cells, s, degC; cm2, m, mm, rpm, mL/min, W/m3 where the name says so; ratios and power numbers are bare.
Source: each function names its own. Bird, Stewart, Lightfoot, Transport Phenomena, 2nd ed. (2002) for heat; Rushton,
        Costich, Everett, Chem. Eng. Prog. 46 (1950) 395-404, 467-476 for stirrers; Plank, Z. ges. Kaelte-Ind. 20 (1913)
        109-114 for freezing.
"""

import math
from typing import Protocol

from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, Celsius, Grams, GramsPerMillilitre, Millilitres, Seconds

_SMALLEST_EDDY = 1e6  # um in a m


@shown(formula="quantity * after / before", source="the same share of the working volume")
def volume_at_scale(*, quantity: Millilitres, before: Millilitres, after: Millilitres) -> Millilitres:
    """Give a volume in a vessel of another working volume (mL): medium, inoculum, addition, feed."""
    return quantity * (_positive(after, "volume after") / _positive(before, "volume before"))


@shown(formula="cells * after / before", source="the same cells per mL")
def cells_at_volume(*, cells: Cells, before: Millilitres, after: Millilitres) -> Cells:
    """Give the cells for another working volume at the same density (cells)."""
    return Cells(float(cells) * _positive(after, "volume after") / _positive(before, "volume before"))


@shown(formula="cells * after_cm2 / before_cm2", source="the same cells per cm2 of growth surface")
def cells_at_area(*, cells: Cells, before_cm2: float, after_cm2: float) -> Cells:
    """Give the cells for another growth surface (cells); for a static, gas-permeable vessel."""
    return Cells(float(cells) * _positive(after_cm2, "area after") / _positive(before_cm2, "area before"))


@shown(formula="volume * after_cm2 / before_cm2", source="the same height of medium over the growth surface")
def medium_at_area(*, volume: Millilitres, before_cm2: float, after_cm2: float) -> Millilitres:
    """Give the volume of medium over another growth surface (mL)."""
    return volume * (_positive(after_cm2, "area after") / _positive(before_cm2, "area before"))


@shown(formula="vector * after / before", source="the same MOI with vector of the same titre")
def vector_at_cells(*, vector: Millilitres, before: Cells, after: Cells) -> Millilitres:
    """Give the volume of vector for another number of cells (mL)."""
    return vector * (_positive(after, "cells after") / _positive(before, "cells before"))


@shown(formula="feed * after / before", source="the same feed for each cell")
def feed_at_cells(*, feed: Millilitres, before: Cells, after: Cells) -> Millilitres:
    """Give the volume of feed for another number of cells (mL)."""
    return feed * (_positive(after, "cells after") / _positive(before, "cells before"))


@shown(formula="flow_ml_per_min * after / before", source="the same volumes of gas per volume and minute (vvm)")
def gas_flow_at_volume(*, flow_ml_per_min: float, before: Millilitres, after: Millilitres) -> float:
    """Give the flow of gas for another working volume (mL/min)."""
    ratio = _positive(after, "volume after") / _positive(before, "volume before")
    return _positive(flow_ml_per_min, "flow") * ratio


@shown(
    formula="power_number * density * (speed_rpm / 60) ** 3 * impeller_m ** 5 / volume",
    source="Rushton et al. 1950: P = Np rho N^3 D^5, turbulent",
)
def power_per_volume(
    *, power_number: float, density: GramsPerMillilitre, speed_rpm: float, impeller_m: float, volume: Millilitres
) -> float:
    """Give the power that a stirrer puts into a volume (W/m3); Re above 1e4."""
    power = _positive(power_number, "power number") * 1000.0 * _positive(density, "density")  # kg/m3
    power *= (_positive(speed_rpm, "speed") / 60.0) ** 3 * _positive(impeller_m, "impeller") ** 5  # W
    return power / (_positive(volume, "volume") * 1e-6)


@shown(
    formula="speed_rpm * (before_m ** 5 * after / (after_m ** 5 * before)) ** (1 / 3)",
    source="Rushton et al. 1950: P/V kept, stirrer of the same shape and power number",
)
def speed_at_power(
    *, speed_rpm: float, before_m: float, after_m: float, before: Millilitres, after: Millilitres
) -> float:
    """Give the speed of a stirrer of the same shape for the same power per volume (1/min).

    ``before_m`` and ``after_m`` are the diameters of the stirrers (m).
    """
    sizes = (_positive(before_m, "stirrer before") / _positive(after_m, "stirrer after")) ** 5
    volumes = _positive(after, "volume after") / _positive(before, "volume before")
    return _positive(speed_rpm, "speed") * math.cbrt(sizes * volumes)


@shown(formula="pi * speed_rpm / 60 * impeller_m", source="speed of the stirrer's tip")
def tip_speed(*, speed_rpm: float, impeller_m: float) -> float:
    """Give how fast the tip of a stirrer goes (m/s)."""
    return math.pi * _positive(speed_rpm, "speed") / 60.0 * _positive(impeller_m, "impeller")


@shown(
    formula="1e6 * ((viscosity_mpas / density * 1e-6) ** 3 / (power_w_per_m3 / (1000 * density))) ** 0.25",
    source="Kolmogorov 1941: (nu^3 / epsilon)^(1/4)",
)
def smallest_eddies(*, power_w_per_m3: float, density: GramsPerMillilitre, viscosity_mpas: float) -> float:
    """Give the size of the smallest eddies (um); cells or beads much smaller than it are not sheared by them."""
    heavy = 1000.0 * _positive(density, "density")  # kg/m3
    nu = _positive(viscosity_mpas, "viscosity") * 1e-3 / heavy  # m2/s
    return _SMALLEST_EDDY * math.pow(nu**3 / (_positive(power_w_per_m3, "power") / heavy), 0.25)


@shown(formula="ceil(volume / most)", source="equal loads, none above what the washer takes")
def washer_loads(*, volume: Millilitres, most: Millilitres) -> int:
    """Give how many loads of a washer a volume makes."""
    return math.ceil(_positive(volume, "volume") / _positive(most, "largest load") - 1e-9)


@shown(formula="10 * volume / area_cm2", source="a bag that lies flat: volume over the area of one side")
def bag_thickness(*, volume: Millilitres, area_cm2: float) -> float:
    """Give how thick the content of a flat bag is (mm)."""
    return 10.0 * _positive(volume, "volume") / _positive(area_cm2, "area")


@shown(
    formula="(mass * heat_j_per_g_k + vessel_j_per_k) / ua_w_per_k",
    source="Bird, Stewart, Lightfoot 2002: lumped capacity, before anything freezes",
)
def cooling_time_constant(*, mass: Grams, heat_j_per_g_k: float, vessel_j_per_k: float, ua_w_per_k: float) -> Seconds:
    """Give how far a container lags behind its chamber (s): at a ramp of 1 K/min, that many minutes times 1 K."""
    content = _positive(mass, "mass") * _positive(heat_j_per_g_k, "heat capacity")
    return Seconds((content + vessel_j_per_k) / _positive(ua_w_per_k, "UA"))


@shown(
    formula="latent_j_per_ml * 1e6 / below_k * (t / (2 * film_w_per_m2_k) + t ** 2 / (8 * conductivity_w_per_m_k)), "
    "t = thickness_mm / 1000",
    source="Plank 1913: a slab that is cooled from both sides, at its freezing point",
)
def plateau_of_slab(
    *,
    thickness_mm: float,
    latent_j_per_ml: float,
    below_k: float,
    film_w_per_m2_k: float,
    conductivity_w_per_m_k: float,
) -> Seconds:
    """Give how long a flat bag takes to freeze through (s), the chamber ``below_k`` under its freezing point."""
    thick = _positive(thickness_mm, "thickness") / 1000.0  # m
    latent = _positive(latent_j_per_ml, "latent heat") * 1e6  # J/m3
    film = thick / (2.0 * _positive(film_w_per_m2_k, "film"))
    inside = thick**2 / (8.0 * _positive(conductivity_w_per_m_k, "conductivity"))
    return Seconds(latent / _positive(below_k, "kelvins below freezing") * (film + inside))


@shown(formula="chamber + lag / 60 * rate_k_per_min", source="lumped capacity: on a ramp a body lags by rate times lag")
def sample_on_ramp(*, chamber: Celsius, lag: Seconds, rate_k_per_min: float) -> Celsius:
    """Give where a sample is when its chamber, on a long ramp down, is at ``chamber`` (degC), while nothing freezes."""
    return Celsius(float(chamber) + _positive(lag, "lag") / 60.0 * _positive(rate_k_per_min, "rate"))


class _Number(Protocol):
    def __float__(self) -> float: ...


def _positive(value: _Number, what: str) -> float:
    number = float(value)
    if not (math.isfinite(number) and number > 0.0):
        raise InputError(f"{what} is {number:g}; more than 0 is needed")
    return number
