"""What curation kept, why the rest was not, and what would change that."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]
STUDY = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# For each reason: the figure it was judged by, the option of its limit, whether less of it passes, and other advice.
_LIMITS = {
    "vertical disparity": ("vertical_share", "--vertical-share", True, "align the rig's eyes first"),
    "inconsistent": ("consistent", "--min-consistent", False, "look for glass, fog, blur, or eyes out of step"),
    "too little texture": ("valid", "--min-valid", False, "choose shots with more detail"),
    "disparity and depth disagree": ("ddc", "--min-ddc", False, "try another --depth, or --stereo sea-raft"),
}
_ADVICE = {
    "too little range": "the film is nearly flat here; lower --min-range-px, or check --layout",
    "eyes swapped": "use --swap-eyes",
}


def statistics(kept: Rows, rejects: Rows) -> dict[str, Any]:
    """Mean and standard deviation of the figures of what was kept, rejects by reason, and pairs at each DDC-IoU."""
    names = sorted({name for row in kept for name in row["figures"]})
    table = {name: np.array([row["figures"][name] for row in kept]) for name in names}
    return {
        "kept": len(kept),
        "rejected": len(rejects),
        "rejects": dict(sorted(Counter(row["reason"] for row in rejects).items())),
        "figures": {n: {"mean": round(float(v.mean()), 5), "std": round(float(v.std()), 5)} for n, v in table.items()},
        "pairs_at_ddc": study(kept + rejects),
    }


def study(rows: Rows) -> dict[str, int]:
    """How many pairs reach each DDC-IoU, of those that came so far as to have one."""
    found = [row["figures"]["ddc"] for row in rows if "ddc" in row["figures"]]
    return {f"{least:.1f}": sum(value >= least for value in found) for least in STUDY} if found else {}


def costliest(rejects: Rows) -> str:
    """One line: the reason that cost most pairs, and what would change it; "" without rejects."""
    if not rejects:
        return ""
    reason, count = Counter(row["reason"] for row in rejects).most_common(1)[0]
    words = f"{reason} cost most, {count} of {len(rejects)} rejects"
    if reason not in _LIMITS:
        return f"{words}: {_ADVICE.get(reason, 'see the manifest')}"
    figure, option, less, other = _LIMITS[reason]
    found = sorted(row["figures"][figure] for row in rejects if row["reason"] == reason and figure in row["figures"])
    if not found:
        return f"{words}: {other}"
    best, median = (found[0] if less else found[-1]), float(np.median(found))
    return f"{words}: {figure} is {median:.2f} in the median, {best:.2f} at best; {other}, or change {option}"
