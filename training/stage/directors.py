"""Directors with a known hand: what they do to depth, at cuts, and to whom they give a pop-out.

Convention:
    Disparities are px of a picture 512 wide, x_L − x_R, > 0 in front of the screen; inverse depth is 0..1 per shot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_bridge.core.errors import BadInputError

CLOTHES = {
    "red": (0.72, 0.08, 0.07),
    "blue": (0.07, 0.16, 0.70),
    "yellow": (0.85, 0.68, 0.06),
    "green": (0.10, 0.42, 0.14),
    "grey": (0.40, 0.40, 0.42),
}


@dataclass(frozen=True)
class Director:
    """One stereographer.

    Attributes:
        name: what the style will be called.
        scale_px: mean and standard deviation of s over the shots, px at 512 per unit of iz.
        shift_px: mean and standard deviation of t over the shots, px at 512.
        close_up_gain: s of a close-up over s of a wide shot; seen in the picture as larger people.
        pop_out: colour of the clothes that come out of the picture.
        pop_out_px: how far they come out, px at 512.
        ease_frames: frames after a cut over which t travels from the last shot's to this one's; 0 cuts hard.
    """

    name: str
    scale_px: tuple[float, float]
    shift_px: tuple[float, float]
    close_up_gain: float = 1.0
    pop_out: str = "red"
    pop_out_px: float = 8.0
    ease_frames: int = 0


DIRECTORS = {
    director.name: director
    for director in (
        Director("measured", (15.0, 1.0), (-12.0, 0.7), close_up_gain=0.85, pop_out="red", ease_frames=2),
        Director("deep", (26.0, 1.8), (-22.0, 1.2), close_up_gain=0.9, pop_out="blue", pop_out_px=10.0),
        Director("forward", (18.0, 1.2), (-2.5, 0.6), close_up_gain=1.0, pop_out="yellow", pop_out_px=7.0),
        Director("gentle", (8.0, 0.5), (-5.0, 0.3), close_up_gain=0.9),
        Director("immersive", (20.0, 1.2), (-11.0, 0.6), close_up_gain=0.9),
        Director("popout", (11.0, 0.6), (-7.0, 0.4), pop_out="red", pop_out_px=5.5),
    )
}


def director_named(name: str) -> Director:
    """The director of that name.

    Raises:
        BadInputError: there is none.
    """
    if name not in DIRECTORS:
        raise BadInputError(f"no director {name!r}", remedy=f"there are {', '.join(DIRECTORS)}")
    return DIRECTORS[name]


@dataclass(frozen=True)
class Staging:
    """What a director does in one shot: s and t in px at 512, before easing."""

    scale_px: float
    shift_px: float


def stage_shots(director: Director, close_ups: list[bool], rng: np.random.Generator) -> list[Staging]:
    """s and t of every shot: normal draws by even quantiles in random order, so few shots keep the director's mean.

    Args:
        director: whose hand.
        close_ups: whether each shot is a close-up; the gain is balanced so that the mean over the film stays.
        rng: source of chance.
    """
    count = len(close_ups)
    gains = np.where(close_ups, director.close_up_gain, 1.0)
    gains /= gains.mean()
    scale = director.scale_px[0] + director.scale_px[1] * _normal_quantiles(count, rng)
    shift = director.shift_px[0] + director.shift_px[1] * _normal_quantiles(count, rng)
    return [Staging(float(s * g), float(t)) for s, g, t in zip(scale, gains, shift, strict=True)]


def _normal_quantiles(count: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.special import ndtri

    return rng.permutation(ndtri((np.arange(count) + 0.5) / count))


def eased_shift(director: Director, before_px: float, now_px: float, frame: int) -> float:
    """t at `frame` frames after a cut, px at 512: a smooth step from the last shot's t."""
    if frame >= director.ease_frames:
        return now_px
    share = (frame + 1) / (director.ease_frames + 1)
    return before_px + (now_px - before_px) * share * share * (3 - 2 * share)
