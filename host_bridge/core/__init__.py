"""What every room stands on: boxes, knobs, errors, frames, and how files and texts of others are handled."""
