"""Plates: file sequences, EXR and other formats, as frames with everything their files say."""

from host_bridge.plates.pattern import Pattern, parse_frames
from host_bridge.plates.plate import Layer, Plate
from host_bridge.plates.read import read_plate
from host_bridge.plates.sequence import PlateSequence

__all__ = ["Layer", "Pattern", "Plate", "PlateSequence", "parse_frames", "read_plate"]
