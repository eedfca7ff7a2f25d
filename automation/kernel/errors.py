"""Errors, grouped by what is known of the effect.

``InputError`` and its kin: the input is wrong, nothing was tried (exit status 2).
``RefusedError``: the rules or the device said no; nothing changed.
``FailedError``: it was tried, and it is known that and how it failed.
``UnknownError``: it may have happened; ask the device before anything else.
"""


class CellwrightError(Exception):
    """Root of every error that the project raises on purpose."""


class InputError(CellwrightError):
    """The input is wrong: names the field, the value, what is allowed and where it stands."""

    def __init__(self, message: str, *, where: str = "") -> None:
        """Keep the place (file, line and column, or key) in front of the message."""
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class NotOursError(InputError):
    """The file or folder never was one of ours."""


class DamagedError(InputError):
    """The file is ours and no longer whole; says where the damage begins."""


class NewerVersionError(InputError):
    """The file was written by a later release than this one."""


class RefusedError(CellwrightError):
    """The rules or the device said no; nothing changed."""


class OwnedError(RefusedError):
    """Another process owns the site and can't be asked right now; nothing was tried, so it may be tried again."""


class ConflictError(RefusedError):
    """The object has moved on since it was looked at; look again and decide anew."""


class GateError(RefusedError):
    """An asset, lot, container or person is not ready for this act."""


class IdentityError(GateError):
    """The container is not of this batch's chain of identity; no signature overrides this."""


class FailedError(CellwrightError):
    """The act was tried and is known to have failed; the message says what the device reported."""


class UnknownError(CellwrightError):
    """The act may have taken effect; the device has to be asked before anything else."""


class LinkError(UnknownError):
    """The link broke or stayed silent; the command may have taken effect."""


class WireError(UnknownError):
    """The reply breaks the grammar of the protocol; the effect is unknown."""


class JournalError(CellwrightError):
    """Code and journal disagree: what is asked now is not what was recorded; says where."""
