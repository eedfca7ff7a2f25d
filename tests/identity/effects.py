"""Effects on containers that a batch may not touch, as a careless protocol would ask for them."""

from collections.abc import Callable, Mapping
from random import Random

from automation.gmp.form import Value
from tests.identity.careless import NOTE, PUMP
from tests.identity.mistakes import Asked
from tests.identity.ward import CANCELLED, PATIENTS, RESERVE, Bag


def _foreign(asked: Asked, rng: Random) -> str:
    who = rng.choice([one for one in PATIENTS if one != asked.patient])
    return rng.choice(asked.known[who])


def _pair(asked: Asked, rng: Random) -> tuple[str, str]:
    who = rng.choice([one for one in PATIENTS if one != asked.patient])
    here = [one for one in asked.known[who] if not one.endswith((CANCELLED, RESERVE))]
    one, other = rng.sample(here if len(here) > 1 else asked.known[who], 2)
    return one, other


MISTAKES: Mapping[str, Callable[[Asked, Random], tuple[str, str]]] = {
    "effect: another patient's source": lambda asked, rng: (_foreign(asked, rng), ""),
    "effect: another patient's destination": lambda asked, rng: ("", _foreign(asked, rng)),
    "effect: two of another patient": _pair,
    "effect: name with digits swapped": lambda asked, rng: (rng.choice(asked.known[asked.patient[::-1]]), ""),
    "effect: nobody's": lambda asked, rng: ("", f"P{asked.patient}-Z{rng.randint(1, 99)}"),
    "effect: own, not here yet": lambda asked, _rng: (Bag(asked.patient, RESERVE).name, ""),
    "effect: own, cancelled": lambda asked, _rng: ("", Bag(asked.patient, CANCELLED).name),
}
"""Each kind of mistake: source and destination, empty where the right one is named."""


def named(kind: str, plain: dict[str, Value], asked: Asked, rng: Random) -> dict[str, Value]:
    """Give what is asked for by mistake, beside what would have been right."""
    source, dest = MISTAKES[kind](asked, rng)
    what = rng.choice((PUMP, PUMP, NOTE))
    return {"what": what, "source": source or plain["source"], "dest": dest or plain["dest"]}
