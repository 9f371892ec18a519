"""Tables of more than 32 columns: readers of Delta state bounds of the first 32 unless told."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from store_city import DAY, a_table

from openrhip.collect.lake import DeltaLake
from openrhip.collect.lake.layout import schema_of
from openrhip.collect.rules.jobs import Part, Written
from openrhip.collect.rules.tables import Column


@pytest.mark.parametrize("wide", [20, 40, 200])
def test_rows_of_wide_tables_are_found_again(tmp_path, wide):
    own = tuple(Column(f"c{n}", f"列{n}", f"column {n}") for n in range(wide))
    table = a_table("WIDE")
    table = replace(table, columns=(*own, *table.columns))
    schema = schema_of(table)
    path = tmp_path / "good.parquet"
    values = {"_unit": "U1", "_day": DAY, "_batch": "b1", "_line": 1, "amend_flag": "1", "no": "x"}
    pq.write_table(pa.table({f.name: [values.get(f.name)] for f in schema}, schema=schema), path)
    lake = DeltaLake(tmp_path / "home")
    part = Part("WIDE", "U1", DAY, "b1", (Written(path, 1, path.stat().st_size),))
    lake.replace([part], table=table)
    for found in (lake, DeltaLake(tmp_path / "home")):
        assert len(found.files(table="WIDE", units=["U1"], since=DAY, until=DAY)) == 1
        assert found.files(table="WIDE", units=["U2"]) == []
        assert found.batch_of(table="WIDE", unit="U1", day=DAY) == "b1"
    lake.log("WIDE").checkpoint()
    assert DeltaLake(tmp_path / "home").batch_of(table="WIDE", unit="U1", day=DAY) == "b1"
