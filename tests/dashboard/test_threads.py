"""Pages and what is made in advance share one connection of DuckDB, which two threads must not use at a time."""

import threading
import time
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from customerbase.dashboard import app_file, opening, warming
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import begin_behind, open_newest
from customerbase.dashboard.pages import PAGES
from customerbase.dashboard.sales import SUMS, sales_of
from customerbase.dashboard.serving import Serving, choose


class Watched:
    """A connection that notes what is asked of it by a thread that does not hold the lock."""

    def __init__(self, connection: Any, seen: list[str]) -> None:
        self._connection, self._seen = connection, seen

    def __getattr__(self, name: str) -> Any:
        if name != "cursor" and not opening._LOCK._is_owned():  # type: ignore[attr-defined]
            self._seen.append(name)
        return getattr(self._connection, name)


@pytest.fixture
def asked_unlocked(finished_shop: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the engine by threads that do not hold the lock."""
    seen: list[str] = []
    engine = open_newest(finished_shop).workspace.connection
    monkeypatch.setattr(engine, "con", Watched(engine.con, seen))
    return seen


def test_a_connection_used_without_the_lock_is_noted(finished_shop: Path, asked_unlocked: list[str]) -> None:
    """Otherwise the tests below could not fail."""
    open_newest(finished_shop).workspace.connection.list_tables()
    assert asked_unlocked


def test_pages_ask_one_at_a_time(finished_shop: Path, asked_unlocked: list[str]) -> None:
    """All of them, for the whole shop and for a segment."""
    choose(Serving(finished_shop, finished_shop.with_name("uploads")))
    opened = open_newest(finished_shop)
    segment = opened.workspace.json("segments")["segments"][0]["name"]
    opened._answers.clear()
    for title in PAGES:
        for values in ({}, {"segment": segment}):
            page = AppTest.from_file(str(app_file()), default_timeout=60)
            page.query_params.update({"page": title, **values})
            page.run()
            assert not page.exception
    assert asked_unlocked == []


def test_what_is_made_in_advance_asks_one_at_a_time(
    finished_shop: Path, asked_unlocked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All sections, and the sums of the order lines."""
    monkeypatch.setattr(opening, "_QUIET_SECONDS", 0.0)
    opened = open_newest(finished_shop)
    opened._answers.clear()
    as_of = opened.workspace.dates("segments")[-1]
    warming._make(opened, as_of)
    assert sales_of(opened, as_of).has(*SUMS)
    assert asked_unlocked == []


def test_the_interpreter_waits_for_what_a_page_has_begun() -> None:
    """The thread of a page is a daemon; one that works with DuckDB must not be."""
    begun: Queue[threading.Thread] = Queue()
    page = threading.Thread(target=lambda: begin_behind(lambda: begun.put(threading.current_thread())), daemon=True)
    page.start()
    assert not begun.get(timeout=10).daemon


@pytest.mark.parametrize(
    "name", ["summary", "whole", "everybody", "customers", "colors", "marks", "segments", "n_lines"]
)
def test_no_browser_waits_for_one_that_waits_for_it(finished_shop: Path, name: str) -> None:
    """One holds the lock and asks for a property; another one has asked for it before, and waits for the lock."""
    opened = open_newest(finished_shop)
    as_of, holds, is_asked = opened.workspace.dates("segments")[-1], threading.Event(), threading.Event()

    def hold() -> None:
        with opening._LOCK:
            holds.set()
            is_asked.wait(5)
            time.sleep(0.1)
            getattr(Shown(opened, as_of), name)

    def ask() -> None:
        holds.wait(5)
        is_asked.set()
        getattr(Shown(opened, as_of), name)

    threads = [threading.Thread(target=each, daemon=True) for each in (hold, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
