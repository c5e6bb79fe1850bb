"""A chart is drawn whatever becomes of the process that should draw it."""

import os
import sys

import pytest
import vl_convert

from customerbase.report.artist import Artist, artist_at_work, artists_staying, call_artist, send_artist_home

CHART = {
    "data": {"values": [{"segment": "Größte <b>&", "revenue": 3}, {"segment": "Lost", "revenue": float("nan")}]},
    "mark": "bar",
    "encoding": {"x": {"field": "revenue", "type": "quantitative"}, "y": {"field": "segment", "type": "nominal"}},
}


@pytest.fixture(autouse=True)
def nobody_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a program, where artists come and leave; those of other tests are left alone."""
    monkeypatch.setattr("customerbase.report.artist._stays", [])
    monkeypatch.setattr("customerbase.report.artist._waiting", [])


def number_of(artist: Artist) -> int:
    assert artist._process is not None
    return artist._process.pid


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_other_process_draws_what_this_one_would() -> None:
    with artist_at_work() as artist:
        drawn = [artist.draw(CHART), artist.draw(CHART)]
        assert is_running(number_of(artist))
    assert drawn == [vl_convert.vegalite_to_svg(CHART)] * 2
    assert "Größte &lt;b&gt;&amp;" in drawn[0]


def test_a_chart_is_drawn_here_when_the_other_process_has_died() -> None:
    with artist_at_work() as artist:
        artist.draw(CHART)
        os.kill(number_of(artist), 9)
        assert artist.draw(CHART) == vl_convert.vegalite_to_svg(CHART)
        assert artist._process is None


def test_a_chart_is_drawn_here_when_no_other_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with artist_at_work() as artist:
        assert artist.draw(CHART) == vl_convert.vegalite_to_svg(CHART)


def test_a_chart_is_drawn_here_when_the_program_is_no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with artist_at_work() as artist:
        assert artist.draw(CHART) == vl_convert.vegalite_to_svg(CHART)


def test_what_cannot_be_drawn_is_a_fault_here() -> None:
    with artist_at_work() as artist, pytest.raises(ValueError, match="Vega"):
        artist.draw({"mark": "no such mark"})


def test_an_artist_called_before_is_the_one_at_work_and_ends_with_it() -> None:
    call_artist()
    call_artist()
    with artist_at_work() as artist:
        pid = number_of(artist)
        with artist_at_work() as another:
            assert number_of(another) != pid
    assert not is_running(pid)


def test_an_artist_who_has_nothing_to_draw_is_sent_home() -> None:
    call_artist()
    with artist_at_work() as artist:
        pid = number_of(artist)
        call_artist()
        send_artist_home()
        assert is_running(pid)
    assert not is_running(pid)


def test_an_artist_who_stays_draws_the_next_time_and_ends_with_the_stay() -> None:
    with artists_staying():
        call_artist()
        send_artist_home()
        with artist_at_work() as artist:
            pid = number_of(artist)
        call_artist()
        with artist_at_work() as next_time, artist_at_work() as beside:
            another = number_of(beside)
            assert number_of(next_time) == pid != another
        assert is_running(pid)
    assert not is_running(pid)
    assert not is_running(another)


def test_an_artist_who_has_died_does_not_stay() -> None:
    with artists_staying():
        with artist_at_work() as artist:
            os.kill(number_of(artist), 9)
            artist.draw(CHART)
        with artist_at_work() as another:
            assert another is not artist
            assert another.draw(CHART) == vl_convert.vegalite_to_svg(CHART)
            assert another.is_there
