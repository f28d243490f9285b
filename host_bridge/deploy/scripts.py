"""The texts that a share holds: two launchers, the Rez package, the page for whoever keeps it."""

from __future__ import annotations

_FIND_HOME = """\
fail() { printf 'art3d: %s\\n' "$*" >&2; exit 2; }
self=$0
case $self in */*) ;; *) self=./$self ;; esac
while [ -h "$self" ]; do
    link=$(readlink -- "$self") || fail "$self: the link cannot be read"
    case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
"""

SHARE_LAUNCHER = f"""\
#!/bin/sh
# Starts the version of Art3D that $ART3D_VERSION names, else the one that the file `current` names.
{_FIND_HOME}\
share=$(CDPATH='' cd -- "${{self%/*}}/.." && pwd) || fail "$self: its folder cannot be entered"
version=${{ART3D_VERSION-}}
[ -n "$version" ] || {{ [ -r "$share/current" ] && IFS= read -r version < "$share/current"; }} \\
    || fail "$share/current: cannot be read; it names the version to start"
start=$share/packages/art3d/$version/bin/${{self##*/}}
case $version in '' | */*) fail "$version: no name of a version" ;; esac
[ -r "$start" ] || fail "$start: there is no such version; look into $share/packages/art3d"
exec "$start" "$@"
"""

VERSION_LAUNCHER = f"""\
#!/bin/sh
# Starts Art3D @VERSION@ from wherever this folder is mounted. Nothing is written beside it.
{_FIND_HOME}\
home=$(CDPATH='' cd -- "${{self%/*}}/.." && pwd) || fail "$self: its folder cannot be entered"
share=$(CDPATH='' cd -- "$home/../../.." && pwd) || fail "$home: the share cannot be entered"
case $home in *:*) fail "$home: a folder whose name holds a colon cannot be used; mount it elsewhere" ;; esac
have=$(getconf GNU_LIBC_VERSION 2>/dev/null) || have=
have=${{have#glibc 2.}} have=${{have%%.*}}
case $have in '' | *[!0-9]*) ;; *)
    [ "$have" -ge @GLIBC@ ] \\
        || fail "this machine has glibc 2.$have and needs 2.@GLIBC@; deploy a Python of an older system" ;;
esac
# What a host application sets for its own Python would break this one.
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONPLATLIBDIR PYTHONOPTIMIZE PYTHONINSPECT
export PYTHONNOUSERSITE=1 PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1
export LD_LIBRARY_PATH="$home/python/lib/system${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export ART3D_MODELS="${{ART3D_MODELS:+$ART3D_MODELS:}}$share/models"
export ART3D_STYLES="${{ART3D_STYLES:+$ART3D_STYLES:}}$share/styles"
exec "$home/python/bin/@PYTHON@" -m @MODULE@ "$@"
"""

REZ_PACKAGE = '''\
"""Art3D for Rez: add the folder `packages` of this share to `packages_path`."""

name = "art3d"
version = "@VERSION@"
description = "Flat plates to stereo. Brings its own Python; needs x86_64 Linux with glibc 2.@GLIBC@."
tools = [@TOOLS@]
relocatable = True
cachable = False


def commands():
    env.PATH.prepend(literal(root + "/bin"))
'''

README = """\
# Art3D on this share

    bin/art3d                    the command, from wherever this folder is mounted; write access is not needed
    current                      one line: the version that bin/art3d starts
    packages/art3d/VERSION/      a whole version: launcher, Python, packages, package.py (Rez), manifest.json
    models/                      depth networks, shared by all versions
    styles/                      your studio's style files, shared by all versions

- **Try a version:** `ART3D_VERSION=VERSION bin/art3d …`, or `packages/art3d/VERSION/bin/art3d …`.
- **Upgrade:** `art3d deploy THIS_FOLDER` puts the new version beside the old ones, whole or not at all, and leaves
  `current` alone. `art3d deploy THIS_FOLDER --use VERSION` switches; running jobs keep what they started with.
- **Go back:** the same command with the old version.
- **Remove a version:** when no job runs it, delete its folder under `packages/art3d`.
- **A machine without this share:** copy the folder, or one version of it (`tar`, `rsync -a`); no network is needed.
- **Farm jobs:** `openjd run … -p Art3D=/path/to/this/bin/art3d`, or the same value in the queue.
- **Rez:** `REZ_PACKAGES_PATH=THIS_FOLDER/packages`, then `rez env art3d -- art3d …`.
- **Nuke and OpenFX:** `bin/art3d nuke install --to FOLDER --bundle BUNDLE` writes a package that starts this Art3D.
"""


def filled(text: str, **values: str) -> str:
    """A text with its `@NAMES@` filled in."""
    for name, value in values.items():
        text = text.replace(f"@{name.upper()}@", value)
    return text
