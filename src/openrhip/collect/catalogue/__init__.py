"""The catalogue's files (采集目录文件): one TOML file a table and a value set, and their reader.

A centre's own folder (setting `collect_catalogue`) is laid over the shipped one: a file of the
same name replaces, `remove = true` takes away.
"""

from openrhip.collect.catalogue.reading import load, read_table, read_values, survey

__all__ = ["load", "read_table", "read_values", "survey"]
