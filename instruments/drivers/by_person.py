"""What the drivers behind a person share: how a question begins, what is declared, and the refusal without control.

Wire:   none; ``links`` is empty, because there is nothing that bytes could be taken from.
Units:  none.
Source: 21 CFR 211.188(b)(11) (who performed and who checked); Annex 11 6 (second check of critical entries).
"""

from collections.abc import Mapping
from typing import ClassVar, NoReturn

from automation.engine.prompts import Question, ask_person
from automation.kernel.errors import RefusedError
from instruments.interfaces.device import Identity
from instruments.transport import Link


class ByPerson:
    """Base of a driver whose acts are questions to a person; it names the asset in each and remembers nothing."""

    by_person: ClassVar[bool] = True

    def __init__(self, name: str, identity: Identity, *, control: bool) -> None:
        """Ask under the name of the asset; without ``control`` every command is refused."""
        self.links: tuple[Link, ...] = ()
        self._name = name
        self._identity = identity
        self._control = control

    async def identify(self) -> Identity:
        """Give what the site declares; the label is compared at installation."""
        return self._identity

    async def _confirm(self, text: str, *, word: str = "", second: bool = False) -> None:
        await ask_person(Question("confirm", self._at(text), second=second), word=word)

    def _at(self, text: str) -> str:
        return f"At {self._name}: {text}"

    def _commanding(self, what: str) -> None:
        if not self._control:
            self._refuse(f"{what} needs control; this driver was given none")

    def _refuse(self, why: str) -> NoReturn:
        msg = f"{self._name}: {why}"
        raise RefusedError(msg)


def declared(given: Mapping[str, str]) -> Identity:
    """Give the identity that the settings of a site declare; what is not declared is empty."""
    maker, model, serial, firmware = (given.get(key, "") for key in ("maker", "model", "serial", "firmware"))
    return Identity(maker, model, serial, firmware)
