"""Who is in the demo: hospitals and staff of the sample records, and who can sign in (演示账户)."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from openrhip.formats.cda.samples import city
from openrhip.formats.gm.devpki import DevInstitution, DevStaff
from openrhip.kernel.files import write_durably
from openrhip.site import home as homes
from openrhip.site.demo import collecting

CENTRE_CODE = "1232010099900003C3"
CENTRE_NAME = "示范区域卫生信息中心"
ACCOUNTS_FILE = "demo-accounts.json"
_ROLES = {"23": "doctor", "24": "pharmacist", "25": "nurse", "26": "technician"}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A sign-in: what it is for, name, password and the secret of its second factor."""

    what: str
    name: str
    password: str
    secret: str


_CENTRE_STAFF = (
    ("YW0001", "林运维", ("operator",)),
    ("YS0001", "苏隐之", ("privacy-officer",)),
    ("SJ0001", "钱析微", ("analyst",)),
    ("BA0001", "常理卷", ("records-clerk",)),
)
_SIGN_INS = (
    # staff code, account, what it is for
    ("JL0101", "shenlixin", "医师 doctor, 金陵示范医院 心血管内科"),
    ("XW0101", "panguohua", "医师 doctor, 玄武湖示范医院 呼吸内科"),
    ("YW0001", "yunwei", "运维 operator, 信息中心"),
    ("BA0001", "bingan", "病案管理员 records clerk, 信息中心"),
    ("YS0001", "yinsi", "隐私专员 privacy officer, 信息中心"),
    ("SJ0001", "fenxi", "数据分析员 analyst, 信息中心"),
    ("JLSJ01", "jinlingshuju", "数据管理员 data manager, 金陵示范医院"),
)


def make_home(home: Path, *, listen: str, centre_url: str, ledger_url: str) -> None:
    """A home folder with certificates for the cast, everybody registered, accounts made."""
    homes.make_certificates(
        home / "pki",
        institutions=[
            *(DevInstitution(one.code, one.name) for one in city.INSTITUTIONS),
            *collecting.DISTRICTS,
        ],
        staff=[
            DevStaff(person.code, person.name, one.code)
            for one in city.INSTITUTIONS
            for person in one.staff
        ],
    )
    homes.prepare(
        home,
        development=True,
        values={"listen": listen, "centre_url": centre_url, "ledger_url": ledger_url},
    )
    _register()
    collecting.register()
    accounts = [_account(*row) for row in _SIGN_INS]
    content = json.dumps([asdict(one) for one in accounts], ensure_ascii=False)
    write_durably(home / ACCOUNTS_FILE, content.encode())


def accounts_of(home: Path) -> list[DemoAccount]:
    """The sign-ins of a demo that was made before."""
    return [DemoAccount(**row) for row in json.loads((home / ACCOUNTS_FILE).read_text("utf-8"))]


def _register() -> None:
    from openrhip.directory import service as directory

    for one in city.INSTITUTIONS:
        directory.register_institution(
            code=one.code,
            name=one.name,
            aliases=one.aliases,
            departments=[(part.code, part.name) for part in one.departments],
        )
        for person in one.staff:
            directory.register_staff(
                code=person.code,
                name=person.name,
                institution_code=one.code,
                department_code=person.department,
                roles=(_ROLES[person.title_code[:2]],),
            )
    directory.register_staff(
        code="JLSJ01",
        name="孙报数",
        institution_code=city.JINLING.code,
        roles=("data-manager",),
    )
    directory.register_institution(code=CENTRE_CODE, name=CENTRE_NAME, kind="centre")
    for code, name, roles in _CENTRE_STAFF:
        directory.register_staff(code=code, name=name, institution_code=CENTRE_CODE, roles=roles)


def _account(code: str, name: str, what: str) -> DemoAccount:
    import pyotp

    from openrhip.site.accounts.service import factors, staff

    password = f"demo-{secrets.token_urlsafe(9)}"
    made = staff.create_account(name=name, password=password, staff_code=code)
    secret = factors.new_secret()
    factors.enrol_totp(
        account=made.id, secret=secret, code=pyotp.TOTP(secret).now(), address="127.0.0.1"
    )
    return DemoAccount(what=what, name=name, password=password, secret=secret)
