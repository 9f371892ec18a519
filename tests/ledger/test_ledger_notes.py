"""Signed notes and checkpoints: byte-exact vectors, two independent verifiers, refused forgeries."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from openrhip.formats.gm import sm2
from openrhip.kernel.errors import Malformed, Misconfigured, NotVerified
from openrhip.ledger.rules import C2SP, GM, Checkpoint, LogKey, NoteSigner
from openrhip.ledger.rules.notes import SM2_TYPE, Note, open_note

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/ledger/notes.json").read_text())
ROOT = bytes(range(32))


def test_a_known_note_is_made_byte_for_byte():
    seed = base64.b64decode(VECTORS["private_seed"])[1:]
    signer = NoteSigner.of_ed25519("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
    assert str(signer.key) == VECTORS["keys"][0]
    assert signer.sign(VECTORS["text"]) == VECTORS["one"]


def test_known_notes_open_with_the_known_key():
    keys = [LogKey.parse(text) for text in VECTORS["keys"]]
    assert open_note(VECTORS["one"], keys) == VECTORS["text"]
    assert open_note(VECTORS["two"], keys) == VECTORS["text"]
    with pytest.raises(NotVerified):
        open_note(VECTORS["one"].replace("answer", "anzwer"), keys)
    with pytest.raises(NotVerified):
        open_note(VECTORS["one"], [NoteSigner.generate("PeterNeumann", C2SP).key])


def test_ed25519_notes_hold_for_an_independent_verifier():
    signer = NoteSigner.generate("log.example/a", C2SP)
    text = Checkpoint("log.example/a", 17, ROOT).text()
    line = signer.sign(text).removeprefix(text + "\n")
    dash, name, value = line.rstrip("\n").split(" ")
    data = base64.b64decode(value)
    assert (dash, name, data[:4]) == ("—", "log.example/a", signer.key.key_id)
    public = Ed25519PublicKey.from_public_bytes(signer.key.encoded[1:])
    public.verify(data[4:], text.encode())
    with pytest.raises(InvalidSignature):
        public.verify(data[4:], text.encode() + b" ")


def test_sm2_notes_hold_for_an_independent_verifier():
    gmalg = pytest.importorskip("gmalg")
    signer = NoteSigner.generate("log.example/a", GM)
    text = Checkpoint("log.example/a", 17, ROOT).text()
    [signature] = Note.parse(signer.sign(text)).signatures
    point = signer.key.encoded[len(SM2_TYPE) :]
    judge = gmalg.SM2(uid=b"1234567812345678", pk=point)
    r, s = signature.value[:32], signature.value[32:]
    assert judge.verify(text.encode(), r, s)
    assert not judge.verify(text.encode() + b" ", r, s)
    assert sm2.PublicKey.from_point(point).verify(signature.value, text.encode())


def test_keys_survive_being_written_down(signer, profile):
    assert LogKey.parse(str(signer.key)) == signer.key
    again = NoteSigner.from_pem(signer.key.name, profile, signer.pem())
    assert again.key == signer.key
    assert open_note(again.sign("x\n"), [signer.key]) == "x\n"


def test_a_key_of_the_other_profile_is_refused():
    ed25519, of_sm2 = NoteSigner.generate("a", C2SP), NoteSigner.generate("a", GM)
    for profile, pem in ((C2SP, of_sm2.pem()), (GM, ed25519.pem()), (C2SP, b"no pem")):
        with pytest.raises(Misconfigured):
            NoteSigner.from_pem("a", profile, pem)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("+", " ", 1),
        lambda t: "a b" + t,
        lambda t: t[:-4],
        lambda t: t + "=",
        lambda t: t.replace("+", "+0", 1),
        lambda t: t.partition("+")[0] + "x" + t[t.index("+") :],
        lambda t: "",
        lambda t: t + "A" * 2000,
    ],
)
def test_broken_log_keys_are_malformed(signer, change):
    with pytest.raises(Malformed):
        LogKey.parse(change(str(signer.key)))


def test_a_point_off_the_curve_is_no_log_key():
    key = LogKey("a", GM, SM2_TYPE + b"\x04" + bytes(64))
    with pytest.raises(Malformed):
        LogKey.parse(str(key))


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back(size, root):
    checkpoint = Checkpoint("log.example/a", size, root)
    assert Checkpoint.parse(checkpoint.text()) == checkpoint
    assert Checkpoint.parse(checkpoint.text() + "extension\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n1\n" + "A" * 44,
        "\n1\n" + "A" * 43 + "=\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a\n1.0\n" + "A" * 43 + "=\n",
        "a\n٣\n" + "A" * 43 + "=\n",
        "a\n1\nAAAA\n",
        "a\n1\n" + "A" * 42 + "B=\n",
        f"a\n{2**63}\n" + "A" * 43 + "=\n",
        "a\n1\n" + "A" * 43 + "=\n\n",
        "",
    ],
)
def test_broken_checkpoints_are_malformed(text):
    with pytest.raises(Malformed):
        Checkpoint.parse(text)


@given(st.text(max_size=200))
def test_any_text_is_a_note_or_malformed(text):
    try:
        note = Note.parse(text)
    except Malformed:
        return
    assert note.signatures


@pytest.mark.parametrize(
    "note",
    [
        "text\n",
        "text\n\n",
        "text\n\n- a AAAAAAAAAA==\n",
        "text\n\n— a\n",
        "text\n\n— a AAAAAA==\n",
        "text\n\n—  AAAAAAAAAA==\n",
        "text\n\n— a+b AAAAAAAAAA==\n",
        "text\n\n— a AAAAAAAAAA==",
        "text\n\n— a AAAAAAAAAA== x\n",
        "te\rxt\n\n— a AAAAAAAAAA==\n",
        "text\n\n" + "— a AAAAAAAAAA==\n" * 101,
    ],
)
def test_broken_notes_are_malformed(note):
    with pytest.raises(Malformed):
        Note.parse(note)


def test_signatures_of_strangers_are_ignored_but_do_not_suffice(signer, profile):
    text = Checkpoint(signer.key.name, 1, ROOT).text()
    stranger = NoteSigner.generate("stranger.example", profile)
    theirs = stranger.sign(text)
    both = signer.sign(text) + theirs.removeprefix(text + "\n")
    assert open_note(both, [signer.key]) == text
    with pytest.raises(NotVerified):
        open_note(theirs, [signer.key])


def test_a_false_line_of_a_known_key_spoils_the_note(signer):
    text = Checkpoint(signer.key.name, 1, ROOT).text()
    other = signer.sign(Checkpoint(signer.key.name, 2, ROOT).text())
    both = signer.sign(text) + other.rpartition("\n\n")[2]
    with pytest.raises(NotVerified):
        open_note(both, [signer.key])
