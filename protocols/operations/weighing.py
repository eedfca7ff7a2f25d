"""Weighing a container on the record: its label is scanned on the pan, and only a stable weight counts.

A tare that stands in the balance is added, so that what is given is always the whole container. A balance that does
not settle, is overloaded or does not answer is tried again; after that two people read another one.
Units:  g.
Source: 21 CFR 211.188(b)(4) weights in the record; 211.101(c) a second person where a weight is entered by hand.
"""

from dataclasses import dataclass

from automation.engine.product import Labelled, Product
from automation.engine.prompts import Answer, Entry, Operator
from automation.kernel.errors import FailedError, UnknownError
from automation.kernel.quantity import Grams
from instruments.interfaces.balance import Balance, Weighing, Weight

TRIES = 3
LIGHTEST = Grams(0.5)  # of any container
HEAVIEST = 20_000.0  # g, that may be entered by hand


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a container weighs as it is, and the scan that identified it."""

    gross: Grams
    identified: Answer


async def weigh(
    balance: Balance, operator: Operator, product: Product, *, label: Labelled, before: str = ""
) -> Weighed:
    """Weigh one container; ``before`` says what has to be done with it first."""
    identified = await operator.scan(
        f"{before}Put {label.id} alone on the balance, tubes hanging free, and scan its label there",
        accept=(label.code,),
        expects=label.expects,
    )
    for turn in range(1, TRIES + 1):
        if turn > 1:
            await operator.confirm(f"Put {label.id} alone on the balance again, tubes hanging free, then confirm")
        try:
            seen = await balance.weigh()
        except (FailedError, UnknownError) as trouble:
            why = str(trouble)
        else:
            gross = _gross(seen)
            if gross is not None:
                return Weighed(gross, identified)
            why = "nothing is on the balance" if seen.state is Weight.STABLE else f"the balance shows {seen.state}"
        await product.deviation(f"{label.id} could not be weighed: {why}", rule="weighing")
    entered = await operator.enter(
        f"Weigh {label.id} on another balance that is in calibration and enter what it shows",
        Entry("mass", f"Mass of {label.id}", unit="g", low=0.0, high=HEAVIEST, decimals=2),
        second=True,
    )
    return Weighed(Grams(entered.number("mass")), identified)


def _gross(seen: Weighing) -> Grams | None:
    """Give what stands on the pan, the stored tare included; None unless it is a stable weight of something."""
    if seen.state is not Weight.STABLE or seen.net is None:
        return None
    gross = seen.net + (seen.tare or Grams(0.0))
    return gross if gross >= LIGHTEST else None
