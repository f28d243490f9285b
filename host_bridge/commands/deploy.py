"""`art3d deploy FOLDER`: Art3D on a share, with its own Python, for machines without a network."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from host_bridge.core.errors import EXIT_OK, BadInputError
from host_bridge.core.startup import OURS
from host_bridge.deploy.files import copy_tree, size_bytes
from host_bridge.deploy.interpreter import describe
from host_bridge.deploy.packages import Wheel, find_wheel, read_wheel
from host_bridge.deploy.share import Plan, put, use
from host_bridge.models import checkpoints
from host_bridge.models.pull import pull, pull_folder

NAME = "deploy"
HELP = "put Art3D on a share: its own Python and packages, one launcher, no network needed where it runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to put where."""
    parser.add_argument(
        "share", type=Path, metavar="FOLDER", help="the share's folder; versions lie in it side by side"
    )
    parser.add_argument(
        "--wheel", type=Path, help="the wheel to put there; default: the newest that `make wheel` built"
    )
    parser.add_argument("--as", dest="name", metavar="NAME", help="what the version is called; default: its number")
    parser.add_argument("--use", metavar="VERSION", help="make a version that is there the one that bin/art3d starts")
    parser.add_argument(
        "--models", nargs="+", default=[], metavar="NAME", help="depth networks to take along, of `art3d models list`"
    )
    parser.add_argument(
        "--extra",
        action="append",
        default=[],
        metavar="GROUP",
        help="further packages: train adds art3d-train; repeatable",
    )
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="the Python that travels; default: this one"
    )
    parser.add_argument(
        "--link", action="store_true", help="hard links to the packages of this environment: quick, to pack or to try"
    )


def run(args: argparse.Namespace) -> int:
    """Carries the command out and says how to start what is there."""
    if args.use:
        if args.wheel or args.name or args.models or args.extra:
            raise BadInputError("--use only switches", where="--use", remedy="deploy first, then switch")
        use(args.share, args.use)
        print(f"{args.share / 'bin' / 'art3d'} starts {args.use} from now on")
        return EXIT_OK
    _put_models(args.share, args.models)
    wheel = read_wheel(args.wheel or find_wheel(Path(OURS) / "build" / "wheel"))
    plan = _plan(args, wheel)
    target = put(plan, lambda line: print(line, flush=True))
    print(f"wrote {target}: {size_bytes(target) / 1e9:.1f} GB")
    current = (args.share / "current").read_text(encoding="utf-8").strip()
    print(f"start  {args.share / 'bin' / 'art3d'} (version {current})")
    if current != plan.name:
        print(f"try    ART3D_VERSION={plan.name} {args.share / 'bin' / 'art3d'}")
        print(f"switch art3d deploy {args.share} --use {plan.name}")
    print(f"rez    REZ_PACKAGES_PATH={args.share / 'packages'} rez env art3d-{plan.name}")
    return EXIT_OK


def _plan(args: argparse.Namespace, wheel: Wheel) -> Plan:
    unknown = [name for name in args.extra if name not in wheel.extras]
    if unknown:
        raise BadInputError(
            f"there is no group {unknown[0]!r}", where="--extra", remedy=f"choose one of: {', '.join(wheel.extras)}"
        )
    interpreter = describe(args.python)
    own = describe(Path(sys.executable))
    if interpreter.name != own.name:
        raise BadInputError(
            f"it is {interpreter.name}, and the packages here are for {own.name}",
            where=str(args.python),
            remedy=f"name a {own.name}",
        )
    return Plan(
        share=args.share.absolute(),
        name=args.name or wheel.version,
        wheel=wheel,
        interpreter=interpreter,
        requires=wheel.requires,
        extras=args.extra,
        link=args.link,
    )


def _put_models(share: Path, names: list[str]) -> None:
    """Copies the networks that are here, and fetches those of the table that are not."""
    folder = share / "models"
    for name in names:
        source = checkpoints.find(name)
        if name in checkpoints.KNOWN:
            path = pull(checkpoints.KNOWN[name], folder=folder, source=source)
        elif name in checkpoints.FOLDERS:
            path = pull_folder(checkpoints.FOLDERS[name], folder=folder, source=source)
        elif source is None:
            raise BadInputError(
                f"no network {name!r} is here", where="--models", remedy="`art3d models list` shows them"
            )
        else:
            path = folder / source.name
            folder.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                copy_tree(source, path)
            else:
                shutil.copyfile(source, path)
        print(f"network {path}", flush=True)
