"""The host of `ofx_wrapper/tools/host`, which runs where the released binaries do; driven line by line from here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tests.ofx_host import abi
from tests.ofx_host.pictures import DEPTHS, Array, depth_name


class SmallHost:
    """A process of it with the plug-in loaded and one node.

    Args:
        command: the host, with what runs it.
        binary: the plug-in, as that host names files.
        environment: of the process.
        folder: for pixels.
        named: a file as that host names it.

    Raises:
        AssertionError: the plug-in does not load; the message says what the system said.
    """

    def __init__(
        self,
        command: list[str],
        binary: Path,
        environment: Mapping[str, str],
        folder: Path,
        named: Callable[[Path], str] = str,
    ) -> None:
        self._folder, self._named, self.message = folder, named, ""
        self.process = subprocess.Popen(
            [*command, named(binary)],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said = self._answer()
        assert said == "loaded", said
        assert self.say("create") == "0"

    def _answer(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the host ended with {self.process.wait()}"
        return line.rstrip("\r\n")

    def say(self, line: str) -> str:
        """One command; its answer."""
        self.begin(line)
        return self._answer()

    def begin(self, line: str) -> None:
        """One command, whose answer `end` reads."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def set(self, **knobs: object) -> None:
        """Turns knobs; a choice by its number."""
        for name, value in knobs.items():
            assert self.say(f"set {name} {value}") == "0"

    def connect(self, clip: str, pixels: Array) -> None:
        """Feeds a clip with (h, w, 4) pixels, y down."""
        file = self._folder / f"{clip}.raw"
        file.write_bytes(pixels[::-1].tobytes())
        height, width, _ = pixels.shape
        said = self.say(f"connect {clip} {width} {height} {depth_name(pixels.dtype)} {self._named(file)}")
        assert said == "0", said

    def ask(self, width: int, height: int, dtype: str = "<f4", *, polls: int = -1) -> None:
        """Begins to render a window; the host wants to stop after so many polls."""
        kind = depth_name(np.dtype(dtype))
        self.begin(f"render {width} {height} {kind} {self._named(self._folder / 'out.raw')} {polls}")
        self._shape, self._dtype = (height, width, 4), np.dtype(dtype)
        assert self._dtype in DEPTHS.values()

    def end(self) -> tuple[int, Array]:
        """Status and (h, w, 4) pixels, y down, of the render that `ask` began; `message` is what stands on the node."""
        status, _, self.message = self._answer().partition(" ")
        pixels = np.frombuffer((self._folder / "out.raw").read_bytes(), self._dtype).reshape(self._shape)
        return int(status), pixels[::-1]

    def render(self, width: int, height: int, dtype: str = "<f4") -> Array:
        """A window's pixels."""
        self.ask(width, height, dtype)
        status, pixels = self.end()
        assert status == abi.OK, (status, self.message)
        return pixels

    def close(self) -> None:
        """Destroys the node, unloads the plug-in and ends the process; it must end well."""
        assert self.say("destroy") == "0"
        assert self.say("unload") == "0"
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        """Ends the process however it is."""
        self.process.kill()
        self.process.communicate()
