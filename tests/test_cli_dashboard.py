"""The verb `dashboard`, as far as it refuses: what it serves has tests of its own."""

import socket
import sys

import pytest
from tests.front_end import CommandLine


def test_a_port_in_use_is_refused(customerbase: CommandLine) -> None:
    """In one line, with another port to try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = customerbase("dashboard", "--port", str(port))
    assert answer.status == 2
    assert answer.err.startswith(f"Error: Port {port} of 127.0.0.1 cannot be used (")
    assert answer.err.count("\n") == 1


def test_an_address_of_another_machine_is_refused(customerbase: CommandLine) -> None:
    """One cannot listen on it."""
    answer = customerbase("dashboard", "--host", "192.0.2.1")
    assert answer.status == 2
    assert "--host is an address of this machine" in answer.err


def test_without_the_extra_it_says_how_to_get_it(customerbase: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, ready to be copied."""
    monkeypatch.setitem(sys.modules, "streamlit", None)
    answer = customerbase("dashboard")
    assert answer.status == 2
    assert "pip install 'customerbase[dashboard]'" in answer.err
    assert answer.err.count("\n") == 1
