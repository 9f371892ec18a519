"""Programs made by others read and verify what this one writes.

Each checker stands outside of the project; where one is absent its tests are skipped and say so:
ofd.js 0.2.6 is fetched by `make setup` where npm is there (else OPENRHIP_OFDJS names its file
ofd.umd.min.js); OPENRHIP_CHECK_OFDRW names a command that gets files and prints "PASS file" for each
that ofdrw's validator accepts.
"""

import base64
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from openrhip.formats import cda, ofd
from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.signer import SoftwareSigner

OFDJS = Path(
    os.environ.get("OPENRHIP_OFDJS") or Path(sys.prefix) / "share" / "ofd.js" / "ofd.umd.min.js"
)
OFDRW = os.environ.get("OPENRHIP_CHECK_OFDRW", "")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SAMPLES = ("C0032", "C0053", "C0005")

needs_ofdjs = pytest.mark.skipif(
    not OFDJS.exists() or not Path(CHROMIUM).exists(),
    reason="ofd.js 0.2.6 or Chromium is not on this machine (OPENRHIP_OFDJS, CHROMIUM)",
)
needs_ofdrw = pytest.mark.skipif(
    not OFDRW, reason="ofdrw is not on this machine (OPENRHIP_CHECK_OFDRW names its command)"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    devpki.create(
        folder,
        institutions=[devpki.DevInstitution("H1", "江城市第一人民医院")],
        staff=[devpki.DevStaff("D1", "张三", "H1")],
        password=b"x",
    )
    signer = SoftwareSigner.load(folder / "institutions", "H1", b"x")
    maker = SoftwareSigner.load(folder / "maker", "maker", b"x")
    stamper = tsp.LocalTimestamper(tsp.Authority(SoftwareSigner.load(folder / "tsa", "tsa", b"x")))
    seal = ofd.Seal.create(name="江城市第一人民医院", owners=[signer.certificate], maker=maker)
    return signer, seal, stamper


@pytest.fixture(scope="module")
def records(keys):
    """Kind → a record of that kind, sealed."""
    signer, seal, stamper = keys
    found = {}
    for kind in SAMPLES:
        source = next(data for name, data in cda.samples().items() if name.startswith(kind))
        plain = cda.lay_out(cda.parse(source), source=source)
        found[kind] = ofd.seal(plain, seal=seal, signer=signer, timestamper=stamper)
    return found


@pytest.fixture(scope="module")
def reader(browser):
    """A function from a package to the text that ofd.js shows, a string a page."""
    page = browser.new_page()
    page.set_content("<!doctype html><body></body>")
    page.add_script_tag(path=str(OFDJS))

    def show(data: bytes) -> list[str]:
        return page.evaluate(
            """encoded => new Promise((done, failed) => {
                const bytes = Uint8Array.from(atob(encoded), c => c.charCodeAt(0));
                ofd.parseOfdDocument({
                    ofd: new File([bytes], "a.ofd"),
                    success(documents) {
                        const pages = ofd.renderOfd(800, documents[0]);
                        done(pages.map(p => { document.body.append(p); return p.textContent; }));
                    },
                    fail(error) { failed(String(error)); },
                });
            })""",
            base64.b64encode(data).decode(),
        )

    yield show
    page.close()


def _characters(text: str) -> list[str]:
    return sorted(re.sub(r"\s", "", text))


@needs_ofdjs
@pytest.mark.journey
@pytest.mark.parametrize("kind", SAMPLES)
def test_ofdjs_shows_every_character(records, reader, kind):
    shown = reader(records[kind])
    ours = ofd.text(records[kind])
    assert len(shown) == len(ours)
    for theirs, mine in zip(shown, ours, strict=True):
        missing = "".join(set(_characters(mine)) - set(_characters(theirs)))
        assert not missing
        assert len(_characters(theirs)) >= len(_characters(mine))


def _ofdrw(files):
    done = subprocess.run(
        [*shlex.split(OFDRW), *map(str, files)],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return {line.split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith("PASS ")}


@needs_ofdrw
def test_ofdrw_accepts_what_is_signed_here(keys, records, tmp_path):
    signer, seal, stamper = keys
    plain = ofd.write(ofd.Story("出院小结", [ofd.Paragraph("好转出院")]))
    made = dict(records)
    made["signed"] = ofd.sign(plain, signer=signer, timestamper=stamper)
    made["both"] = ofd.seal(made["signed"], seal=seal, signer=signer, lock=True)
    files = []
    for name, data in made.items():
        files.append(tmp_path / f"{name}.ofd")
        files[-1].write_bytes(data)
    broken = tmp_path / "broken.ofd"
    broken.write_bytes(_changed(made["both"]))
    accepted = _ofdrw([*files, broken])
    assert accepted == {str(file) for file in files}


def _changed(data: bytes) -> bytes:
    """The package with one word of its page changed."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace("好转".encode(), "治愈".encode()))
    return out.getvalue()
