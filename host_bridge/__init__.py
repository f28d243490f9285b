"""Art3D on the host's side of the wire: plates in, tile requests out, stereo EXRs written."""
