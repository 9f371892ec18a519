"""The checking engine (校验引擎): rules become SQL, rows become loaded or quarantined.

`compiling` turns a table's rules into expressions once, `csv_door` lets files in, `duckdb_engine`
checks, `sealing` makes keyed tokens of personal numbers.
"""
