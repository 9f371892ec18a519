"""Tokens: equal for equal values, told apart by kind, opened by the key alone."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.collect.engine.sealing import Sealer
from openrhip.formats.gm import sm3
from openrhip.kernel.errors import Malformed, NotVerified

KEY = bytes(range(32))
SEALER = Sealer(KEY)


def test_kinds_and_what_can_be_opened():
    values = [
        "11010519491231002X",
        "000000000000000000",
        "P1234567",
        "张三",
        "",
        None,
        "x" * 15,
        "x" * 16,
        "11010519491231002:",
    ]
    tokens = SEALER(values)
    assert [token and token[0] for token in tokens] == [
        "s",
        "s",
        "t",
        "t",
        "t",
        None,
        "t",
        "h",
        "h",
    ]
    assert SEALER.unseal(tokens) == [*values[:7], None, None]
    assert tokens[7] == "h" + sm3.hmac(KEY[16:], b"x" * 16)[:16].hex()
    assert all(len(token) == 33 for token in tokens if token)


@given(
    st.lists(
        st.one_of(
            st.none(), st.from_regex("[0-9]{17}[0-9X]", fullmatch=True), st.text(max_size=24)
        ),
        max_size=20,
    )
)
def test_one_by_one_as_in_a_column(values):
    tokens = SEALER(values)
    assert tokens == [SEALER([value])[0] for value in values]
    assert len({token for token in tokens if token}) == len(
        {value for value in values if value is not None}
    )
    for value, back in zip(values, SEALER.unseal(tokens), strict=True):
        assert back == value or (back is None and len(value.encode()) > 15)
    array = pa.array([None, *values, None], pa.string())
    assert SEALER(array.slice(1, len(values))).to_pylist() == tokens
    assert SEALER(array.dictionary_encode()).to_pylist() == [None, *tokens, None]


@pytest.mark.parametrize(
    "token",
    ["", "s", "s" + "0" * 31, "x" + "0" * 32, "s" + "g" * 32, "s" + "0" * 32, "t" + "0" * 32],
)
def test_made_up_tokens_are_told(token):
    with pytest.raises(NotVerified):
        SEALER.unseal([token])


def test_another_key():
    other = Sealer(bytes(32))
    token = SEALER(["11010519491231002X"])
    assert other(["11010519491231002X"]) != token
    with pytest.raises(NotVerified):
        other.unseal(token)
    with pytest.raises(Malformed):
        Sealer(b"short")
