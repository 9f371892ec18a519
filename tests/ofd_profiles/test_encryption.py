"""GM/T 0099: encryption for passwords and certificates, and everything that must not open."""

import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrhip.formats import ofd
from openrhip.formats.gm import sm4
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.profiles import gmt0099
from openrhip.formats.ofd.profiles.gmt0099 import naming
from openrhip.kernel.errors import Conflict, Malformed, NotFound, NotVerified, TooLarge

PASSWORD = "一个足够长的口令 correct horse"
WHO = gmt0099.PasswordRecipient(PASSWORD, "777")
HOLDER = gmt0099.PasswordHolder(PASSWORD)


@pytest.fixture(scope="session")
def secret(sealed):
    return gmt0099.encrypt(sealed, [WHO])


def private(signer):
    return signer._key


def test_the_same_bytes_come_back(secret, sealed, keys):
    found = gmt0099.decrypt(secret, HOLDER)
    assert found.data == sealed
    assert (found.authenticated, found.same) == (True, True)
    assert ofd.verify(found.data, trust=keys.trust).verdict == "valid"


def test_nothing_stays_in_the_clear(secret, sealed):
    container = naming.open_container(secret, Limits())
    shown = {name for name in container.parts if not name.startswith("enc/")}
    assert shown == {"Encryptions.xml", "decryptseed.dat", "entriesmap.dat"}
    whole = b"".join(container.read(name) for name in container.parts)
    package = ofd.open_package(sealed)
    for part in package.parts:
        content = package.read(part)
        assert part.encode() not in whole
        assert content[16:64] not in whole
    assert gmt0099.is_encrypted(secret)
    assert not gmt0099.is_encrypted(sealed)
    assert not gmt0099.is_encrypted(b"no container")


def test_for_certificates(sealed, keys):
    people = [gmt0099.CertificateRecipient(one.certificate) for one in (keys.doctor, keys.nurse)]
    secret = gmt0099.encrypt(sealed, people)
    for signer in (keys.doctor, keys.nurse):
        assert gmt0099.decrypt(secret, gmt0099.KeyHolder(private(signer))).data == sealed
    for stranger in (private(keys.hospital), PrivateKey.generate()):
        with pytest.raises(NotVerified):
            gmt0099.decrypt(secret, gmt0099.KeyHolder(stranger))
    with pytest.raises(NotVerified, match="for certificates"):
        gmt0099.decrypt(secret, HOLDER)


def test_several_passwords_and_names(record):
    other = gmt0099.PasswordRecipient("another long password", "888")
    secret = gmt0099.encrypt(record, [WHO, other])
    assert gmt0099.decrypt(secret, gmt0099.PasswordHolder("another long password")).data == record
    named = gmt0099.PasswordHolder("another long password", "888")
    assert gmt0099.decrypt(secret, named).data == record
    with pytest.raises(NotVerified):
        gmt0099.decrypt(secret, gmt0099.PasswordHolder("another long password", "777"))


@pytest.mark.parametrize("wrong", ["", "x", PASSWORD + " ", PASSWORD[:-1]])
def test_a_wrong_password(secret, wrong):
    with pytest.raises(NotVerified, match="does not open"):
        gmt0099.decrypt(secret, gmt0099.PasswordHolder(wrong))


def test_what_is_not_asked_for(record, keys, secret):
    with pytest.raises(Malformed, match="fewer than 12"):
        gmt0099.PasswordRecipient("short")
    with pytest.raises(Malformed, match="do not mix"):
        gmt0099.encrypt(record, [WHO, gmt0099.CertificateRecipient(keys.doctor.certificate)])
    with pytest.raises(Malformed):
        gmt0099.encrypt(record, [])
    with pytest.raises(Conflict):
        gmt0099.encrypt(secret, [WHO])
    with pytest.raises(NotFound):
        gmt0099.decrypt(record, HOLDER)
    assert PASSWORD not in repr(WHO) + repr(HOLDER)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    contents=st.lists(st.binary(max_size=80), min_size=1, max_size=6),
    password=st.text(st.characters(exclude_categories=("Cs",)), min_size=12, max_size=40),
)
def test_any_package_and_password(packed, contents, password):
    parts = {"OFD.xml": b"<OFD/>"} | {f"部件{at}.bin": one for at, one in enumerate(contents)}
    data = packed(parts)
    secret = gmt0099.encrypt(data, [gmt0099.PasswordRecipient(password)])
    found = gmt0099.decrypt(secret, gmt0099.PasswordHolder(password))
    assert found.data == data
    assert found.same


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_changed_byte_never_opens(changed, small, data):
    secret, plain = small
    container = naming.open_container(secret, Limits())
    name = data.draw(st.sampled_from(container.parts))
    content = bytearray(container.read(name))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        found = gmt0099.decrypt(repack(container, {name: bytes(content)}), HOLDER)
    except (NotVerified, Malformed, NotFound):
        return
    assert found.data == plain  # what changed says nothing: a name, a date, a provider
    assert name in {"Encryptions.xml", "decryptseed.dat"}


