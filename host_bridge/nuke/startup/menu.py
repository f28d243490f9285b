"""Art3D's menu and toolbar in Nuke. Whatever goes wrong is one warning line, never a failed start."""

try:
    from art3d_nuke import menus

    menus.build()
except Exception as error:
    print(f"art3d: no menu: {type(error).__name__}: {error}; run `art3d nuke install` again")
