"""The router: what Streamlit runs for every page, and for every click on one."""

from customerbase.dashboard.pages import run_page

__all__ = ["run_page"]

run_page()