@pytest.fixture(scope="session")
def small(packed):
    plain = packed({"OFD.xml": "<OFD/>", "Doc_0/Document.xml": "<Document/>" * 30})
    return gmt0099.encrypt(plain, [WHO]), plain


def repack(container, parts, *, without=()):
    made = Container()
    for name in container.parts:
        if name not in without:
            made.store(name, parts.get(name, container.read(name)))
    for name, content in parts.items():
        if name not in container:
            made.store(name, content)
    return made.finish()


def test_an_added_and_a_lost_file(small):
    container = naming.open_container(small[0], Limits())
    with pytest.raises(NotVerified):
        gmt0099.decrypt(repack(container, {"enc/9.dat": b"x" * 16}), HOLDER)
    with pytest.raises(NotVerified):
        gmt0099.decrypt(repack(container, {"Doc_0/smuggled.xml": b"<a/>"}), HOLDER)
    with pytest.raises((NotVerified, Malformed)):
        gmt0099.decrypt(repack(container, {}, without={"enc/1.dat"}), HOLDER)
    with pytest.raises(Malformed):
        gmt0099.decrypt(repack(container, {}, without={"entriesmap.dat"}), HOLDER)


KEY, IV = b"k" * 16, b"i" * 16
NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def foreign(entries, files, *, case=' EncryptCaseId="1.1.1"', infos=1, users=1, own_map=None):
    """A package as another program writes it: no authentication code, other names."""
    wrapped = naming.base64_text(sm4.cbc_encrypt(naming.password_key(PASSWORD.encode()), IV, KEY))
    user = (
        f"<ofd:UserInfo UserName='u'><ofd:EncryptedWK>{wrapped}</ofd:EncryptedWK>"
        f"<ofd:IVValue>{naming.base64_text(IV)}</ofd:IVValue></ofd:UserInfo>"
    )
    info = (
        "<ofd:EncryptInfo ID='1'><ofd:DecryptSeedLoc>/decryptseed.dat</ofd:DecryptSeedLoc>"
        "<ofd:EntriesMapLoc>/entriesmap.dat</ofd:EntriesMapLoc></ofd:EncryptInfo>"
    )
    listed = f"<ofd:EncryptEntries {NS} ID='1'>{entries}</ofd:EncryptEntries>".encode()
    made = Container()
    made.store(
        "Encryptions.xml", f"<ofd:Encryptions {NS}>{info * infos}</ofd:Encryptions>".encode()
    )
    made.store(
        "decryptseed.dat",
        f"<ofd:DecyptSeed {NS} ID='1'{case}>{user * users}</ofd:DecyptSeed>".encode(),
    )
    made.store("entriesmap.dat", sm4.cbc_encrypt(KEY, IV, listed) if own_map is None else own_map)
    for name, content in files.items():
        made.store(name, content)
    return made.finish()


def entry(path, hidden, more=""):
    return f"<ofd:EncryptEntry Path='{path}' EPath='{hidden}'{more}/>"


PLAIN = sm4.cbc_encrypt(KEY, IV, b"<OFD/>")


@pytest.mark.parametrize("case", ["", ' EncryptCaseId="1.1.1"'])
def test_a_foreign_package_opens_unproven(case):
    data = foreign(
        entry("/OFD.xml", "/OFD.dat"), {"OFD.dat": PLAIN, "kept.xml": b"<a/>"}, case=case
    )
    found = gmt0099.decrypt(data, HOLDER)
    assert (found.authenticated, found.same) == (False, False)
    package = ofd.open_package(found.data)
    assert (package.read("OFD.xml"), set(package.parts)) == (b"<OFD/>", {"OFD.xml", "kept.xml"})


def test_a_map_in_the_clear_is_read():
    listed = f"<ofd:EncryptEntries {NS}>{entry('/OFD.xml', '/OFD.dat')}</ofd:EncryptEntries>"
    data = foreign("", {"OFD.dat": PLAIN}, own_map=listed.encode())
    assert ofd.open_package(gmt0099.decrypt(data, HOLDER).data).read("OFD.xml") == b"<OFD/>"


