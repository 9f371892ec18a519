"""The lake (数据湖): a Delta table for each of the catalogue, one more for what is at fault.

`<home>/lake/<TABLE>/<month>/<batch>-<n>.parquet` and `<home>/quarantine/<TABLE>/…`: files are named
by their batch, so that the log of the table says which batch stands. Nothing writes rows here:
files of the engine are moved in and entered in the log through `deltalake`, in one commit for as
many batches as come together. Replaced files stay for the history (setting `collect_keep_days`).
"""

from __future__ import annotations

from openrhip.collect.lake.delta import DeltaLake, open_lake

__all__ = ["DeltaLake", "open_lake"]
