"""Look for inputs that crash, hang or swell a reader: python tools/fuzz.py TARGET --minutes 20

Needs atheris (`pip install atheris`, wheels for Linux). Begins with the inputs kept in
tests/vectors/fuzz/TARGET and those that `seeds` makes; new ones go to --corpus. A crash, an input
over 5 seconds or over 512 MB ends the run with the input written beside the corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

_LARGEST, _MOST = 4096, 150  # bytes of an input, inputs of a target
KEPT = Path(__file__).parents[1] / "tests" / "vectors" / "fuzz"


def keep(corpus: Path, kept: Path) -> None:
    """Copy the smallest inputs of a corpus, each of which reached something new, to the vectors."""
    kept.mkdir(parents=True, exist_ok=True)
    files = sorted(corpus.iterdir(), key=lambda one: one.stat().st_size)
    small = [one for one in files if one.stat().st_size <= _LARGEST][:_MOST]
    for one in small:
        content = one.read_bytes()
        (kept / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    print(f"{len(small)} of {len(files)} kept")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--corpus", type=Path, required=True, help="folder for new inputs")
    parser.add_argument("--keep", action="store_true", help="keep small new inputs as vectors")
    given = parser.parse_args()
    if given.keep:
        keep(given.corpus, KEPT / given.target)
        return

    import atheris  # noqa: PLC0415 -- needed by this command alone

    with atheris.instrument_imports(include=["openrhip.formats"]):
        import fuzz_targets  # noqa: PLC0415 -- must come under the instrumentation
    from fuzz_seeds import seeds  # noqa: PLC0415 -- the same

    given.corpus.mkdir(parents=True, exist_ok=True)
    kept = KEPT / given.target
    kept.mkdir(parents=True, exist_ok=True)
    start = given.corpus.parent / f"{given.target}-seeds"
    start.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds(given.target)):
        (start / f"seed{number}").write_bytes(seed)
    target = given.target
    options = [
        sys.argv[0], "-timeout=5", "-rss_limit_mb=512", "-max_len=65536",
        f"-artifact_prefix={given.corpus.parent}/{target}-",
    ]  # fmt: skip
    options += [f"-max_total_time={int(given.minutes * 60)}", "-print_final_stats=1",
                str(given.corpus), str(kept), str(start)]  # fmt: skip
    atheris.Setup(options, lambda data: fuzz_targets.run(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
