"""What runs inside Nuke: standard library and `nuke` only, Python 3.9 syntax. Installed as the package `art3d_nuke`.

`install` and `gizmo` run in Art3D's own environment and are not part of what is installed.
"""
