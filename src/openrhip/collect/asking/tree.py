"""The syntax tree of a question (语法树), by the parser of the engine that answers it.

What is checked is what runs: the text is written anew from the checked tree, so that comments and
ways of writing which two parsers would read differently play no part.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import duckdb

from openrhip.collect.rules.questions import MOST_TEXT, with_dollars
from openrhip.kernel.errors import Malformed, Refused, TooLarge

Tree = dict[str, Any]
MOST_DEPTH = 400  # of the tree as it is written in JSON
_EVALUATE = "SELECT CAST(0 AS TIMESTAMP)"
_kept = threading.local()


def parse(text: str) -> Tree:
    """The tree of one SELECT. Raises Malformed (where: line:column), Refused, TooLarge."""
    if len(text) > MOST_TEXT:
        raise TooLarge(f"a query has at most {MOST_TEXT} characters", where="sql")
    if "\x00" in text or not text.strip():
        raise Malformed("there is no query", where="sql")
    plain = with_dollars(text)
    found = _serialized(plain)
    if found.get("error"):
        _complain(found, plain)
    statements = found["statements"]
    if len(statements) != 1:
        raise Refused(
            "one statement at a time", remedy="ask each query by itself, without a semicolon"
        )
    _bounded(statements[0])
    return found


def read(text: str) -> Tree:
    """The tree of a text of our own making. Raises Refused if it is none."""
    found = _serialized(text)
    if found.get("error") or len(found["statements"]) != 1:
        raise Refused("the query cannot be written down again")
    return found


def text_of(tree: Tree) -> str:
    """The tree as SQL."""
    made = _connection().execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(tree)])
    return str(made.fetchall()[0][0])


def evaluate(expression: Tree, values: Mapping[str, Any]) -> datetime | None:
    """The time that an expression without columns stands for, None where it is none."""
    template = _serialized(_EVALUATE)
    template["statements"][0]["node"]["select_list"][0]["child"] = expression
    asked = {name: values[name] for name in parameters(expression)}
    try:
        found = _connection().execute(text_of(template), asked).fetchall()[0][0]
    except duckdb.Error:
        return None
    return found if isinstance(found, datetime) else None


def parameters(tree: Any) -> set[str]:
    """Names of the marks in a tree."""
    return {node["identifier"] for node in walk(tree) if node.get("class") == "PARAMETER"}


def walk(tree: Any) -> Iterator[Tree]:
    """Every object in a tree, from the top."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _serialized(text: str) -> Tree:
    try:
        found = _connection().execute("SELECT json_serialize_sql(?)", [text]).fetchall()[0][0]
        return dict(json.loads(found))
    except RecursionError:
        raise TooLarge("the query is nested too deeply", where="sql") from None
    except duckdb.Error as error:
        raise Malformed("this cannot be read as SQL", where="sql") from error


def _complain(found: Tree, text: str) -> None:
    if found.get("error_type") != "parser":
        raise Refused(
            "only SELECT may be asked", remedy="the tables are read only: SELECT … FROM …"
        )
    at = int(found.get("position") or 0)
    before = text.encode()[:at].decode(errors="ignore")
    line, column = before.count("\n") + 1, at - (before.encode().rfind(b"\n"))
    said = str(found.get("error_message", "")).split("\n")[0][:300]
    raise Malformed(said, where=f"{line}:{column}")


def _bounded(tree: Any) -> None:
    level = [tree]
    for _ in range(MOST_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise TooLarge("the query is nested too deeply", where="sql")


def _connection() -> duckdb.DuckDBPyConnection:
    """A locked database for each thread: it reads syntax, no data."""
    if not hasattr(_kept, "connection"):
        made = duckdb.connect(
            ":memory:",
            config={
                "threads": 1,
                "memory_limit": "256MB",
                "temp_directory": "",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "python_enable_replacements": False,
            },
        )
        for option in ("enable_external_access = false", "lock_configuration = true"):
            made.execute(f"SET {option}")
        _kept.connection = made
    return _kept.connection  # type: ignore[no-any-return]
