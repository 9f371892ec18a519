"""What records gave to the directory: nonces that were used stay used when a centre is upgraded."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from openrhip.directory import service as directory
from openrhip.kernel import clock
from openrhip.kernel.errors import NotVerified
from openrhip.kernel.statements import ask, change

BEFORE = [("records", "0004_evidence"), ("directory", "0002_contacts")]


def _go(targets):
    MigrationExecutor(connection).migrate(targets)


@pytest.mark.django_db(transaction=True)
def test_used_nonces_move_there_and_back():
    directory.use_nonce(institution="H1", nonce="a" * 32)
    try:
        _go(BEFORE[:1])
        assert ask("SELECT nonce FROM records_nonce") == [("a" * 32,)]
        change(
            "INSERT INTO records_nonce (institution, nonce, used_at) VALUES (%s, %s, %s)",
            "H2",
            "b" * 32,
            clock.now(),
        )
        change("DELETE FROM directory_nonce")
        _go(BEFORE[1:])
        assert "directory_nonce" not in connection.introspection.table_names()
    finally:
        _go(MigrationExecutor(connection).loader.graph.leaf_nodes())
    assert "records_nonce" not in connection.introspection.table_names()
    for institution, nonce in (("H1", "a" * 32), ("H2", "b" * 32)):
        with pytest.raises(NotVerified):
            directory.use_nonce(institution=institution, nonce=nonce)
    directory.use_nonce(institution="H2", nonce="a" * 32)
