"""What is read back of a report when somebody concludes from it: of what, whether it is met, and which deviations."""

import msgspec

from automation.kernel.errors import InputError
from automation.kernel.untrusted import UNREADABLE

_TRANSFER, _PPQ = "transfer report", "ppq report"


class Concluded(msgspec.Struct, frozen=True, kw_only=True):
    """The file of a report, as far as a conclusion states it."""

    what: str = msgspec.field(name="is")
    transfer: str = ""
    ppq: str = ""
    equivalent: bool = False
    met: bool = False
    deviations: tuple[tuple[str, str], ...] = ()

    @property
    def stream(self) -> str:
        """Give the object that it is about."""
        return f"transfer/{self.transfer}" if self.what == _TRANSFER else f"ppq/{self.ppq}"

    @property
    def command(self) -> str:
        """Give the move by which somebody concludes."""
        return "evaluate" if self.what == _TRANSFER else "conclude"

    def body(self, *, sha256: str, conclusion: str) -> dict[str, object]:
        """Give what that move states."""
        verdict = {"equivalent": self.equivalent} if self.what == _TRANSFER else {"met": self.met}
        named = [name for name, _ in self.deviations]
        return {"report": sha256, **verdict, "conclusion": conclusion, "deviations": named}


def concluded(raw: bytes, *, where: str) -> Concluded:
    """Read the file of a report of a transfer or a process qualification; raises InputError for anything else."""
    try:
        found = msgspec.json.decode(raw, type=Concluded)
    except UNREADABLE as error:
        raise InputError(f"this is no report: {error}", where=where) from None
    if found.what not in {_TRANSFER, _PPQ} or found.stream.endswith("/"):
        raise InputError(f"this is {found.what!r}, no {_TRANSFER} and no {_PPQ}", where=where)
    return found
