"""A SiLA 2 server of another implementation (sila2), with the feature of a block that is kept warm, in kelvin."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sila2.framework import Feature
from sila2.server import FeatureImplementationBase, SilaServer

from fakes.in_loop import free_port

FOREIGN = Path(__file__).parents[1] / "data" / "sila"
UUID = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"


class Warmth(FeatureImplementationBase):
    """A block that is at once as warm as it is told to be (K)."""

    def __init__(self, parent_server: SilaServer) -> None:
        """Begin at 37 degC."""
        super().__init__(parent_server)
        self.kept, self.fails = 310.15, False

    def get_CurrentTemperature(self, *, metadata: object) -> float:  # noqa: N802, ARG002  as the library calls it
        """Give the temperature."""
        return self.kept

    def get_TargetTemperature(self, *, metadata: object) -> float:  # noqa: N802, ARG002  as above
        """Give the target."""
        return self.kept

    def get_DoorOpen(self, *, metadata: object) -> bool:  # noqa: N802, ARG002  as above
        """Tell that it is closed."""
        return False

    def SetTargetTemperature(self, Temperature: float, *, metadata: object) -> None:  # noqa: N802, N803, ARG002  as above
        """Keep a temperature, and then fail when it was told to; what would boil its feature does not allow."""
        self.kept = Temperature
        if self.fails:
            raise RuntimeError("the block has burnt through")


FEATURE = Feature((FOREIGN / "WarmBlock.sila.xml").read_text(encoding="utf-8"))


@contextlib.contextmanager
def theirs() -> Iterator[tuple[Warmth, str]]:
    """Serve while the block runs; gives the device and the port text."""
    server = SilaServer("Block 7", "WarmBlock", "A block of a test", "2.5", "https://example.com/", UUID)
    warmth, port = Warmth(server), free_port()
    server.set_feature_implementation(FEATURE, warmth)
    server.start_insecure("127.0.0.1", port, enable_discovery=False)
    try:
        yield warmth, f"sila:127.0.0.1:{port}"
    finally:
        server.stop(grace_period=0)
