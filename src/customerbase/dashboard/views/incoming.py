"""A new export: dropped onto the page, checked up, run into a workspace of its own, and shown."""

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.faults import telling
from customerbase.dashboard.filters import PAGE, go_to
from customerbase.dashboard.serving import chosen
from customerbase.dashboard.source import Source, look_at
from customerbase.dashboard.uploads import SUFFIXES, Upload, find_upload, start_upload

__all__ = ["show_incoming"]

_MINE = "my_upload"
_EVERY = "1s"


def show_incoming(source: Source) -> None:
    """Take an export, follow its run, and offer what came of it."""
    st.html(
        markup.heading(
            "New export",
            1,
            "It is checked up and run into a workspace of its own; the one that is shown now stays as it is.",
        )
    )
    command = f"customerbase -w {source.path}"
    if not source.opened.workspace.tables():
        st.html(markup.empty(f"There is nothing in {source.name} yet. Run '{command} run FILE', or drop one here."))
    elif not source.opened.workspace.dates("segments"):
        st.html(markup.empty(f"{source.name} has no segments yet. Run '{command} segment' first."))
    if source.upload:
        st.button("Back to the shop", on_click=look_at, args=(None,), icon=":material/arrow_back:")
    serving = chosen()
    given = st.file_uploader(
        "Orders, customers or coupons",
        type=list(SUFFIXES),
        max_upload_size=serving.max_upload_mb,
        key="given",
    )
    st.html(markup.paragraph(_say_limits(serving.max_upload_mb, command), "reading"))
    if given is not None and st.button("Check up and run", type="primary", icon=":material/play_arrow:"):
        upload = start_upload(serving.uploads, given.name, given.getvalue(), serving.memory_limit, serving.threads)
        st.session_state[_MINE] = upload.key
    mine = find_upload(st.session_state.get(_MINE, ""))
    if mine:
        _follow(mine)


def _say_limits(max_upload_mb: int, command: str) -> str:
    """Say what is taken, and what to do with what is not; of a file that is refused nothing is kept."""
    return (
        f"CSV, JSON, Parquet or a workbook of at most {max_upload_mb:,} MB: a name that ends in "
        f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}. Whatever else is dropped is refused, and nothing of it is "
        f"kept. For a larger file, run '{command} run FILE' in a terminal, or start the dashboard with a higher "
        "--max-upload-mb."
    )


@st.fragment(run_every=_EVERY)
@telling
def _follow(upload: Upload) -> None:
    """Say how far the run is."""
    if upload.is_running:
        st.html(markup.empty(f"{upload.name}: {upload.said or 'starting'} …"))
    elif upload.has_failed:
        st.html(markup.fault(f"{upload.name} could not be run. {upload.said} The file lies in {upload.workspace}."))
    else:
        st.html(markup.empty(f"{upload.name} has been run, into {upload.workspace}."))
        if st.button("Show it", type="primary", key="show_upload", icon=":material/visibility:"):
            look_at(upload.key)
            go_to(**{PAGE: "Overview"})