@pytest.mark.parametrize(
    "entries",
    [entry("/../OFD.xml", "/OFD.dat"), entry("//OFD.xml", "/OFD.dat"), entry("", "/OFD.dat"),
     entry("/a\\b", "/OFD.dat"), entry("/OFD.xml", "/none.dat"), entry("/OFD.xml/", "/OFD.dat"),
     entry("/Encryptions.xml", "/OFD.dat"), entry("/OFD.xml", "/Encryptions.xml"),
     entry("/OFD.xml", "/OFD.dat") * 2, entry("/OFD.xml", "/decryptseed.dat")],
)  # fmt: skip
def test_a_map_that_leads_astray(entries):
    with pytest.raises(Malformed):
        gmt0099.decrypt(foreign(entries, {"OFD.dat": PLAIN}), HOLDER)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"case": ' EncryptCaseId="9.9"'}, NotVerified),
        ({"case": ' EncryptCaseId="1.1.2"'}, NotVerified),
        ({"infos": 0}, Malformed),
        ({"infos": 9}, Malformed),
        ({"users": 0}, Malformed),
        ({"users": 1001}, Malformed),
    ],
)
def test_descriptions_that_are_refused(change, error):
    with pytest.raises(error):
        gmt0099.decrypt(
            foreign(entry("/OFD.xml", "/OFD.dat"), {"OFD.dat": PLAIN}, **change), HOLDER
        )


def test_keys_of_their_own_too_many_files_and_no_package():
    own = entry("/OFD.xml", "/OFD.dat", " DecryptSeedLoc='/x.dat'")
    with pytest.raises(NotVerified, match="not supported"):
        gmt0099.decrypt(foreign(own, {"OFD.dat": PLAIN}), HOLDER)
    with pytest.raises(NotVerified, match="no package"):
        gmt0099.decrypt(foreign(entry("/a.xml", "/OFD.dat"), {"OFD.dat": PLAIN}), HOLDER)
    many = "".join(entry(f"/f{at}", "/OFD.dat") for at in range(12))
    with pytest.raises(TooLarge):
        gmt0099.decrypt(foreign(many, {"OFD.dat": PLAIN}), HOLDER, limits=Limits(parts=10))


def test_a_bomb_is_bounded():
    made = Container()
    made.deflate("Encryptions.xml", b"0" * (50 << 20), level=9)
    with pytest.raises(TooLarge):
        gmt0099.decrypt(made.finish(), HOLDER)


def test_two_layers_open_one_after_the_other():
    inner = naming.open_container(foreign(entry("/OFD.xml", "/a.dat"), {"a.dat": PLAIN}), Limits())
    hidden = {name: sm4.cbc_encrypt(KEY, IV, inner.read(name)) for name in inner.parts[1:]}
    listed = "".join(entry(f"/{name}", f"/2/{name}") for name in hidden)
    seed = inner.read("decryptseed.dat")
    infos = "".join(
        f"<ofd:EncryptInfo ID='{at}'><ofd:DecryptSeedLoc>/{at_seed}</ofd:DecryptSeedLoc>"
        f"<ofd:EntriesMapLoc>/{at_map}</ofd:EntriesMapLoc></ofd:EncryptInfo>"
        for at, at_seed, at_map in (
            (1, "decryptseed.dat", "entriesmap.dat"),
            (2, "seed_1.dat", "map_1.dat"),
        )
    )
    made = Container()
    made.store("Encryptions.xml", f"<ofd:Encryptions {NS}>{infos}</ofd:Encryptions>".encode())
    made.store("seed_1.dat", seed)
    outer = f"<ofd:EncryptEntries {NS} ID='2'>{listed}</ofd:EncryptEntries>".encode()
    made.store("map_1.dat", sm4.cbc_encrypt(KEY, IV, outer))
    for name, content in hidden.items():
        made.store(f"2/{name}", content)
    found = gmt0099.decrypt(made.finish(), HOLDER)
    package = ofd.open_package(found.data)
    assert package.parts == ("OFD.xml",)
    assert package.read("OFD.xml") == b"<OFD/>"
    assert not found.authenticated


def test_protected_after_encrypting(secret, keys, sealed):
    data = gmt0099.protect(secret, signer=keys.hospital, timestamper=keys.stamper)
    assert gmt0099.check_integrity(data, trust=keys.trust).ok
    found = gmt0099.decrypt(data, HOLDER)
    assert found.data == sealed
    assert found.authenticated


def _beside(data, fill):
    """The container with more in it."""
    package, container = naming.open_container(data, Limits()), Container()
    for name in package.parts:
        container.copy(package, name)
    fill(container)
    return container.finish()


def test_no_part_is_slipped_in_beside_what_is_authenticated(secret, sealed):
    """The value of a list stands outside of the code: it must not stay without its list."""
    data = _beside(secret, lambda one: one.store(naming.SIGNED_VALUE, b"slipped in"))
    found = gmt0099.decrypt(data, HOLDER)
    assert (found.authenticated, found.data == sealed) == (True, True)


def test_a_file_that_unpacks_to_many_times_its_size_is_not_held(secret):
    """Half a gigabyte from three megabytes, before any key was tried."""
    block = bytes(range(256)) * 20 + secrets.token_bytes(8000) + bytes((1 << 20) - 13120)

    def bomb(container):
        for number in range(70):
            container.deflate(f"{number}.bin", block, level=1)

    with pytest.raises(TooLarge, match="unpacked"):
        gmt0099.decrypt(_beside(secret, bomb), HOLDER)
