"""What the drivers behind a person share: how a question begins, what is declared, and the refusal without control.

Wire:   none; ``links`` is empty, because there is nothing that bytes could be taken from.
Units:  none.
Source: 21 CFR 211.188(b)(11) (who performed and who checked); Annex 11 6 (second check of critical entries).
"""

import re
from collections.abc import Mapping
from typing import ClassVar, NoReturn

from automation.engine.prompts import Question, ask_person
from automation.kernel.errors import RefusedError
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.panel_program import PanelProgram, PanelSetting
from instruments.transport import Link

_NAME = re.compile(r"select the program '(.+)' and compare:")
_SETTING = re.compile(r"^- (.+?): (.+)$", re.MULTILINE)


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


def by_hand(how: str) -> Support:
    """Say what supports a device at which only people act; ``how`` tells what they do."""
    return Support(
        kind=DriverKind.MANUAL, level=SupportLevel.L0, on_host_loss=OnHostLoss.CONTINUES, source=f"no bytes: {how}"
    )


def on_label(device: str) -> dict[str, str]:
    """Give the settings by which a site declares what stands on the label of a device."""
    return {
        "maker": f"maker of the {device}; declared",
        "model": "its model; declared",
        "serial": "its serial number; declared",
        "firmware": "its software, as it shows it; declared",
    }


def manual(driver: type[ByPerson], interface: type, *, device: str, how: str) -> Factory:
    """Give the factory of a driver that needs nothing but what stands on the label of the device."""

    def build(link: Link, given: Mapping[str, str], *, control: bool) -> ByPerson:
        factory.check(given)
        return driver(link.name, declared(given), control=control)

    factory = Factory(build, interface, by_hand(how), (), on_label(device))
    return factory


def to_compare(program: PanelProgram) -> str:
    """Ask for a program and for each of its values."""
    return f"select the program '{program.name}' and compare:" + "".join(
        f"\n- {one.name}: {one.value}" for one in program.settings
    )


def compared(text: str) -> PanelProgram:
    """Read back the program that was asked for."""
    name = _NAME.search(text)
    return PanelProgram(name[1] if name else "", tuple(PanelSetting(*found) for found in _SETTING.findall(text)))
