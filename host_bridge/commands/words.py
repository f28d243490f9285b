"""A command line out of its parsed arguments, so that it can be run again elsewhere or later."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from types import ModuleType


def options_of(command: ModuleType) -> list[argparse.Action]:
    """The options that a command declares; positional arguments and `--help` are left out."""
    parser = argparse.ArgumentParser(add_help=False)
    command.add_arguments(parser)
    return [action for action in parser._actions if action.option_strings]


def names_of(command: ModuleType) -> frozenset[str]:
    """The names of a command's options, as its arguments have them."""
    return frozenset(action.dest for action in options_of(command))


def words_of(args: argparse.Namespace, command: ModuleType, *, without: Collection[str] = ()) -> Iterator[str]:
    """The options of a command that do not rest at their defaults, as `--option=value`: a value may be negative."""
    for action in options_of(command):
        value = getattr(args, action.dest)
        if action.dest in without or value == action.default:
            continue
        flag = action.option_strings[-1]
        if isinstance(action, argparse._StoreTrueAction):
            yield flag
        else:
            yield from (f"{flag}={one}" for one in (value if isinstance(value, list) else [value]))
