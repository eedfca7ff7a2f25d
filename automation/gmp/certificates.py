"""Certificates of analysis: what was found against what is demanded, as one text that a signature binds.

A certificate is made from the records alone, so that the same records give the same bytes; its SHA-256 is what the
release states. When a result changes afterwards, the digest no longer fits.
Source: 21 CFR 211.165, 211.194(a)(6); EU GMP Annex 16, appendix II (content of a batch certificate).
"""

import hashlib
from typing import Protocol, cast

import msgspec

from automation.gmp.objects import Site
from automation.gmp.product.orders import order_of
from automation.gmp.product.testing import QcTest, State, judge_by, tests_of
from automation.gmp.quality.corrections import corrections_in
from automation.gmp.quality.specifications import Specification


class Line(msgspec.Struct, frozen=True):
    """One result."""

    test: str
    method: str
    demanded: str
    found: str
    verdict: str
    record: str
    analysed: str
    reviewed_by: str
    status: str
    worked_out: tuple[str, ...] = ()  # the inputs of a calculated one


class Certificate(msgspec.Struct, frozen=True):
    """The whole text; ``simulated`` ones are worth nothing outside their site."""

    simulated: bool
    batch: str
    product: str
    identity: str
    order: str
    recipe: str
    specification: str
    lines: tuple[Line, ...]
    preliminary: tuple[Line, ...]  # what was found so far of what is not finished
    set_aside: tuple[str, ...]  # results that do not count, with the reason
    corrections: tuple[str, ...] = ()  # of entries in the record of the batch, in the order of their making

    @property
    def text(self) -> bytes:
        """Give the bytes that are signed."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @property
    def digest(self) -> str:
        """Give the SHA-256 (hex) of the text."""
        return hashlib.sha256(self.text).hexdigest()


class _Issue(Protocol):
    """What a certificate says of the master."""

    recipe: str
    recipe_version: str
    product: str


class _Batch(Protocol):
    """What a certificate says of a batch."""

    issue: _Issue | None

    @property
    def identity(self) -> str: ...


def certificate(site: Site, batch: str, *, specification: str) -> Certificate:
    """Make the certificate of a batch by a specification, as the records stand now."""
    thing = cast("_Batch", site.find("batch", batch))
    demanded = cast("Specification", site.find("specification", specification))
    order = order_of(site, thing.identity) if thing.identity else None
    tests = list(tests_of(site, batch))
    return Certificate(
        simulated=site.simulated,
        batch=batch,
        product=thing.issue.product if thing.issue else "",
        identity=thing.identity,
        order=order.id if order else "",
        recipe=f"{thing.issue.recipe} {thing.issue.recipe_version}" if thing.issue else "",
        specification=demanded.id,
        lines=tuple(_line(site, one, demanded) for one in tests if one.state is State.REVIEWED),
        preliminary=tuple(_line(site, one, demanded) for one in tests if _is_under_way(one)),
        set_aside=tuple(f"{one.id}: {one.value} ({one.set_aside})" for one in tests if one.state is State.INVALIDATED),
        corrections=tuple(one.sentence for one in corrections_in(site, batch)),
    )


def _line(site: Site, test: QcTest, demanded: Specification) -> Line:
    found, sentence = judge_by(test, site)
    result = test.results[-1]
    criterion = demanded.criterion(test.request.test if test.request else "")
    return Line(
        test=test.request.test if test.request else "",
        method=result.method,
        demanded=criterion.says if criterion else "",
        found=result.value,
        verdict=f"{found} ({sentence})",
        record=test.id,
        analysed=result.analysed,
        reviewed_by=test.reviewed_by,
        status=_status(test),
        worked_out=result.inputs,
    )


def _is_under_way(test: QcTest) -> bool:
    return test.state is State.IN_LABORATORY and bool(test.value)


def _status(test: QcTest) -> str:
    """Say how far a result is: of what is incubated with the day that was read."""
    word = test.statuses[-1] if test.statuses else ""
    return f"{word}, incubated since {test.inoculation}" if test.inoculation and not test.is_final else word
