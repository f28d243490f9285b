"""An engine that computes nothing: what remains is the wire."""

from __future__ import annotations

import numpy as np


class Echo:
    """Answers with the frame's own colour."""

    device, tiles_at_once = "cpu", 1

    def describe(self):
        return (), ()

    def tile(self, frames, key, settings, controls, box, outputs, *, check):
        color = frames[key].layers["color"][box.slices(frames[key].data)]
        return dict.fromkeys(outputs, color), {"ms": {}}

    def write(self, plane, target, *, left=0):
        np.copyto(target, plane[:, left : left + target.shape[1]], casting="no")

    def measure(self, layers, *, check):
        return {}

    def forget(self, key):
        pass

    def figures(self):
        return {}


def make(device, analysis_bytes, *, open_paths=False):
    return Echo()
