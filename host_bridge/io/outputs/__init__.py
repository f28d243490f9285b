"""Results to files: stereo EXRs, new views, review images; each appears whole or not at all."""

from host_bridge.io.outputs.apart import validate_apart
from host_bridge.io.outputs.picture import write_picture
from host_bridge.io.outputs.result import Result, Writing
from host_bridge.io.outputs.review import anaglyph, disparity_image
from host_bridge.io.outputs.stereo_exr import COMPRESSIONS, write_stereo, write_view

__all__ = [
    "COMPRESSIONS",
    "Result",
    "Writing",
    "anaglyph",
    "disparity_image",
    "validate_apart",
    "write_picture",
    "write_stereo",
    "write_view",
]
