"""M_local: where the film sculpts, by one of several sources behind one protocol.

A source that finds nothing returns an empty mask: that frame is then supervised globally only, as the paper says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError
from training.config import REPORT_WIDTH_PX

Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
SOURCES = ("residual", "mattes", "people", "lang-sam", "grounding", "none")
LANG_SAM_INSTALL = "pip install -U git+https://github.com/luca-medeiros/lang-segment-anything.git"


@dataclass(frozen=True)
class EyeView:
    """One eye of a pair, for a mask source.

    Attributes:
        picture: (H, W, 3) uint8.
        residual_px: (H, W) d − (s·iz + t) by the robust fit, px; NaN where the disparity is not valid.
        spread_px: robust standard deviation of the residual, px.
        matte: (H, W) 0..1 from the artist, or None.
    """

    picture: npt.NDArray[np.uint8]
    residual_px: Map
    spread_px: float
    matte: Map | None = None


class MaskSource(Protocol):
    """Finds M_local, (H, W) bool."""

    @property
    def name(self) -> str: ...

    def find(self, view: EyeView) -> Mask: ...


@dataclass(frozen=True)
class Residual:
    """Connected regions well in front of what the frame's fit explains: needs no weights.

    Attributes:
        least_px: smallest offset that counts, px of a picture 512 wide.
        least_spreads: smallest offset in robust standard deviations of the frame.
        least_area: smallest region, share of the picture.
        most_area: a larger region is a bad fit, not a stroke; share of the picture.
        close_px: gaps up to this are closed.
    """

    least_px: float = 2.5
    least_spreads: float = 5.0
    least_area: float = 0.006
    most_area: float = 0.4
    close_px: int = 7
    name: str = "residual"

    def find(self, view: EyeView) -> Mask:
        """Regions in front of the fit."""
        limit = max(self.least_px * view.picture.shape[1] / REPORT_WIDTH_PX, self.least_spreads * view.spread_px)
        front = (np.nan_to_num(view.residual_px, nan=-1.0) > limit).astype(np.uint8)
        front = cv2.morphologyEx(front, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (self.close_px, self.close_px))
        front = cv2.morphologyEx(front, cv2.MORPH_CLOSE, kernel)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(front, connectivity=8)
        areas = stats[:, cv2.CC_STAT_AREA] / front.size
        kept = (areas >= self.least_area) & (areas <= self.most_area)
        kept[0] = False
        return np.asarray(kept[labels])


@dataclass(frozen=True)
class Mattes:
    """Files from the artist: FILM.mattes/NNNNNN.png; a frame without one has no local layer."""

    name: str = "mattes"

    def find(self, view: EyeView) -> Mask:
        """The matte at one half."""
        if view.matte is None:
            return np.zeros(view.picture.shape[:2], bool)
        return view.matte > 0.5


@dataclass(frozen=True)
class Nothing:
    """No local layer anywhere."""

    name: str = "none"

    def find(self, view: EyeView) -> Mask:
        """An empty mask."""
        return np.zeros(view.picture.shape[:2], bool)


class People:
    """Everyone in the picture, by the people networks in the box."""

    name = "people"

    def __init__(self) -> None:
        # Imported here: the other sources need no onnxruntime.
        from art3d_node.models.people import PeopleNetwork

        self._network = PeopleNetwork(threads=1)

    def find(self, view: EyeView) -> Mask:
        """All people, hair included."""
        return self._network.mask(view.picture) > 0.5


class LangSam:
    """Language-driven masks by the lang-sam package, the paper's choice.

    Args:
        prompts: what to look for, each on its own.

    Raises:
        BadInputError: the package is not installed.
    """

    name = "lang-sam"

    def __init__(self, prompts: tuple[str, ...]) -> None:
        try:
            from lang_sam import LangSAM
        except ImportError as error:
            raise BadInputError(
                "masks by lang-sam need the lang-sam package",
                remedy=f"run: {LANG_SAM_INSTALL}",
                where="--masks lang-sam",
            ) from error
        self._model, self._prompts = LangSAM(), prompts

    def find(self, view: EyeView) -> Mask:
        """Everything that any prompt finds."""
        from PIL import Image

        image = Image.fromarray(view.picture)
        answers = self._model.predict([image] * len(self._prompts), list(self._prompts))
        return _union([mask for answer in answers for mask in np.asarray(answer["masks"])], view.picture.shape[:2])


class Grounding:
    """The same two models through transformers: Grounding DINO finds boxes for words, SAM cuts them out.

    Args:
        prompts: what to look for.
        detector, segmenter: folders with the models, or their names in the user's cache.
        threshold: least score of a box.
        device: torch device of both.

    Raises:
        BadInputError: a model is not on this machine.
    """

    name = "grounding"

    def __init__(
        self,
        prompts: tuple[str, ...],
        *,
        detector: str = "IDEA-Research/grounding-dino-tiny",
        segmenter: str = "facebook/sam-vit-base",
        threshold: float = 0.35,
        device: str = "cpu",
    ) -> None:
        import transformers

        try:
            self._words = transformers.AutoProcessor.from_pretrained(detector, local_files_only=True)
            self._detector = transformers.AutoModelForZeroShotObjectDetection.from_pretrained(
                detector, local_files_only=True
            )
            self._pixels = transformers.SamProcessor.from_pretrained(segmenter, local_files_only=True)
            self._segmenter = transformers.SamModel.from_pretrained(segmenter, local_files_only=True)
        except OSError as error:
            raise BadInputError(
                f"{detector} and {segmenter} are not on this machine",
                remedy="fetch both once with `hf download NAME`, or use --masks residual",
                where="--masks grounding",
            ) from error
        self._text, self._threshold = ". ".join(p.lower() for p in prompts) + ".", threshold
        self._device = device
        models: tuple[Any, ...] = (self._detector, self._segmenter)
        for model in models:
            model.to(device).eval()

    def find(self, view: EyeView) -> Mask:
        """SAM's best mask in each box that the words found."""
        import torch

        shape = view.picture.shape[:2]
        with torch.no_grad():
            query = self._words(images=view.picture, text=self._text, return_tensors="pt").to(self._device)
            found = self._words.post_process_grounded_object_detection(
                self._detector(**query), query["input_ids"], threshold=self._threshold, target_sizes=[shape]
            )
            boxes = found[0]["boxes"].tolist()
            if not boxes:
                return np.zeros(shape, bool)
            inputs: Any = self._pixels(view.picture, input_boxes=[boxes], return_tensors="pt").to(self._device)
            masks = self._segmenter(**inputs, multimask_output=False).pred_masks.cpu()
            upscaled = self._pixels.image_processor.post_process_masks(
                masks, inputs["original_sizes"].cpu(), inputs["reshaped_input_sizes"].cpu()
            )
        return _union(list(upscaled[0][:, 0].numpy()), shape)


