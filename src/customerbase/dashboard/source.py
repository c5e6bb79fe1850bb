"""Source: which workspace a browser looks at, in which state, and whether there is a newer one."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.opening import Opened, fingerprint, open_newest
from customerbase.dashboard.serving import chosen
from customerbase.dashboard.uploads import find_upload

__all__ = ["Source", "forget", "is_outdated", "look_at", "open_source", "watch"]

UPLOAD = "upload"
"""Name in the URL of the key of an upload."""

_OPENED = "opened"
_EVERY = "4s"


@dataclass(frozen=True)
class Source:
    """A workspace as a browser looks at it: where it lies, what it is called, and the state that is shown."""

    path: Path
    name: str
    upload: str | None
    opened: Opened


def look_at(upload: str | None) -> None:
    """Look at an upload from now on, or at the shop again."""
    st.session_state[UPLOAD] = upload or ""
    forget()


def forget() -> None:
    """Open the newest state when the page is run again."""
    st.session_state.pop(_OPENED, None)


def open_source() -> Source:
    """Open what the URL names: the shop, or an upload of this server by its key; no path is taken from a URL.

    A browser goes on looking at the state that it has opened, whatever is published in the meantime.

    Raises
    ------
    WorkspaceError
        The workspace is damaged, or a newer version wrote it.
    """
    serving = chosen()
    key = st.session_state.setdefault(UPLOAD, st.query_params.get(UPLOAD, ""))
    found = find_upload(key) if key else None
    if found:
        st.query_params[UPLOAD] = key
    elif UPLOAD in st.query_params:
        del st.query_params[UPLOAD]
    path = found.workspace if found else serving.workspace
    held = st.session_state.get(_OPENED)
    if held is None or held[0] != path or not held[1].workspace.tables():
        opened = open_newest(path, serving.memory_limit, serving.threads)
        st.session_state[_OPENED] = (path, opened)
    return Source(
        path, found.name if found else path.name or str(path), key if found else None, st.session_state[_OPENED][1]
    )


def is_outdated() -> bool:
    """Tell whether this browser looks at a state that is no longer the present one."""
    path, opened = st.session_state.get(_OPENED, (None, None))
    return opened is not None and fingerprint(path) != opened.state


@st.fragment(run_every=_EVERY)
def watch(source: Source) -> None:
    """Look every few seconds whether a run was published, and offer it; a workspace that is gone has none."""
    if fingerprint(source.path) in {"", source.opened.state}:
        return
    st.html(markup.empty("A new run has been published."))
    if st.button("Show it", type="primary", icon=":material/refresh:", key="show_new_run"):
        forget()
        st.rerun()
