"""Charge of a dry shipper: liquid nitrogen taken up, by weight, and how long it keeps its cargo cold.

Units:  g, s. The loss is taken as linear: what a shipper holds for at full charge is a figure of its qualification.
Source: 1 L of liquid nitrogen weighs 0.808 kg (49 CFR 173.320 practice: charge 24 h, pour off, weigh); dry shippers
        lose mass linearly and warm up only when they are empty.
"""

from automation.kernel.errors import InputError
from automation.kernel.quantity import Grams, Seconds


def charge(*, charged: Grams, dry: Grams) -> Grams:
    """Give the nitrogen in a shipper (g) by its weights charged and dry; raises InputError below its dry weight."""
    if charged < dry:
        raise InputError(f"charged is {charged:g} g, less than the {dry:g} g of the dry shipper; weigh again")
    return charged - dry


def holding_time(taken_up: Grams, *, full: Grams, holds: Seconds) -> Seconds:
    """Give how long a charge keeps (s), where a full one (g) holds so long (s); more than full counts as full."""
    if full <= Grams(0.0):
        raise InputError(f"full is {full:g} g; a charge above 0 g is needed")
    return holds * min(1.0, float(taken_up) / float(full))
