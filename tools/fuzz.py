"""Look for inputs that crash, hang or swell a reader: python tools/fuzz.py TARGET --minutes 20

Needs atheris (`pip install atheris`, wheels for Linux). Begins with the inputs kept in
tests/vectors/fuzz/TARGET and those that `seeds` makes; new ones go to --corpus. A crash, an input
over 5 seconds or over 512 MB ends the run with the input written beside the corpus.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

KEPT = Path(__file__).parents[1] / "tests" / "vectors" / "fuzz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--corpus", type=Path, required=True, help="folder for new inputs")
    parser.add_argument("--merge", action="store_true", help="only keep what adds coverage")
    given = parser.parse_args()

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
    if given.merge:
        options += ["-merge=1", str(kept), str(given.corpus), str(start)]
    else:
        seconds = int(given.minutes * 60)
        options += [f"-max_total_time={seconds}", "-print_final_stats=1",
                    str(given.corpus), str(kept), str(start)]  # fmt: skip
    atheris.Setup(options, lambda data: fuzz_targets.run(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
