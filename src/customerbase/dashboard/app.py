"""The router: what Streamlit runs for every page, and for every click on one."""

import streamlit as st

from customerbase.dashboard.pages import run_page

run_page()
st.stop()
