"""Headers of the OpenFX plug-in, generated from the tables that the rest of Art3D reads."""
