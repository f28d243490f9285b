"""Shots: what must stay steady over frames, found once, written down and read by every render."""
