"""The example plate's film set: everything is modelled, lit and animated by these modules inside Blender."""
