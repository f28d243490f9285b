"""What every Open Job Description bundle is made of: parameters, actions, environments, files.

A bundle is a folder with `template.json`, `parameters.json` (a plain map, for `openjd run -p file://…`) and
`parameter_values.json` (the same as a list, for submitters that read job bundles). Paths are PATH parameters, so that
a queue's path mapping rules reach them; everything else a farm may want to change is a parameter with a default.

Source: the Open Job Description specification, template schemas 2023-09, and RFC 0001 (task chunking).
"""

from __future__ import annotations

import json
import os
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import BadInputError

SPECIFICATION = "jobtemplate-2023-09"
CANCEL_NOTICE_S = 30
MAX_NAME = 128

Template = dict[str, Any]


def job_name(text: str) -> str:
    """A name that a job may have: no control characters, at most `MAX_NAME` characters."""
    plain = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text).strip()
    return plain if len(plain) <= MAX_NAME else plain[: MAX_NAME - 1].rstrip() + "…"


def folder_of(path: Path) -> str:
    """The absolute folder of a path, with the links it was named by.

    Raises:
        BadInputError: the path holds what a template would take for a variable.
    """
    literal(str(path))
    return os.path.abspath(path.parent)


def literal(text: str) -> str:
    """A text that a template takes as it is.

    Raises:
        BadInputError: it holds `{{` or `}}`, which name variables there and cannot be escaped, or a control character.
    """
    if "{{" in text or "}}" in text or any(unicodedata.category(c) == "Cc" for c in text):
        raise BadInputError(
            "a job template cannot hold this text",
            where=repr(text),
            remedy="rename it without {{, }} and control characters",
        )
    return text


def path_parameter(name: str, flow: str, description: str, *, kind: str = "DIRECTORY") -> Template:
    """A path that a queue may map; `flow` is IN, OUT or INOUT."""
    return {"name": name, "type": "PATH", "objectType": kind, "dataFlow": flow, "description": description}


def text_parameter(name: str, default: str, description: str) -> Template:
    """A text that a farm may change."""
    return {"name": name, "type": "STRING", "default": default, "description": description}


def command(words: Sequence[str], *, tool: str = "Art3D") -> Template:
    """A step's script: one command, which a cancel first asks to finish its frame."""
    cancel = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": CANCEL_NOTICE_S}
    return {"actions": {"onRun": {"command": f"{{{{Param.{tool}}}}}", "args": list(words), "cancelation": cancel}}}


def server_environment() -> Template:
    """One compute server from the session's first task to its last."""

    def session(verb: str) -> Template:
        return {"command": "{{Param.Art3D}}", "args": ["session", verb, "--folder", "{{Session.WorkingDirectory}}"]}

    return {"name": "Server", "script": {"actions": {"onEnter": session("start"), "onExit": session("stop")}}}


def write_bundle(folder: Path, template: Template, values: Mapping[str, Any]) -> None:
    """Writes the files of a bundle, each by rename.

    Raises:
        OutputError: the folder cannot be written.
    """
    listed = {"parameterValues": [{"name": name, "value": value} for name, value in values.items()]}
    files = {"template.json": template, "parameters.json": dict(values), "parameter_values.json": listed}
    for name, body in files.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def how_to_run(bundle: Path, step: str) -> str:
    """The lines that check and run a bundle, to be pasted into a shell: whole paths, quoted."""
    template, values = (bundle.absolute() / name for name in ("template.json", "parameters.json"))
    path, values_url = shlex.quote(str(template)), shlex.quote(f"file://{values}")
    run = f"run    openjd run {path} --step {step} --run-dependencies -p {values_url}"
    return f"check  openjd check {path}\n{run}"
