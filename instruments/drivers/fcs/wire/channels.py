"""A tube as rows: one for each channel, for whoever wants to know what a file holds.

Units:  linear channel values, before compensation.
Source: see ``events``.
"""

from instruments.drivers.fcs.wire.segments import VERSIONS
from instruments.drivers.readers import Reader
from instruments.interfaces.results import ChannelRow


def read(data: bytes, *, name: str = "file") -> tuple[ChannelRow, ...]:
    """Read a whole file; raises InputError for what is not understood or contradicts itself."""
    import numpy as np  # noqa: PLC0415  numpy only where a file is read

    from instruments.drivers.fcs.wire.events import tube  # noqa: PLC0415  as above

    found = tube(data, name=name)
    spread = np.percentile(found.events.values, (0, 50, 100), axis=0) if len(found.events.values) else None
    return tuple(
        ChannelRow(
            sample=found.sample(),
            channel=channel,
            marker=found.events.markers[channel],
            events=len(found.events.values),
            lowest=None if spread is None else float(spread[0][place]),
            median=None if spread is None else float(spread[1][place]),
            highest=None if spread is None else float(spread[2][place]),
            analysed=found.analysed,
            analysed_local=found.analysed_local,
            instrument=found.instrument,
            line=place + 1,
            flags=found.notes,
            error=found.error,
        )
        for place, channel in enumerate(found.events.channels)
    )


READER = Reader("FCS list-mode file of a flow cytometer", lambda data: data[:3] == VERSIONS[0][:3], read)
