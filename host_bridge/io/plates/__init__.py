"""Plates: file sequences, EXR and other formats, as frames with everything their files say."""

from host_bridge.io.plates.pattern import Pattern, parse_frames
from host_bridge.io.plates.plate import Layer, Plate
from host_bridge.io.plates.read import read_plate
from host_bridge.io.plates.sequence import PlateSequence

__all__ = ["Layer", "Pattern", "Plate", "PlateSequence", "parse_frames", "read_plate"]
