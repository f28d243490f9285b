"""Which values an option of training can take: told in one line before anything is read."""

from __future__ import annotations

import math
from collections.abc import Mapping

from host_bridge.core.errors import BadInputError

_INF = math.inf
_SIDE_STEP_PX = 8  # CameraNet halves a picture three times
RANGES: dict[str, tuple[float, float]] = {
    "size_px": (32, 4096),
    "per_shot": (1, _INF),
    "min_shot_frames": (1, _INF),
    "reach_pct": (0.5, 50),
    "fattening_px": (0, 256),
    "consistency_px": (0, _INF),
    "vertical_limit_px": (0, _INF),
    "vertical_share": (0, 1),
    "correctable_px": (0, _INF),
    "min_range_px": (0, _INF),
    "range_width_px": (1, _INF),
    "min_consistent": (0, 1),
    "min_valid": (0, 1),
    "min_ddc": (0, 1),
    "samples_per_shard": (1, _INF),
    "epochs": (1, _INF),
    "batch": (1, _INF),
    "learning_rate": (1e-9, 1),
    "local_balance": (0, 1),
    "local_ridge": (0, _INF),
    "ridge": (0, _INF),
    "right": (0, _INF),
    "smoothness": (0, _INF),
    "consistency": (0, _INF),
    "held_out": (0, 0.9),
    "patience": (0, _INF),
    "flip": (0, 1),
    "photometric": (0, 1),
    "warmup_steps": (0, _INF),
    "clip": (1e-9, _INF),
    "save_every": (1, _INF),
    "seed": (0, 2**63 - 1),
    "shots": (1, _INF),
    "frames_per_shot": (1, _INF),
    "aspect": (0, 20),
    "pop_out_share": (0, 1),
    "close_up_share": (0, 1),
    "grain": (0, 1),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "ddc": ("layers", "edges"),
    "stereo": ("sgm", "sea-raft"),
    "masks": ("residual", "mattes", "people", "lang-sam", "grounding", "none"),
    "precision": ("32-true", "bf16-mixed"),
    "layout": ("sbs", "tb"),
}


def refuse_unusable(values: Mapping[str, object]) -> None:
    """Look at values by field name; fields that no table knows pass.

    Raises:
        BadInputError: the first value that cannot work, and what could.
    """
    for name, value in values.items():
        option = f"--{name.replace('_', '-')}"
        if name in CHOICES and value not in CHOICES[name]:
            raise BadInputError(f"there is no {value!r}", remedy=f"there are {', '.join(CHOICES[name])}", where=option)
        if name in RANGES and isinstance(value, int | float):
            low, high = RANGES[name]
            if not low <= value <= high or not math.isfinite(value):
                most = f"at most {high:g}" if math.isfinite(high) else "finite"
                raise BadInputError(f"{value} is not usable", remedy=f"at least {low:g} and {most}", where=option)
        if name == "size_px" and isinstance(value, int) and value % _SIDE_STEP_PX:
            remedy = f"a multiple of {_SIDE_STEP_PX}, as {value // _SIDE_STEP_PX * _SIDE_STEP_PX}"
            raise BadInputError(f"{value} is not usable", remedy=remedy, where=option)
