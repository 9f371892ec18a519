"""Sample records (样例文档) in the shape of WS/T 500-2016, made by tools/make_samples.py."""

from __future__ import annotations

from importlib.resources import files

# What the demo deposits: every record of the nine kinds that people meet first, and these.
_FIRST_KINDS = frozenset(
    {"C0001", "C0002", "C0004", "C0005", "C0006", "C0007", "C0032", "C0034", "C0053"}
)
_MORE_OF_THE_DEMO = frozenset(
    {
        "C0009/sun-jl.xml", "C0011/sun-jl.xml", "C0015/lin-jl.xml", "C0020/wang-jl.xml",
        "C0026/sun-jl.xml", "C0038/wang-jl.xml", "C0050/he-jl.xml", "C0052/wang-jl.xml",
    }
)  # fmt: skip


def load(*, demo: bool = False) -> dict[str, bytes]:
    """Every sample by name ("C0053/wang-jl-1.xml"), in the order of their names.

    demo: only those that tell the story of the demo city.
    """
    found: dict[str, bytes] = {}
    for folder in files(__name__).iterdir():
        if folder.is_dir():
            found |= {
                f"{folder.name}/{item.name}": item.read_bytes()
                for item in folder.iterdir()
                if item.name.endswith(".xml")
            }
    if demo:
        found = {name: xml for name, xml in found.items() if _of_the_demo(name)}
    return dict(sorted(found.items()))


def _of_the_demo(name: str) -> bool:
    return name.partition("/")[0] in _FIRST_KINDS or name in _MORE_OF_THE_DEMO
