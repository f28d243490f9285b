"""From stereo films to a style."""
