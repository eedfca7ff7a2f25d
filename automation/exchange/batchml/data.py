"""Process data of a record: each channel of a step with all its readings, and the digests that the ledger cites.

Times are in s after the begin of the data set, in full to a microsecond; a time without a reading has no value.
Source: MESA B2MML-BatchML 7.0.1 (DataSetType, DelimitedDataBlockType).
"""

from collections.abc import Iterator

from automation.exchange.batchml.parts import entry
from automation.exchange.batchml.xml import Node, empty, node
from automation.kernel.clock import MICRO
from automation.views.record import BatchRecord, Step, Trend
from automation.views.wording import stamp

_BETWEEN, _AFTER = ",", ";"


def data_sets(record: BatchRecord) -> Iterator[Node]:
    """Give a data set a channel."""
    return (_data_set(record, step, trend) for step in record.steps for trend in step.trends)


def _data_set(record: BatchRecord, step: Step, trend: Trend) -> Node:
    first = trend.times[0] if trend.times else 0
    rows = (
        f"{(at - first) / MICRO:.6f}{_BETWEEN}{'' if value is None else repr(value)}"
        for at, value in zip(trend.times, trend.values, strict=True)
    )
    tag = node(
        "TagSpecification",
        "Tag",
        TagIndex="1",
        DataType="double",
        UnitOfMeasure=trend.unit or empty(),
        DataSource=[chunk.digest for chunk in trend.chunks],
        Alias=trend.channel,
        ProceduralElementReference=step.id,
    )
    zone = record.header.zone
    problems = [f"event/{chunk.event}: {chunk.problem}" for chunk in trend.chunks if chunk.problem]
    return node(
        "DataSet",
        "DataSet",
        **entry(f"data/{step.id}/{trend.channel}", "Data Set"),
        Description=problems,
        TrendSystemReference=record.header.ledger,
        StartTime=stamp(first, zone=zone),
        EndTime=stamp(trend.times[-1] if trend.times else first, zone=zone),
        TimeSpecification=node("TimeSpecification", "Relative", Relative="true"),
        TagSpecification=tag,
        DelimitedDataBlock=node(
            "DelimitedDataBlock",
            "Block",
            TagDelimiter=_BETWEEN,
            OrderDelimiter=_AFTER,
            DelimitedData=Node("", "text", _AFTER.join(rows)),
        ),
    )
