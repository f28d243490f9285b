"""`art3d-train export`: the style, ONNX and TorchScript, each proved."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "check a style and write ONNX and TorchScript beside it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("style", type=Path, metavar="STYLE")
    parser.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="default: beside the style")


def run(args: argparse.Namespace) -> int:
    """Exports and prints the card."""
    # Imported here: torch and its company would cost `--help` seconds.
    from art3d_node.models.style_file import load_style_file
    from training.export import card_text, export

    card, _ = load_style_file(args.style)
    exports = export(args.style, args.out or args.style.parent)
    for name, value in card_text(card).items():
        print(f"{name:15} {value}")
    for path, error in ((exports.onnx, exports.onnx_error), (exports.torchscript, exports.torchscript_error)):
        print(f"{path}: differs by {error:.1e} of the picture width at most")
    return 0
