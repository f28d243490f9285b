"""Pure tensor maths of stereo: no I/O, no logging, no globals."""
