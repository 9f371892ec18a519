"""What engines keep of rows: typed values against the oracle, and whole results beside each other."""

import pyarrow.parquet as pq
from oracle import read

from openrhip.collect.rules.tables import Type


def check_values(case, answer):
    """Loaded values are what their type makes of the text."""
    for line, kept in answer.good.items():
        for column in case.table.columns:
            text = case.rows[line - 1][column.name]
            if column.type in (Type.TEXT, Type.CODE) or text is None:
                assert kept[column.name] == text
            elif column.type is Type.TIME:
                assert kept[column.name] == read(text, column).isoformat()
            else:
                assert kept[column.name] == read(text, column)


def loaded(result):
    """All loaded rows by line, and the columns' types as Parquet has them."""
    rows, types = [], set()
    for written in result.good:
        file = pq.ParquetFile(written.path)
        rows += file.read().to_pylist()
        columns = [file.schema.column(at) for at in range(len(file.schema))]
        types |= {(each.name, _meaning(each)) for each in columns}
    return sorted(rows, key=lambda row: row["_line"]), types


def _meaning(column):
    logical = str(column.logical_type)
    return column.physical_type if logical == "None" else logical


def quarantined(result):
    if result.quarantine is None:
        return []
    rows = pq.ParquetFile(result.quarantine.path).read().to_pylist()
    return sorted(rows, key=lambda row: row["_line"])


def told(result):
    """What a result says, without how long it took and where its files are."""
    counts = (result.received, result.loaded, result.quarantined)
    return (*counts, result.marked, result.amended, result.withdrawn, result.hits)
