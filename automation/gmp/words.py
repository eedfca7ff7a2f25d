"""Words that all objects share: rights, meanings of signatures, strengths of identification, and bodies.

Source: 21 CFR 11.50 (meaning of a signature), 11.10(g) (authority checks);
        Annex 11 draft 11.10 (segregation of duties).
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import PydanticUndefined

SYSTEM = "system"  # prefix of principals that are not persons: system:runner, system:timers, ...


class Right(StrEnum):
    """What a person may do; the site maps roles to rights, rows name rights."""

    PERFORM = "perform"
    VERIFY = "verify"
    SUPERVISE = "supervise"
    ISSUE = "issue"
    REVIEW = "review"
    APPROVE = "approve"
    INVESTIGATE = "investigate"
    RELEASE_MATERIAL = "release material"
    ORDER = "order"  # therapy orders, slots and shipments
    COLLECT = "collect"  # at the collection centre
    TREAT = "treat"  # prescribe, and infuse at the bedside
    RELEASE = "release"  # product, as qualified person or for the quality unit
    MAINTAIN = "maintain"
    ADMINISTER = "administer"
    READ = "read"
    SYSTEM = "system"  # timers, policies, the runner; never given to a person


class Meaning(StrEnum):
    """What a signature means."""

    PERFORMED = "performed"
    VERIFIED = "verified"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    AUTHORED = "authored"
    RETURNED = "returned"
    RESPONSIBLE = "responsible"
    HANDED_OVER = "handed over"
    RECEIVED = "received"
    ATTESTED = "attested"  # that somebody without an account signed the paper that is named
    RELEASED = "released"
    UNDERSTOOD = "read and understood"
    OBSERVED = "observed"  # a run or an interview of somebody else


class Strength(StrEnum):
    """How sure the door must be of the person."""

    ENTRY = "entry"  # a person at a registered terminal
    VERIFY = "verify"  # the person's own secret, at the time
    SIGNATURE = "signature"  # full re-authentication; printed name, time, meaning


class Body(BaseModel):
    """What a command must state; frozen, nothing unknown, no NaN. Its checks are built when they are first needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Reason(Body):
    """A move that needs nothing but its reason."""

    reason: str = Field(min_length=3, title="Reason", description="Why, in words that a reviewer understands")


class Nothing(Body):
    """A move that states nothing."""


def field(  # noqa: PLR0913  the attributes of a form field, all by keyword
    *,
    label: str,
    help: str = "",  # noqa: A002  the word that forms use
    unit: str = "",
    default: object = PydanticUndefined,
    low: float | None = None,
    high: float | None = None,
    personal: bool = False,
    length: int | None = None,
) -> Any:  # noqa: ANN401  pydantic's own Field says the same, so that a default fits any annotation
    """Describe one field of a body: label, help, unit, range, and whether it is personal."""
    extra: dict[str, JsonValue] = {"unit": unit} if unit else {}
    if personal:
        extra["personal"] = True
    return Field(
        default,
        title=label,
        description=help or None,
        ge=low,
        le=high,
        min_length=length,
        json_schema_extra=extra,
    )
