"""A decoded frame as code values of R, G and B: ranges, chroma and matrices as ITU-T H.273 has them.

The values are floats and not clipped: what video holds below black and above white survives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xxhash
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from host_bridge.core.errors import PlateError
from host_bridge.core.frame import Array

Floats = npt.NDArray[np.float32]

RGB_MATRIX, UNSPECIFIED, FULL = 0, 2, 2
_YCGCO = 8
# Red's and blue's parts of luma: H.273, table 4.
_LUMA = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087),
         9: (0.2627, 0.0593)}  # fmt: skip
_SD_ROWS = 576
_CENTRED = ("yuvj", "mjpeg")
_XYZ = ("xyz12le", "xyz12be")


@dataclass(frozen=True)
class Codes:
    """Code values 0..1 (and a little beyond).

    Attributes:
        pixels: (rows, columns, C) float32.
        channels: R, G, B or Y, and maybe A.
        bits: of the stored samples.
    """

    pixels: Floats
    channels: tuple[str, ...]
    bits: int


def matrix_of(frame: VideoFrame) -> int:
    """The matrix code point; where the film names none, BT.601's up to 576 rows and BT.709's above."""
    if frame.format.is_rgb or frame.format.name in _XYZ:
        return RGB_MATRIX
    stated = int(frame.colorspace)
    return stated if stated != UNSPECIFIED else (6 if frame.height <= _SD_ROWS else 1)


def codes_of(frame: VideoFrame) -> Codes:
    """R, G and B of a frame, or its grey.

    Raises:
        PlateError: a pixel format or a matrix that is not read.
    """
    if frame.format.name in _XYZ:
        order = "<u2" if frame.format.name.endswith("le") else ">u2"
        twelve = _rows(frame, 0, order, 3 * frame.width) >> 4
        return Codes(_luma(twelve, 12, True).reshape(frame.height, frame.width, 3), ("R", "G", "B"), 12)
    frame = _planar(frame)
    parts = {_role(frame.format, i): _samples(frame, i) for i in range(len(frame.format.components))}
    bits = frame.format.components[0].bits
    alpha = [parts["A"] / np.float32(2**bits - 1)] if "A" in parts else []
    names = ("A",) if alpha else ()
    full = _is_full(frame)
    if "Y" in parts and "U" not in parts:
        return Codes(np.stack([_luma(parts["Y"], bits, full), *alpha], -1), ("Y", *names), bits)
    if "R" in parts:
        rgb = [_luma(parts[c], bits, full) for c in "RGB"]
    else:
        luma = _luma(parts["Y"], bits, full)
        blue, red = (_chroma(_upsampled(parts[c], frame), bits, full) for c in "UV")
        rgb = _from_luma(luma, blue, red, matrix_of(frame))
    return Codes(np.stack([*rgb, *alpha], -1), ("R", "G", "B", *names), bits)


def content(frame: VideoFrame) -> str:
    """XXH3 (128 bits) of a frame's samples and of what says how to read them; padding is left out."""
    fmt = frame.format
    tags = (frame.color_range, frame.colorspace, frame.color_trc, frame.color_primaries)
    description = f"{fmt.name} {frame.width} {frame.height} {' '.join(str(int(t)) for t in tags)}"
    digest = xxhash.xxh3_128(description.encode())
    for number, plane in enumerate(frame.planes):
        side_by_side = sum(component.plane == number for component in fmt.components)
        bits = 8 * _bytes(fmt) * side_by_side if fmt.is_planar else fmt.padded_bits_per_pixel
        row_bytes = min(plane.line_size, (plane.width * bits + 7) // 8)
        rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
        digest.update(np.ascontiguousarray(rows.reshape(plane.height, plane.line_size)[:, :row_bytes]).data)
    return str(digest.hexdigest())


def _is_full(frame: VideoFrame) -> bool:
    stated = int(frame.color_range)
    if stated in (1, FULL):
        return stated == FULL
    return frame.format.is_rgb or frame.format.name.startswith(("yuvj", "gray"))


def _planar(frame: VideoFrame) -> VideoFrame:
    """The same samples, each component in a plane of its own and low byte first."""
    fmt = frame.format
    if fmt.name.endswith(("f32le", "f32be", "f16le", "f16be")) or fmt.is_bayer:
        raise PlateError(f"the pixel format {fmt.name} is not read", remedy="convert the film to 10 or 12 bits")
    planes = {c.plane for c in fmt.components}
    if len(planes) == len(fmt.components) and not fmt.has_palette and not fmt.is_big_endian:
        return frame
    planar = _planar_name(fmt, frame.width, frame.height)
    try:
        return frame.reformat(format=planar)
    except ValueError as error:
        raise PlateError(f"the pixel format {fmt.name} is not read", remedy="convert the film to 10 bits") from error


def _planar_name(fmt: VideoFormat, width: int, height: int) -> str:
    alpha = any(c.is_alpha for c in fmt.components) or fmt.has_palette
    bits = max(c.bits for c in fmt.components)
    deep = "" if bits <= 8 else f"{bits}le"
    if fmt.is_rgb or fmt.has_palette:
        return f"gbr{'a' if alpha else ''}p{deep}"
    if len([c for c in fmt.components if not c.is_alpha]) == 1:
        return f"ya{deep or '8'}" if alpha else f"gray{deep}"
    across, down = width // max(1, fmt.chroma_width(width)), height // max(1, fmt.chroma_height(height))
    shape = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (4, 1): "411", (1, 2): "440"}.get((across, down), "444")
    return f"yuv{'a' if alpha else ''}{shape}p{deep}"


