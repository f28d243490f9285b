"""Sets of primaries, and the matrix from each to Rec.709.

Convention:
    A set is CIE xy of red, green, blue and white, eight numbers in the order of OpenEXR's `chromaticities`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Chromaticities = tuple[float, ...]
Matrix = npt.NDArray[np.float64]

D65 = (0.3127, 0.3290)
XYZ = "ciexyzd65"
_D60 = (0.32168, 0.33767)
PRIMARIES: Mapping[str, Chromaticities] = {
    "rec709": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *D65),
    "p3d65": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *D65),
    "rec2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *D65),
    "ap1": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, *_D60),
    "ap0": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770, *_D60),
    "adobergb": (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *D65),
    "p3dci": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    "p3d60": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D60),
    "ebu": (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *D65),
    "smptec": (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *D65),
    "ebu3213": (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *D65),
    "ntsc1953": (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316),
    "film": (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316),
    "prophoto": (0.734699, 0.265301, 0.159597, 0.840403, 0.036598, 0.000105, 0.345704, 0.358540),
    "awg3": (0.684, 0.313, 0.221, 0.848, 0.0861, -0.1020, *D65),
    "awg4": (0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, *D65),
    "sgamut3": (0.730, 0.280, 0.140, 0.855, 0.100, -0.050, *D65),
    "sgamut3cine": (0.766, 0.275, 0.225, 0.800, 0.089, -0.087, *D65),
    "vgamut": (0.730, 0.280, 0.165, 0.840, 0.100, -0.030, *D65),
    "rwg": (0.780308, 0.304253, 0.121595, 1.493994, 0.095612, -0.084589, *D65),
    XYZ: (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3),
}
# The same set under the names of the digital cinema files.
ALIASES = {"xyzd65": XYZ, "displayp3": "p3d65", "srgb": "rec709", "dcip3": "p3dci"}
_TOLERANCE = 0.0025
# Bradford's cone responses: ICC.1:2022, annex E.
CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def named(chromaticities: Sequence[float]) -> str:
    """The name of a set; one that has none is spelled `xy(...)`, which `chromaticities_of` reads again."""
    xy = np.asarray(chromaticities, float)
    for name, stored in PRIMARIES.items():
        if np.abs(xy - stored).max() < _TOLERANCE:
            return name
    return f"xy({','.join(f'{v:.5g}' for v in xy)})"


def chromaticities_of(name: str) -> Chromaticities | None:
    """The set of a name, or of a spelling that `named` gave; None when it is neither, or no set at all."""
    if name.startswith("xy(") and name.endswith(")"):
        try:
            xy = tuple(float(v) for v in name[3:-1].split(","))
        except ValueError:
            return None
        return xy if usable(xy) else None
    return PRIMARIES.get(ALIASES.get(name, name))


def usable(chromaticities: Sequence[float]) -> bool:
    """Whether eight numbers are a set of primaries: finite, a triangle, a white inside of which light is positive."""
    xy = np.asarray(chromaticities, float)
    if xy.shape != (8,) or not np.isfinite(xy).all() or xy[7] <= 0:
        return False
    edges = np.append(xy[:6].reshape(3, 2), np.ones((3, 1)), axis=1)
    return bool(abs(np.linalg.det(edges)) > 1e-3 and (np.linalg.solve(edges.T, [xy[6], xy[7], 1.0]) > 0).all())


@functools.lru_cache(maxsize=64)
def to_rec709(name: str) -> Matrix:
    """The matrix that takes light in a set of primaries to Rec.709's, white to white (Bradford).

    XYZ is what it is: its white is D65's, which is not R = G = B.
    """
    target = to_xyz(PRIMARIES["rec709"])
    if ALIASES.get(name, name) == XYZ:
        return np.asarray(np.linalg.inv(target), np.float64)
    chromaticities = chromaticities_of(name)
    assert chromaticities is not None
    source = to_xyz(chromaticities)
    source_white, target_white = (CONES @ m.sum(1) for m in (source, target))
    adapt = np.linalg.solve(CONES, np.diag(target_white / source_white) @ CONES)
    return np.asarray(np.linalg.solve(target, adapt @ source), np.float64)


def to_xyz(chromaticities: Chromaticities) -> Matrix:
    """(3, 3) XYZ of each primary, its light such that white has Y = 1: SMPTE RP 177."""
    xy = np.asarray(chromaticities, float).reshape(4, 2)
    xyz = np.stack([xy[:, 0], xy[:, 1], 1 - xy.sum(1)])
    white = xyz[:, 3] / xy[3, 1]
    return np.asarray(xyz[:, :3] * np.linalg.solve(xyz[:, :3], white), np.float64)
