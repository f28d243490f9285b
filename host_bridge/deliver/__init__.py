"""Stereo for whoever watches it: pictures and movies, eyes apart or packed, through a display transform."""
