"""`art3d keys`: key pairs for servers that other machines can reach."""

from __future__ import annotations

import argparse
from pathlib import Path

import platformdirs

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import BadInputError
from host_bridge.core.keyring import ALLOWED, SERVER, load_public, make_pair
from host_bridge.core.printable import printable

NAME = "keys"
HELP = "make the keys that a server on the network demands"


def default_folder() -> Path:
    """Where keys are kept unless another folder is named."""
    return Path(platformdirs.user_config_dir("art3d")) / "keys"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("server", "make the server's own pair"),
        ("client", "make a client's pair"),
        ("allow", "let a client in: add its public .key file to the server's list"),
        ("list", "show the clients that are let in"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("--folder", type=Path, default=default_folder(), help="default: %(default)s")
        if name == "client":
            action.add_argument("name", help="a plain word, such as the machine's name")
        if name == "allow":
            action.add_argument("key", type=Path, help="the client's .key file")


def run(args: argparse.Namespace) -> int:
    """Makes, adds or lists keys.

    Raises:
        BadInputError: the folder or a file cannot be used.
    """
    {"server": _server, "client": _client, "allow": _allow, "list": _list}[args.action](args)
    return 0


def _server(args: argparse.Namespace) -> None:
    public, _ = make_pair(args.folder, SERVER)
    (args.folder / ALLOWED).mkdir(mode=0o700, exist_ok=True)
    print(f"made {public} and its secret; serve with: art3d serve --address tcp://HOST:PORT --keys {args.folder}")
    print(f"give {public} to every client as $ART3D_SERVER_KEY, and let clients in with: art3d keys allow CLIENT.key")


def _client(args: argparse.Namespace) -> None:
    public, secret = make_pair(args.folder, args.name)
    print(f"made {secret}; name it in $ART3D_KEY, and the server's .key file in $ART3D_SERVER_KEY")
    print(f"on the server: art3d keys allow {public.name}")


def _allow(args: argparse.Namespace) -> None:
    key = load_public(args.key)
    name, folder = args.key.stem, args.folder / ALLOWED
    if not name or name.startswith(".") or printable(name) != name:
        raise BadInputError(f"{name!r} is not a name for a key", where=str(args.key), remedy="rename the file")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"the key cannot be added: {error}", where=str(folder), remedy="check the folder") from None
    with replacing(folder / f"{name}.key") as temporary:
        temporary.write_text(f'curve\n    public-key = "{key.decode()}"\n', encoding="ascii")
    print(f"{name} is let in; a running server knows it from now on")


def _list(args: argparse.Namespace) -> None:
    found = sorted((args.folder / ALLOWED).glob("*.key"))
    for path in found:
        try:
            print(printable(f"{path.stem}  {load_public(path).decode()}"))
        except BadInputError as error:
            print(f"damaged  {error}; it lets nobody in")
    if not found:
        print(f"no client is let in yet ({args.folder / ALLOWED})")
