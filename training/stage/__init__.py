"""A stage to rehearse on: procedural stereo films whose director is known."""
