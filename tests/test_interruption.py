"""Ctrl-C where Python would drop it."""

import signal
import subprocess
import sys

import pytest

_PROGRAM = """
import signal, sys, time, weakref
from customerbase.interruption import keep_interruptions

class Dropped:
    pass

def drop():
    signal.raise_signal(signal.SIGINT)

if sys.argv[1:]:
    keep_interruptions()
dropped = Dropped()
weakref.finalize(dropped, drop)
del dropped
for _ in range(20):
    time.sleep(0.1)
print("to its end")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX are raised")
def test_a_ctrl_c_within_a_callback_interrupts_all_the_same() -> None:
    """Python itself prints it and goes on."""
    as_python_does = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert (as_python_does.returncode, as_python_does.stdout) == (0, "to its end\n")
    kept = subprocess.run([sys.executable, "-c", _PROGRAM, "kept"], capture_output=True, text=True, check=False)
    assert (kept.returncode, kept.stdout) == (-signal.SIGINT, "")
    assert "ignored" not in kept.stderr


def test_other_faults_of_callbacks_are_told_as_before() -> None:
    """What cannot be raised is printed."""
    program = _PROGRAM.replace("signal.raise_signal(signal.SIGINT)", "raise ValueError('a fault')")
    told = subprocess.run([sys.executable, "-c", program, "kept"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "to its end\n")
    assert "ValueError: a fault" in told.stderr
