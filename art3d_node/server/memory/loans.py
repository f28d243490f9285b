"""Results lent to clients: a segment is free again when the last of its borrowers is done or gone."""

from __future__ import annotations

from dataclasses import dataclass

from art3d_node.server.memory.pool import Piece, SegmentPool
from art3d_node.server.memory.shares import Shares


@dataclass(frozen=True)
class Loan:
    """One borrower of one segment."""

    id: int
    peer: bytes
    piece: Piece
    source: str


class Loans:
    """Who may read which result."""

    def __init__(self, pool: SegmentPool, shares: Shares) -> None:
        self._pool, self._shares = pool, shares
        self._loans: dict[int, Loan] = {}
        self._readers: dict[int, int] = {}
        self._totals: dict[bytes, tuple[int, int]] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._loans)

    def lend(self, peer: bytes, piece: Piece, source: str = "") -> int:
        """One more borrower; returns the loan's number."""
        self._last += 1
        self._loans[self._last] = Loan(self._last, peer, piece, source)
        self._shares.add(peer, source, piece.capacity)
        self._readers[piece.fd] = self._readers.get(piece.fd, 0) + 1
        self._count(peer, 1, piece.capacity)
        return self._last

    def _count(self, peer: bytes, loans: int, nbytes: int) -> None:
        before = self._totals.get(peer, (0, 0))
        after = (before[0] + loans, before[1] + nbytes)
        if after[0]:
            self._totals[peer] = after
        else:
            self._totals.pop(peer, None)

    def end(self, number: int, *, peer: bytes | None = None) -> None:
        """Ends a loan; one that is unknown or another client's stays as it is."""
        loan = self._loans.get(number)
        if loan is None or (peer is not None and loan.peer != peer):
            return
        del self._loans[number]
        self._count(loan.peer, -1, -loan.piece.capacity)
        self._shares.add(loan.peer, loan.source, -loan.piece.capacity)
        self._readers[loan.piece.fd] -= 1
        if not self._readers[loan.piece.fd]:
            del self._readers[loan.piece.fd]
            self._pool.give_back(loan.piece)

    def end_all(self, peer: bytes) -> None:
        """Ends all loans of a client."""
        for number in [number for number, loan in self._loans.items() if loan.peer == peer]:
            self.end(number)

    def count(self, peer: bytes) -> int:
        """Loans of a client."""
        return self._totals.get(peer, (0, 0))[0]

    def nbytes(self, peer: bytes) -> int:
        """Bytes lent to a client."""
        return self._totals.get(peer, (0, 0))[1]
