"""One accepted connection: its socket, its protocol, and what waits to be sent. Nothing here blocks."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from typing import Any

from art3d_node.server.net.accounts import Account
from art3d_node.server.net.frames import Violation
from art3d_node.server.net.zmtp import READS_AHEAD_BYTES, Peer

SEND_BUFFERS = 16
LARGE_READ_BYTES = 1 << 20
TURN_BYTES = 4 << 20  # sent or read for one connection before the others have their turn
STRANGER_READ_BYTES = 1 << 14
CHOKED = (1000, 1 << 16)  # buffers and bytes that wait for a client: until it reads them it is asked for no more
LOST = (8000, 16 << 20)  # and at so many it is given up
_scratch = memoryview(bytearray(READS_AHEAD_BYTES))


class Connection:
    """A client's connection.

    Args:
        number: names it; never used again.
        accepted: its socket.
        peer: its protocol.
        account: whose it is.
        control: whether it came to the control socket.
    """

    def __init__(self, number: int, accepted: socket.socket, peer: Peer, account: Account, *, control: bool,
                 now_s: float) -> None:  # fmt: skip
        accepted.setblocking(False)
        self.id = number.to_bytes(8, "big")
        self.socket, self.peer, self.account, self.control = accepted, peer, account, control
        self.admitted = False
        self.opened_s = self.heard_s = now_s
        self.granted_bytes, self.granted_s = 0, 0.0  # memory for the message under way, and since when
        self.closing = False  # once all is sent
        self._unsent: deque[tuple[memoryview, int]] = deque()
        self._unsent_bytes = 0  # but for payloads, which lie in the pool

    def fileno(self) -> int:
        """For the selector."""
        return self.socket.fileno()

    @property
    def unsent(self) -> int:
        """Buffers that wait to be sent."""
        return len(self._unsent)

    @property
    def choked(self) -> bool:
        """Whether it is to read its replies before it is served again."""
        return len(self._unsent) > CHOKED[0] or self._unsent_bytes > CHOKED[1]

    def read(self, now_s: float) -> bool:
        """Reads what has come, a bounded piece of it; whether the connection still stands."""
        try:
            room = self.peer.room()
            if room is None or not len(room):
                count = self.socket.recv_into(_scratch, 0 if self.admitted else STRANGER_READ_BYTES)
                self.peer.feed(_scratch[:count])
            else:
                count = self._read_to(room)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self.heard_s = now_s
        return count > 0

    def _read_to(self, room: memoryview) -> int:
        total = 0
        while total < len(room):
            try:
                count = self.socket.recv_into(room[total : total + LARGE_READ_BYTES])
            except BlockingIOError:
                break
            if not count:
                break
            self.peer.written(count)
            total += count
        return total or self.socket.recv_into(room[:1], 1, socket.MSG_PEEK)

    def send(self, parts: Sequence[Any], *, loan: int = 0) -> None:
        """Queues a message; `loan` is over when it has gone out.

        Raises:
            Violation: the client does not read what it asked for.
        """
        if len(self._unsent) > LOST[0] or self._unsent_bytes > LOST[1]:
            raise Violation("it does not read its replies")
        *heads, last = self.peer.frames(parts)
        for buffer in heads:
            self.send_bytes(buffer)
        self._unsent.append((memoryview(last), loan))
        self._unsent_bytes += 0 if loan else len(last)

    def send_bytes(self, data: bytes) -> None:
        """Queues bytes as they are."""
        if data:
            self._unsent.append((memoryview(data), 0))
            self._unsent_bytes += len(data)

    def write(self) -> list[int]:
        """Sends what there is room for; the loans that are over.

        Raises:
            OSError: the connection is gone.
        """
        ended: list[int] = []
        total = 0
        while self._unsent and total < TURN_BYTES:
            buffers = [self._unsent[n][0] for n in range(min(SEND_BUFFERS, len(self._unsent)))]
            try:
                count = self.socket.sendmsg(buffers)
            except (BlockingIOError, InterruptedError):
                break
            total += count
            ended += self._gone(count)
        return ended

    def _gone(self, count: int) -> list[int]:
        """So many bytes went out; the loans that are over."""
        ended = []
        while self._unsent and count >= len(self._unsent[0][0]):
            view, loan = self._unsent.popleft()
            count -= len(view)
            if loan:
                ended.append(loan)
            else:
                self._unsent_bytes -= len(view)
        if count:
            view, loan = self._unsent[0]
            self._unsent[0] = (view[count:], loan)
            self._unsent_bytes -= 0 if loan else count
        return ended

    def close(self) -> list[int]:
        """Closes the socket; the loans that end with it."""
        self.socket.close()
        ended = [loan for _, loan in self._unsent if loan]
        self._unsent.clear()
        return ended
