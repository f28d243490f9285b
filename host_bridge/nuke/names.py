"""Names that Nuke knows Art3D by."""

from __future__ import annotations

CLASS = "OFXorg.art3d.stereo_v1"
"""Nuke's class of the plug-in: OFX, its identifier, its major version."""

GIZMO = "Art3DStereo"
