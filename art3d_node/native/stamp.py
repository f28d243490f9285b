"""A hash of the library's sources: compiled in, and compared where a checkout has both."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path


def sources_hash() -> str:
    """Of every C++ source and of the build file; "" where an installation has none."""
    here = Path(__file__).parent
    sources = sorted(path for kind in ("*.h", "*.cuh", "*.cpp", "CMakeLists.txt") for path in here.glob(kind))
    digest = hashlib.blake2b(digest_size=8)
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest() if sources else ""


if __name__ == "__main__":
    target = Path(sys.argv[1])
    text = f'extern const char* const art3d_sources;\nconst char* const art3d_sources = "{sources_hash()}";\n'
    if not target.exists() or target.read_text() != text:
        target.write_text(text)
