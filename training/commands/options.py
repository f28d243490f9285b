"""Options made from the configuration's own fields: one table feeds code and command line."""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from host_bridge.core.errors import BadInputError
from training.limits import refuse_unusable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = TypeVar("Config", bound="DataclassInstance")
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def add_config(parser: argparse.ArgumentParser, config: type[Any]) -> None:
    """One option per field; its help is the field's line in the class's docstring, its default the field's."""
    descriptions = _help_of(config)
    for field in dataclasses.fields(config):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            dest=f"config_{field.name}",
            metavar="VALUE",
            help=f"{descriptions.get(field.name, '')} [{field.default}]".replace("%", "%%"),
        )


def _help_of(config: type[Any]) -> dict[str, str]:
    lines = re.findall(r"^        (\w+): (.*(?:\n            .*)*)", config.__doc__ or "", re.M)
    return {name: " ".join(text.split()) for name, text in lines}


def read_config(args: argparse.Namespace, config: type[Config], start: dict[str, object] | None = None) -> Config:
    """The configuration that options give, over `start`.

    Raises:
        BadInputError: a value that is no such thing.
    """
    values: dict[str, Any] = dict(start or {})
    for field in dataclasses.fields(config):
        text = getattr(args, f"config_{field.name}")
        if text is not None:
            values[field.name] = _parsed(field, text)
    refuse_unusable(values)
    return config(**values)


def _parsed(field: dataclasses.Field[Any], text: str) -> Any:
    try:
        if isinstance(field.default, bool):
            return _SWITCH[text.lower()]
        if isinstance(field.default, tuple):
            return tuple(part.strip() for part in text.split(","))
        kind: Callable[[str], Any] = type(field.default)
        return kind(text)
    except (KeyError, ValueError) as error:
        raise BadInputError(f"{text!r} is not usable here", where=f"--{field.name.replace('_', '-')}") from error
