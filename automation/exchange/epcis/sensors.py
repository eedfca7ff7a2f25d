"""Temperatures of a step as sensor elements: what each sealed piece of process data came to, and its digest.

Each piece states begin, end, lowest, highest and mean; ``rawData`` names the readings by their SHA-256, so that whoever
gets them can tell that they are those. A piece with a gap, or that can't be shown, says so as an error condition.
Units:  degC (CEL); moments in us (UTC).
Source: GS1 EPCIS 2.0 (sensor elements); GS1 web vocabulary (measurement types); RFC 6920 (ni URI).
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator

from automation.exchange.epcis.model import Event, SensorElement, SensorMetadata, SensorReport
from automation.exchange.epcis.writing import OBSERVED, Dated, Writer, among
from automation.kernel.clock import MICRO, iso
from automation.kernel.quantity import Instant
from automation.views.record import Chunk, Trend
from automation.views.trends import Files, trends

DEGREES, CELSIUS = "degC", "CEL"
_ASKED = frozenset({"setpoint", "target"})  # what a device was told to do is no reading


def sensors(writer: Writer, files: Files) -> Iterator[Dated]:
    """Give one event a step that measured temperatures, about the containers that it had in hand."""
    for stream, names in writer.life.steps.items():
        data = [event for event in writer.life.objects.streams.get(stream, ()) if event.kind == "data"]
        found = [one for one in trends(data, files) if _counts(one)]
        elements = tuple(element for trend in found for element in _elements(writer, trend))
        if elements:
            seqs = {chunk.event for trend in found for chunk in trend.chunks}
            when = among(event for event in data if event.seq in seqs)
            seen = Event(
                type="ObjectEvent",
                action=OBSERVED,
                step="sensor_reporting",
                items=writer.items(names),
                read_point=writer.here,
                location=writer.here,
                transactions=writer.belongs(when, batch=stream.split("/")[1]),
                sensors=elements,
            )
            yield writer.finish(seen, when)


def _counts(trend: Trend) -> bool:
    return trend.unit == DEGREES and trend.channel.rpartition(".")[2] not in _ASKED


def _elements(writer: Writer, trend: Trend) -> Iterator[SensorElement]:
    place = 0
    for chunk in trend.chunks:
        size = 2 if chunk.problem else chunk.count
        yield _element(writer, trend.channel, chunk, trend.values[place : place + size])
        place += size


def _element(writer: Writer, channel: str, chunk: Chunk, values: tuple[float | None, ...]) -> SensorElement:
    there = [value for value in values if value is not None]
    known = len(there) == len(values) and bool(there)
    metadata = SensorMetadata(
        start=iso(Instant(chunk.first / MICRO), zone=writer.zone),
        end=iso(Instant(chunk.last / MICRO), zone=writer.zone),
        device=writer.naming.own("channel", channel),
        raw_data=f"ni:///sha-256;{urlsafe_b64encode(bytes.fromhex(chunk.digest)).decode().rstrip('=')}",
    )
    report = SensorReport(
        type="Temperature",
        exception="" if known else "ERROR_CONDITION",
        min_value=_rounded(min(there)) if there else None,
        max_value=_rounded(max(there)) if there else None,
        mean_value=_rounded(sum(there) / len(there)) if there else None,
        uom=CELSIUS,
    )
    return SensorElement(metadata=metadata, report=(report,))


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
