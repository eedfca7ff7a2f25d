"""What people scan by mistake at a question, and what has to become of it.

Every mistake is refused and recorded and changes nothing. One that names another patient, or nobody that is known here,
locks the question until two people have cleared the line; any other is a hint and is counted.
Source: EU GMP Part IV (identity checks); ISBT 128 ST-001 (flags, check character); GS1 General Specifications.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from automation.formulas import isbt128
from automation.formulas.identifiers import Kind
from tests.identity.ward import CANCELLED, PATIENTS, RESERVE, Bag, flagged, identity

WORDS = {str(kind): kind.name for kind in (Kind.CONTAINER, Kind.LOT, Kind.POSITION)}
"""The word before our own codes, by the kind that a question expects."""


class Outcome(StrEnum):
    """What a wrong scan leads to."""

    LOCKED = "locked"
    COUNTED = "counted"
    EITHER = "locked or counted"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One wrong code."""

    text: str
    outcome: Outcome = Outcome.COUNTED


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for a scan as it stands before a person, with all bags there are by the names on them."""

    patient: str
    value: str  # what is right
    expects: str
    known: Mapping[str, tuple[str, ...]]  # containers of each patient
    last: str = ""  # what was scanned rightly before, for the same batch

    @property
    def own(self) -> tuple[str, ...]:
        """Give the other containers of the patient."""
        return tuple(name for name in self.known[self.patient] if name != self.value)


def right(asked: Asked, rng: Random) -> str:
    """Give a right code as a scanner sends it; the flags of a donation number are no part of it."""
    if asked.expects == Kind.DIN:
        return rng.choice((f"={asked.value}00", f"={asked.value}0{rng.randint(1, 4)}", flagged(asked.value)))
    if asked.expects == Kind.COI:
        return f"&/{asked.value}"
    return f"{WORDS[asked.expects]}:{asked.value}"


def swapped(text: str, patient: str) -> str:
    """Write the two digits of a patient in the wrong order, in an identifier or the name of a container."""
    place = {"A": 7, "C": 9, "P": 1}[text[0]]
    return text[:place] + patient[::-1] + text[place + 2 :]


def _other(asked: Asked, rng: Random) -> str:
    near = asked.patient[::-1]
    return near if rng.random() < 0.3 else rng.choice([one for one in PATIENTS if one != asked.patient])


def _code_of(name: str, rng: Random) -> str:
    """Give a code that stands on a bag: its own label, or the number of its donation where it came with one."""
    patient, _, mark = name[1:].partition("-")
    plain = mark[:1] in "BRX" and "-" not in mark
    return f"={Bag(patient, mark).din}00" if plain and rng.random() < 0.5 else f"CONTAINER:{name}"


def _foreign(asked: Asked, rng: Random) -> Wrong:
    who = _other(asked, rng)
    if asked.expects == Kind.COI:
        return Wrong(f"&/{identity(who)}", Outcome.LOCKED)
    if asked.expects == Kind.DIN:
        return Wrong(f"={Bag(who, RESERVE).din}00", Outcome.LOCKED)
    return Wrong(f"CONTAINER:{rng.choice(asked.known[who])}", Outcome.LOCKED)


def _foreign_any(asked: Asked, rng: Random) -> Wrong:
    who = _other(asked, rng)
    return Wrong(rng.choice((f"&/{identity(who)}", _code_of(rng.choice(asked.known[who]), rng))), Outcome.LOCKED)


def _foreign_child(asked: Asked, rng: Random) -> Wrong | None:
    children = [
        one for who, names in asked.known.items() if who != asked.patient for one in names if one.count("-") > 1
    ]
    return Wrong(f"CONTAINER:{rng.choice(children)}", Outcome.LOCKED) if children else None


def _other_bag(asked: Asked, rng: Random) -> Wrong:
    bag = Bag(asked.patient, RESERVE)
    return Wrong(rng.choice((f"={bag.din}00", flagged(bag.din), f"CONTAINER:{bag.name}")))


def _relative(asked: Asked, rng: Random) -> Wrong | None:
    children = [one for one in asked.own if one.count("-") > 1]
    return Wrong(f"CONTAINER:{rng.choice(children)}") if children else None


def _cancelled(asked: Asked, rng: Random) -> Wrong:
    own = rng.random() < 0.5
    bag = Bag(asked.patient if own else _other(asked, rng), CANCELLED)
    return Wrong(rng.choice((f"={bag.din}00", f"CONTAINER:{bag.name}")), Outcome.COUNTED if own else Outcome.LOCKED)


def _cut(asked: Asked, rng: Random) -> Wrong:
    text = right(asked, rng)
    least = 11 if text.startswith("CONTAINER:") else 2
    return Wrong(text[: rng.randint(least, len(text) - 1)], Outcome.EITHER)


def _bad_check(asked: Asked, rng: Random) -> Wrong:
    din = asked.value if asked.expects == Kind.DIN else Bag(asked.patient, RESERVE).din
    return Wrong(f"={din}{60 + (isbt128.check_value(din) + rng.randint(1, 36)) % 37}")


def _swapped(asked: Asked, rng: Random) -> Wrong:
    if asked.expects == Kind.DIN and rng.random() < 0.5:  # the check character sees it
        return Wrong(f"={swapped(asked.value, asked.patient)}{60 + isbt128.check_value(asked.value)}")
    if asked.expects == Kind.DIN:
        return Wrong(f"={swapped(asked.value, asked.patient)}00", Outcome.LOCKED)
    if asked.expects == Kind.COI:
        return Wrong(f"&/{swapped(asked.value, asked.patient)}", Outcome.LOCKED)
    if asked.expects == Kind.CONTAINER:
        return Wrong(f"CONTAINER:{swapped(asked.value, asked.patient)}", Outcome.LOCKED)
    last = asked.value[-1]
    return Wrong(
        f"{WORDS[asked.expects]}:{asked.value[:-2]}{last}{asked.value[-2] if asked.value[-2] != last else 'Z'}"
    )


def _unknown(asked: Asked, rng: Random) -> Wrong:
    del asked
    return Wrong(rng.choice(("4006381333931", "HELLO-1", "http://example.org/x", "]C0", f"{rng.randint(0, 10**9)}")))


def _nobody(asked: Asked, rng: Random) -> Wrong:
    del asked
    number = rng.randint(100_000, 999_999)
    codes = (f"=A999921{number}00", f"&/CHA999921{number}", f"CONTAINER:Q{number}")
    return Wrong(rng.choice(codes), Outcome.LOCKED)


def _other_symbol(asked: Asked, rng: Random) -> Wrong:
    del asked
    return Wrong(rng.choice(("=<S12954A0", "&>0273252359", "=*026005", "=+02000")))


def _wrong_question(asked: Asked, rng: Random) -> Wrong:
    codes = {str(Kind.DIN): f"={Bag(asked.patient, RESERVE).din}00", str(Kind.COI): f"&/{identity(asked.patient)}"}
    codes[str(Kind.LOT)] = "LOT:KIT-5501"
    return Wrong(rng.choice([code for kind, code in codes.items() if kind != asked.expects]))


def _gs1(asked: Asked, rng: Random) -> Wrong:
    item = "09501101530003"
    tail = asked.value[-12:].replace("/", "-")
    return Wrong(rng.choice((f"(01){item}(21){tail}", f"]d201{item}10{tail}", f"01{item}21{tail}", f"]C101{item}")))


def _other_word(asked: Asked, rng: Random) -> Wrong:
    words = [one for one in ("ASSET", "LOT", "POSITION", "PERSON", "SEAL") if one != WORDS.get(asked.expects)]
    return Wrong(f"{rng.choice(words)}:{asked.value}")


def _tube(asked: Asked, rng: Random) -> Wrong:
    din = asked.value if asked.expects == Kind.DIN else Bag(asked.patient, RESERVE).din
    return Wrong(f"={din}{rng.choice(('06', '07', '08', '10'))}")


def _personal(asked: Asked, rng: Random) -> Wrong:
    del asked
    return Wrong(rng.choice(("=#0019700101", "&#0106SMITHJ")))


def _changed(asked: Asked, rng: Random) -> Wrong:
    text = right(asked, rng)
    wide = text.replace(text[-1], chr(ord(text[-1]) + 0xFEE0))  # full-width, as some keyboards write
    return Wrong(rng.choice((text.lower(), f"{text[:4]} {text[4:]}", f"{text} ", wide)))


def _last(asked: Asked, rng: Random) -> Wrong | None:
    del rng
    value = asked.last.rpartition(":")[2]
    return Wrong(asked.last) if asked.last and asked.value not in asked.last and value != asked.value else None


MISTAKES: Mapping[str, Callable[[Asked, Random], Wrong | None]] = {
    "another patient's": _foreign,
    "another patient's, other kind": _foreign_any,
    "another patient's child": _foreign_child,
    "digits swapped": _swapped,
    "nobody's": _nobody,
    "cancelled": _cancelled,
    "own other bag": _other_bag,
    "own child or parent": _relative,
    "a tube of the donation": _tube,
    "same code again": _last,
    "cut off": _cut,
    "bad check character": _bad_check,
    "letters or blanks changed": _changed,
    "unknown code": _unknown,
    "other code of the label": _other_symbol,
    "right code, wrong question": _wrong_question,
    "right value, other word": _other_word,
    "GS1 for ISBT 128": _gs1,
    "patient data": _personal,
}
"""Each kind of mistake at a question for a scan; None where there is no such code."""
