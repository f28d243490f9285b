"""Art3D in Nuke: makes its package importable. Whatever goes wrong is one warning line, never a failed start."""

try:
    import os
    import sys

    folder = os.path.dirname(os.path.abspath(__file__))
    if folder not in sys.path:
        sys.path.append(folder)
    with open(os.path.join(folder, "command"), encoding="utf-8") as file:
        os.environ.setdefault("ART3D_COMMAND", file.read().strip())
    plugins = os.environ.get("OFX_PLUGIN_PATH", "").split(os.pathsep)
    ofx = os.path.join(folder, "OFX")
    if ofx not in plugins:
        # Nuke may have read the variable already; the warning tells how to make it certain.
        os.environ["OFX_PLUGIN_PATH"] = os.pathsep.join([entry for entry in plugins if entry] + [ofx])
        print("art3d: add " + ofx + " to OFX_PLUGIN_PATH before Nuke starts, should the Art3D node be missing")
except Exception as error:
    print(f"art3d: not set up: {type(error).__name__}: {error}; run `art3d nuke install` again")
