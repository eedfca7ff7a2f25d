"""What a site says of a SiLA 2 server beside its address: whose certificate it has, and as whom it is spoken to.

Access file (JSON, readable by its owner only): ``{"root_certificates": "server.pem", "certificate_chain": "own.pem",
"private_key": "own.key", "server_name": "SiLA2"}``: paths of PEM files; the last three are left out where the server
asks nobody who they are, and has its own name in its certificate. Their contents never enter the ledger.
"""

from pathlib import Path

import msgspec

from automation.kernel.errors import InputError
from instruments.transport.opcua_site import read_owned

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a server is known, and how it knows us; empty for one on this machine without encryption."""

    root_certificates: str = ""
    certificate_chain: str = ""
    private_key: str = ""
    server_name: str = ""  # in the server's certificate, where it differs from its address

    def check(self, host: str) -> None:
        """Refuse to speak to another host in the clear; raises InputError that says what the site can do."""
        if host not in LOOPBACK and not self.root_certificates:
            raise InputError(f"{host} is another host: name 'root_certificates' in the access file")

    def pem(self, name: str) -> bytes | None:
        """Read one of the files; None where none is named. Raises InputError for one that can't be read."""
        path = str(getattr(self, name))
        try:
            return Path(path).read_bytes() if path else None
        except (OSError, ValueError) as trouble:
            raise InputError(f"{name} {path!r} can't be read: {trouble}", where=name) from None


def read_access(path: Path) -> Access:
    """Read an access file; raises InputError for one that others can read, and naming file and field, never a value."""
    return read_owned(path, Access)
