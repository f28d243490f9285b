"""What libraries print is kept off the terminal, from any number of threads at once."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from host_bridge.io.silence import silenced


def test_threads_are_silenced_at_once_and_each_keeps_what_it_printed(capfd: pytest.CaptureFixture[str]) -> None:
    meet = threading.Barrier(3, timeout=10)
    kept: dict[str, str] = {}

    def work(name: str) -> None:
        with silenced() as printed:
            meet.wait()  # all of them are inside: none waits for another one to leave
            print(name)
            os.write(2, b"a library's warning\n")
            meet.wait()
        kept[name] = printed.getvalue()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    meet.wait()
    print("from a thread that is not silenced")
    meet.wait()
    for thread in threads:
        thread.join()
    os.write(2, b"afterwards\n")
    assert kept == {"one": "one\n", "two": "two\n"}
    assert capfd.readouterr() == ("from a thread that is not silenced\n", "afterwards\n")


def test_standard_output_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with pytest.raises(ValueError, match="inside"), silenced() as outer:
        print("outer")
        with silenced() as inner:
            print("inner")
        print("outer again")
        raise ValueError("inside")
    assert (outer.getvalue(), inner.getvalue()) == ("outer\nouter again\n", "inner\n")
    assert sys.stdout is before
    print("shown")
    assert capfd.readouterr().out == "shown\n"
