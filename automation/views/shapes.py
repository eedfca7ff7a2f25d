"""Bodies of the step events that only views read; liberal, so that an older or newer record can still be shown."""

import msgspec


class Given(msgspec.Struct, frozen=True):
    """One parameter as the step got it."""

    value: object = None
    text: str = ""
    unit: str = ""
    source: int = 0


class Bound(msgspec.Struct, frozen=True):
    """What a step works with."""

    operation: str = ""
    assets: dict[str, str] = msgspec.field(default_factory=dict)
    parameters: dict[str, Given] = msgspec.field(default_factory=dict)
    materials: dict[str, str] = msgspec.field(default_factory=dict)
    results: dict[str, str] = msgspec.field(default_factory=dict)  # units; ``instant`` for a moment


class Verdict(msgspec.Struct, frozen=True):
    """One result against its limits."""

    what: str = ""
    raw: object = None
    reported: object = None
    unit: str = ""
    band: str = ""
    sentence: str = ""
    limits: tuple[str, ...] = ()
    kind: str = "result"  # result or yield


class Criterion(msgspec.Struct, frozen=True):
    """One criterion of acceptance."""

    name: str = ""
    value: object = None
    unit: str = ""
    limit: str = ""
    met: bool | None = None
    verdict: str = ""  # the word for ``met``: pass, fail, not evaluable
    sentence: str = ""

    @property
    def is_met(self) -> bool | None:
        """Tell whether it was met; None where it could not be judged."""
        return {"pass": True, "fail": False}.get(self.verdict, self.met)


class Accepted(msgspec.Struct, frozen=True):
    """The verdict on a run; an event of its own, or what the last move of an operation brought."""

    verdict: str = ""
    criteria: tuple[Criterion, ...] = ()


class Amount(msgspec.Struct, frozen=True):
    """One line of a balance that an operation brings."""

    what: str = ""
    value: float = 0.0
    standard: float = 0.0
    goes_in: bool = False
    source: str = ""
    measured: bool = True
    parts: tuple[tuple[str, float], ...] = ()


class Gap(msgspec.Struct, frozen=True):
    """A reading that could not be had, or is there again."""

    what: str = ""
    why: str = ""
    over: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """Sealed process data of one channel; us (UTC)."""

    channel: str
    first: int
    last: int
    count: int
    digest: str
    blob: str
    unit: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """A command that the door refused."""

    stream: str = ""
    command: str = ""
    why: str = ""
