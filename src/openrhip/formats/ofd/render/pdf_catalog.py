"""What a PDF says of itself as a whole: metadata, how it is to be shown, where it opens.

Sources: GB/T 33190-2016 §7.4 (DocInfo), §7.5 (VPreferences, Actions); ISO 32000-1 §7.7.2, §12.2,
§14.3.3.
"""

from __future__ import annotations

import re
from itertools import islice

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.render.pdf_file import File, text
from openrhip.formats.ofd.render.pdf_outline import Place
from openrhip.formats.ofd.render.scene import Scene

_LONGEST = 1000
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_INFO = ("Title", "Author", "Subject", "Keywords", "Creator")
_MODES = {
    "FullScreen": "FullScreen",
    "UseOutlines": "UseOutlines",
    "UseThumbs": "UseThumbs",
    "UseLayers": "UseOC",
    "UseBookmarks": "UseOutlines",
}
_LAYOUTS = {
    "OnePage": "SinglePage",
    "OneColumn": "OneColumn",
    "TwoPageL": "TwoPageLeft",
    "TwoColumnL": "TwoColumnLeft",
    "TwoPageR": "TwoPageRight",
    "TwoColumnR": "TwoColumnRight",
}
_HIDDEN = {
    "HideToolbar": "HideToolbar",
    "HideMenubar": "HideMenubar",
    "HideWindowUI": "HideWindowUI",
}


def info(metadata: dict[str, str]) -> str:
    """The information dictionary."""
    known = [f"/{name}{text(metadata[name][:_LONGEST])}" for name in _INFO if metadata.get(name)]
    if found := _DATE.match(metadata.get("CreationDate", "")):
        known.append(f"/CreationDate(D:{''.join(found.groups())})")
    if "Title" not in metadata:
        known.append("/Title()")
    return f"<<{''.join(known)}/Producer(OpenRHIP)>>"


def preferences(body: Element) -> str:
    """How the document is to be shown, as entries of the catalog."""
    wanted = px.child(body, "VPreferences")
    inner = [
        f"/{name} true" for key, name in _HIDDEN.items() if px.text(wanted, key) in {"true", "1"}
    ]
    title = "false" if px.text(wanted, "TabDisplay") == "FileName" else "true"
    mode = _MODES.get(px.text(wanted, "PageMode"), "")
    layout = _LAYOUTS.get(px.text(wanted, "PageLayout"), "")
    return (
        f"/ViewerPreferences<</DisplayDocTitle {title}{''.join(inner)}>>"
        f"{f'/PageMode/{mode}' if mode else ''}{f'/PageLayout/{layout}' if layout else ''}"
    )


def opening(scene: Scene, body: Element, place: Place) -> str:
    """Where the document opens, if one of its own actions says so."""
    document = scene.package.documents[0]
    actions = px.child(body, "Actions")
    for action in islice(px.children(actions, "Action"), 8):
        goal = scene.targets(0).goal(action, document.root)
        if action.get("Event") == "DO" and goal is not None and goal[1] is not None:
            words = place(goal[1], goal[2])
            return f"/OpenAction{words}" if words else ""
    return ""


def screen_only(file: File, number: int) -> str:
    """Write the optional content that is shown and not printed (ISO 32000-1 §8.11)."""
    usage = "/Usage<</Print<</PrintState/OFF>>/View<</ViewState/ON>>>>"
    file.put(f"<</Type/OCG/Name{text('不打印 not printed')}{usage}>>", number)
    group = f"[{number} 0 R]"
    events = "".join(
        f"<</Event/{event}/OCGs{group}/Category[/{event}]>>" for event in ("View", "Print")
    )
    return f"/OCProperties<</OCGs{group}/D<</ON{group}/AS[{events}]>>>>"
