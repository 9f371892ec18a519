"""A table of some columns, made in a test."""

from __future__ import annotations

import pytest

from openrhip.collect.catalogue import load, read_table
from openrhip.collect.rules.tables import Catalogue


@pytest.fixture(scope="session")
def one_table():
    def make(columns, rules=(), values=None, **more):
        data = {
            "code": "T",
            "zh": "表",
            "en": "table",
            "domain": "d",
            "source": "s",
            "owed_by": ["hospital"],
            "key": [],
            "columns": columns,
            "rules": list(rules),
            **more,
        }
        table = read_table(data, where="T.toml")
        return table, Catalogue({"T": table}, load().values | (values or {}), "")

    return make