def _role(fmt: VideoFormat, number: int) -> str:
    component = fmt.components[number]
    if component.is_alpha:
        return "A"
    return ("RGB" if fmt.is_rgb else "YUV")[number]


def _bytes(fmt: VideoFormat) -> int:
    return 1 if max(c.bits for c in fmt.components) <= 8 else 2


def _rows(frame: VideoFrame, plane: int, dtype: str, width: int) -> Array:
    data = frame.planes[plane]
    samples: Array = np.frombuffer(memoryview(data), dtype)
    stride = data.line_size // np.dtype(dtype).itemsize
    return np.asarray(samples[: stride * data.height].reshape(data.height, stride)[:, :width])


def _samples(frame: VideoFrame, number: int) -> Array:
    component = frame.format.components[number]
    dtype = "|u1" if _bytes(frame.format) == 1 else "<u2"
    return _rows(frame, component.plane, dtype, component.width)[: component.height]


def _luma(samples: Array, bits: int, full: bool) -> Floats:
    if full:
        return np.asarray(samples / np.float32(2**bits - 1), np.float32)
    step = np.float32(2 ** (bits - 8))
    return np.asarray((samples - 16 * step) / (219 * step), np.float32)


def _chroma(samples: Floats, bits: int, full: bool) -> Floats:
    middle = np.float32(2 ** (bits - 1))
    return np.asarray((samples - middle) / (np.float32(2**bits - 1) if full else 224 * middle / 128), np.float32)


def _upsampled(samples: Array, frame: VideoFrame) -> Floats:
    """Chroma at every pixel, linear between samples: on every other column, and half-way between two rows."""
    centred = frame.format.name.startswith(_CENTRED)
    out = np.asarray(samples, np.float32)
    if samples.shape[1] != frame.width:
        out = _stretched(out.T, frame.width, centred).T
    if samples.shape[0] != frame.height:
        out = _stretched(out, frame.height, True)
    return out


def _stretched(samples: Floats, size: int, centred: bool) -> Floats:
    """Rows made `size`; samples lie on the first of the rows they stand for, or in the middle of them."""
    times = -(-size // len(samples))
    after = np.concatenate([samples[1:], samples[-1:]])
    before = np.concatenate([samples[:1], samples[:-1]])
    out = np.empty((times * len(samples), *samples.shape[1:]), np.float32)
    for row in range(times):
        at = (row - (times - 1) / 2 if centred else row) / times
        other = after if at > 0 else before
        out[row::times] = samples + np.float32(abs(at)) * (other - samples)
    return out[:size]


def _from_luma(luma: Floats, blue: Floats, red: Floats, matrix: int) -> list[Floats]:
    """R, G and B of Y, Cb and Cr."""
    if matrix == _YCGCO:
        return [luma - blue + red, luma + blue, luma - blue - red]
    if matrix not in _LUMA:
        raise PlateError(
            f"the colour matrix {matrix} of H.273 is not read",
            remedy="convert the film to BT.709 or BT.2020 non-constant luminance",
        )
    kr, kb = (np.float32(k) for k in _LUMA[matrix])
    r, b = luma + 2 * (1 - kr) * red, luma + 2 * (1 - kb) * blue
    return [r, (luma - kr * r - kb * b) / (1 - kr - kb), b]
