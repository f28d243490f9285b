"""Flatbuffer tables, walked by field number: all that reading a TensorFlow Lite file needs.

Field numbers are those of the public schema (tensorflow/lite/schema/schema.fbs).
"""

from __future__ import annotations

import struct

import numpy as np


class Table:
    """A flatbuffer table: fields are looked up by number through its vtable."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.vtable)[0]

    @classmethod
    def root(cls, data: bytes, *, where: str) -> Table:
        """The file's own table.

        Raises:
            ValueError: the file is no TensorFlow Lite model.
        """
        if data[4:8] != b"TFL3":
            raise ValueError(f"{where}: not a TensorFlow Lite model")
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def _field(self, number: int) -> int:
        slot = 4 + 2 * number
        offset = struct.unpack_from("<H", self.data, self.vtable + slot)[0] if slot < self.size else 0
        return self.at + offset if offset else 0

    def _follow(self, at: int) -> int:
        return at + int(struct.unpack_from("<I", self.data, at)[0])

    def number(self, field: int, code: str = "<i") -> int:
        """A number, 0 where the file leaves it out."""
        at = self._field(field)
        return int(struct.unpack_from(code, self.data, at)[0]) if at else 0

    def table(self, field: int) -> Table:
        """A table that the file has."""
        return Table(self.data, self._follow(self._field(field)))

    def vector(self, field: int, dtype: str) -> np.ndarray:
        """A vector of numbers, empty where the file leaves it out."""
        at = self._field(field)
        if not at:
            return np.zeros(0, dtype)
        start = self._follow(at)
        return np.frombuffer(self.data, dtype, struct.unpack_from("<I", self.data, start)[0], start + 4)

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        at = self._field(field)
        start = self._follow(at)
        count = struct.unpack_from("<I", self.data, start)[0]
        return [Table(self.data, self._follow(start + 4 + 4 * i)) for i in range(count)]
