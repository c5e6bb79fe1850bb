"""Dashboard: a workspace in the browser, from every number down to the customers behind it."""

from pathlib import Path

__all__ = ["app_file"]


def app_file() -> Path:
    """Give the script that Streamlit runs.

    Examples
    --------
    >>> app_file().name
    'app.py'
    """
    return Path(__file__).with_name("app.py")