def _union(masks: list[npt.NDArray[Any]], shape: tuple[int, ...]) -> Mask:
    found = np.zeros(shape, bool)
    for mask in masks:
        found |= np.asarray(mask) > 0
    return found


def mask_source(
    name: str, *, prompts: tuple[str, ...] = (), folder: Path | None = None, device: str = "cpu"
) -> MaskSource:
    """The mask source of that name.

    Args:
        name: one of `SOURCES`.
        prompts: for the language-driven ones.
        folder: holds `grounding-dino` and `sam` folders for "grounding"; None looks in the user's cache.
        device: torch device of "grounding"; lang-sam chooses by itself, the people networks run on the processor.

    Raises:
        BadInputError: no such source, or what it needs is missing.
    """
    plain: dict[str, MaskSource] = {"residual": Residual(), "mattes": Mattes(), "none": Nothing()}
    if name in plain:
        return plain[name]
    if name == "people":
        return People()
    if name == "lang-sam":
        return LangSam(prompts)
    if name == "grounding":
        if folder is None:
            return Grounding(prompts, device=device)
        return Grounding(prompts, detector=str(folder / "grounding-dino"), segmenter=str(folder / "sam"), device=device)
    raise BadInputError(f"no mask source {name!r}", remedy=f"there are {', '.join(SOURCES)}")
