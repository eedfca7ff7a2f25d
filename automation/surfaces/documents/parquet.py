"""Rows as one Parquet file, for who goes on with them in a table of his own; needs pyarrow (``cellwright[parquet]``).

Source: Apache Parquet 2; the file's own metadata says whether any of it is SIMULATED.
"""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from automation.kernel.errors import InputError

NUMBERS = frozenset({"value", "low", "high", "seconds"})
"""The columns that hold numbers; all others hold words."""


def parquet(heads: Sequence[str], lines: Iterable[Sequence[object]], *, simulated: bool) -> bytes:
    """Give lines as the bytes of a Parquet file; raises InputError where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise InputError("Parquet is written by pyarrow, which is not installed: pip install 'cellwright[parquet]'")
    import pyarrow as pa  # noqa: PLC0415  heavy, and only for who asks for it
    from pyarrow.parquet import write_table  # noqa: PLC0415  as above

    fields = [pa.field(head, pa.float64() if head in NUMBERS else pa.string()) for head in heads]
    schema = pa.schema(fields, metadata={"SIMULATED": "yes" if simulated else "no"})
    columns = list(zip(*lines, strict=True)) or [()] * len(heads)
    arrays = [pa.array(column, type=one.type) for column, one in zip(columns, fields, strict=True)]
    out = pa.BufferOutputStream()
    write_table(pa.Table.from_arrays(arrays, schema=schema), out)
    return bytes(out.getvalue().to_pybytes())
