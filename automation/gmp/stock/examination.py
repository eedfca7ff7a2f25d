"""What was seen of a lot and how it was kept: its examination, and the times at which its storage was wrong.

Units:  degC; moments in s (UTC).
Source: 21 CFR 211.82, 211.84(d) (examination and testing); 211.142(b) (storage); EU GDP chapter 3.2 (excursions).
"""

from dataclasses import dataclass, replace

from automation.gmp.stock.stated import Certificate, Inspection, Result, Sampling, Storage, Verdict
from automation.kernel.quantity import Seconds

BETWEEN_LOGS = Seconds(900.0)  # a longer time that no logger shows is an excursion


@dataclass(frozen=True, slots=True)
class Excursion:
    """A time at which a lot was not kept as it has to be."""

    storage: Storage
    sentence: str
    logged_by: str
    verdict: Verdict | None = None
    evaluated_by: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was seen, sampled, certified and found before a lot is released; nothing of it is ever taken away."""

    inspection: Inspection | None = None  # the last one
    samplings: tuple[Sampling, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    results: tuple[Result, ...] = ()
    people: tuple[str, ...] = ()  # who received, prepared, verified or tested it; none of them releases it

    def by(self, *people: str) -> "Examined":
        """Give the same with people who had a hand in it."""
        return replace(self, people=tuple(dict.fromkeys((*self.people, *(one for one in people if one)))))

    def and_seen(self, said: Inspection | Sampling | Certificate | Result, by: str) -> "Examined":
        """Give the same with one thing more; who tested had a hand in it."""
        match said:
            case Inspection():
                return replace(self, inspection=said)
            case Sampling():
                return replace(self, samplings=(*self.samplings, said))
            case Certificate():
                return replace(self, certificates=(*self.certificates, said))
        return replace(self, results=(*self.results, said)).by(by)


def beyond(said: Storage, *, lowest_c: float | None, highest_c: float | None) -> tuple[str, ...]:
    """Give what a time of storage did to a lot that has to be kept between two temperatures (degC)."""
    found = []
    if lowest_c is not None and said.lowest_c < lowest_c:
        found.append(f"was kept at {said.lowest_c:.10g} degC; {lowest_c:.10g} degC is its lowest")
    if highest_c is not None and said.highest_c > highest_c:
        found.append(f"was kept at {said.highest_c:.10g} degC; {highest_c:.10g} degC is its highest")
    return tuple(found)
