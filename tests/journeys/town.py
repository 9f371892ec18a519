"""A small city in a process of its own, for the journeys: python town.py HOME READY.json

Two hospitals with staff, all sample records sealed and deposited over the last two weeks, a few
accesses, consents and refusals. READY.json says where the site is and who may sign in.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import collecting

PASSWORD = "correct horse battery"
DAYS = 14


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def picture(text):
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((6, 6, 154, 154), outline=(200, 20, 20, 255), width=5)
    draw.text((80, 80), text, fill=(200, 20, 20, 255), anchor="mm")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class Keys:
    """Certificates, seals and timestamps of the sample city."""

    def __init__(self, folder):
        from openrhip.formats import ofd
        from openrhip.formats.cda.samples import city
        from openrhip.formats.gm import devpki, tsp

        self.folder = folder
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution(i.code, i.name) for i in city.INSTITUTIONS],
            staff=[
                devpki.DevStaff(s.code, s.name, i.code) for i in city.INSTITUTIONS for s in i.staff
            ],
            password=b"test",
        )
        self.tsa = tsp.LocalTimestamper(tsp.Authority(self.signer("tsa", "tsa")))
        maker = self.signer("maker", "maker")
        self.seals = {
            one.code: ofd.Seal.create(
                name=one.name,
                owners=[self.signer("institutions", one.code).certificate],
                maker=maker,
                picture=picture(one.prefix),
            )
            for one in city.INSTITUTIONS
        }

    def signer(self, kind, code):
        from openrhip.formats.gm.signer import SoftwareSigner

        return SoftwareSigner.load(self.folder / kind, code, b"test")

    def sealed(self, source):
        from openrhip.formats import cda, ofd

        document = cda.parse(source)
        author = next(a.code for a in document.authors if a.code)
        code = document.custodian.code
        data = cda.lay_out(document, source=source)
        data = ofd.sign(data, signer=self.signer("staff", author), timestamper=self.tsa)
        return ofd.seal(
            data,
            seal=self.seals[code],
            signer=self.signer("institutions", code),
            timestamper=self.tsa,
        )


def register():
    from openrhip.directory import service as directory
    from openrhip.formats.cda.samples import city

    for one in city.INSTITUTIONS:
        directory.register_institution(
            code=one.code,
            name=one.name,
            aliases=one.aliases,
            departments=[(d.code, d.name) for d in one.departments],
        )
        for member in one.staff:
            directory.register_staff(
                code=member.code,
                name=member.name,
                institution_code=one.code,
                department_code=member.department,
            )
    centre = "CENTRE"
    directory.register_institution(code=centre, name="区域卫生信息中心", kind="centre")
    for code, name, role in (
        ("OP01", "罗运维", "operator"),
        ("PR01", "方隐私", "privacy-officer"),
        ("IX01", "贺主索引", "records-clerk"),
        ("AN01", "范分析", "analyst"),
    ):
        directory.register_staff(code=code, name=name, institution_code=centre, roles=[role])
    directory.register_staff(
        code="DM01",
        name="秦数据",
        institution_code=city.JINLING.code,
        roles=["data-manager"],
    )


def accounts():
    """Everyone with a second factor but `newcomer`, who enrols in a journey."""
    import pyotp

    from openrhip.kernel import clock
    from openrhip.site.accounts.service import factors, staff

    made = {}
    for name, code in (
        ("shen", "JL0101"),
        ("pan", "XW0101"),
        ("operator", "OP01"),
        ("privacy", "PR01"),
        ("index", "IX01"),
        ("newcomer", "JL0102"),
        ("sender", "DM01"),
        ("analyst", "AN01"),
    ):
        account = staff.create_account(name=name, password=PASSWORD, staff_code=code)
        secret = pyotp.random_base32()
        if name != "newcomer":
            earlier = clock.now() - timedelta(hours=1)
            with clock.frozen(earlier):
                right = factors.enrol_totp(
                    account=account.id,
                    secret=secret,
                    code=pyotp.TOTP(secret).at(earlier),
                    address="127.0.0.1",
                )
            assert right
        made[name] = {"password": PASSWORD, "secret": secret}
    return made


def deposits(keys, now):
    """All samples, spread over the last two weeks; one damaged file a day and one unsigned."""
    from openrhip.formats import cda
    from openrhip.kernel import clock
    from openrhip.records import service as records

    samples = sorted(
        cda.samples(demo=True).items(), key=lambda item: cda.parse(item[1]).effective_time.at
    )
    for at, (_, source) in enumerate(samples):
        when = now - timedelta(days=DAYS - 1 - at * DAYS // len(samples), minutes=7 * at + 5)
        with clock.frozen(when):
            code = cda.parse(source).custodian.code
            sealed = keys.sealed(source)
            records.deposit(institution=code, content=sealed)
            if at % 9 == 2:
                unsigned = cda.lay_out(cda.parse(source), source=source)
                assert not records.deposit(institution=code, content=unsigned).accepted
            if at % 11 == 4:
                broken = sealed[: len(sealed) // 2]
                assert not records.deposit(institution=code, content=broken).accepted


def lives(now):
    """Relations, consents, accesses: what the pages show. Answers the people of the journeys."""
    from openrhip.directory import service as directory
    from openrhip.directory.service import Actor, Effect, Grantee, Purpose, Scope
    from openrhip.formats.cda.samples import city
    from openrhip.kernel import clock
    from openrhip.records import service as records

    wang = directory.citizen_login_lookup("王建国", "320100195304129931")
    sun = directory.citizen_login_lookup("孙桂芳", "320100196602189945")
    me = Actor.citizen(wang)
    for person in (wang, sun):
        directory.note_relation(
            person_id=person,
            institution_code=city.JINLING.code,
            source="town",
            since=now - timedelta(days=20),
        )
    shen, pan = (doctor(code) for code in ("JL0101", "XW0101"))
    mine = records.search(person_id=wang).items
    with clock.frozen(now - timedelta(days=3)):
        directory.give_consent(
            person_id=wang,
            scope=Scope(
                grantee=Grantee.INSTITUTION,
                grantee_code=city.XUANWUHU.code,
                purposes=frozenset({Purpose.QUALITY}),
                level=4,
                effect=Effect.PERMIT,
            ),
            by=me,
            evidence="online",
            valid_until=now + timedelta(days=362),
        )
        old = directory.give_consent(
            person_id=wang,
            scope=Scope(
                grantee=Grantee.ALL_TREATING, purposes=frozenset({Purpose.RESEARCH}), level=4
            ),
            by=me,
            evidence="online",
        )
        records.disclose(who=shen, document_id=mine[0].id, purpose=Purpose.TREATMENT)
    with clock.frozen(now - timedelta(days=2)):
        directory.withdraw_consent(consent_id=old.consent_id, by=me)
        records.disclose(who=me, document_id=mine[0].id, purpose=Purpose.OWN_ACCESS)
        try:
            records.disclose(who=pan, document_id=mine[1].id, purpose=Purpose.TREATMENT)
        except records.DisclosureRefused:
            pass
        else:
            raise AssertionError("a stranger read the record")
    for days, index in ((4, 2), (1, 1)):
        with clock.frozen(now - timedelta(days=days, hours=3)):
            records.disclose(
                who=pan,
                document_id=mine[index].id,
                purpose=Purpose.EMERGENCY,
                emergency_reason="急诊抢救，意识不清，需要了解过敏史和用药",
            )
    return {"wang": wang, "sun": sun, "sealed": mine[0].id}


def doctor(code):
    from openrhip.directory import service as directory
    from openrhip.directory.service import Actor, Strength

    member = directory.staff(code)
    return Actor(
        staff_code=code,
        institution_code=member.institution_code,
        department_code=member.department_code,
        roles=member.roles,
        strength=Strength.SECOND_FACTOR,
        name=member.name,
    )


def build(home, stack):
    """Make everything under `home`; the doors of the directory stay open within `stack`."""
    from django.core.management import call_command

    from openrhip.directory import service as directory
    from openrhip.directory.adapters.keys import MemoryKeyRing
    from openrhip.directory.ports import NullSender
    from openrhip.kernel import clock
    from openrhip.ledger.service import MemoryLedger

    call_command("migrate", verbosity=0)
    now = clock.now()
    stack.enter_context(
        directory.using(keys=MemoryKeyRing.random(), ledger=MemoryLedger(), messages=NullSender())
    )
    with clock.frozen(now - timedelta(days=60)):
        keys = Keys(home / "pki")
    register()
    deposits(keys, now)
    made = collecting.collect(keys, now)
    return {"accounts": accounts(), "people": {**lives(now), **made}}


def main():
    home, ready = Path(sys.argv[1]), Path(sys.argv[2])
    server = make_server("127.0.0.1", int(os.environ.get("TOWN_PORT", "0")), None, Server, Quiet)
    url = f"http://localhost:{server.server_port}"
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "openrhip.site.settings",
        "OPENRHIP_HOME": str(home),
        "OPENRHIP_DEVELOPMENT": "yes",
        "OPENRHIP_CENTRE_URL": url,
        "OPENRHIP_DATABASE_URL": "",
    }
    home.mkdir(parents=True, exist_ok=True)
    import django

    django.setup()
    with ExitStack() as stack:
        facts = build(home, stack)
        from openrhip.site.wsgi import application

        server.set_app(application)
        ready.with_suffix(".part").write_text(json.dumps({"url": url, **facts}, ensure_ascii=False))
        ready.with_suffix(".part").rename(ready)
        server.serve_forever()


if __name__ == "__main__":
    main()
