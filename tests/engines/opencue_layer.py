"""Run by the engines' own Python: what OpenCue's outline library makes of a Shell layer, as JSON.

Arguments: chunk, range, and the command as one string.
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree

import outline
import outline.cuerun
import outline.io
import outline.modules.shell

chunk, frames, command = int(sys.argv[1]), sys.argv[2], sys.argv[3]
job = outline.Outline("art3d", shot="s010", show="testing", user="wrangler")
job.add_layer(outline.modules.shell.Shell("render", command=command, chunk=chunk, range=frames, threads=1))
launcher = outline.cuerun.OutlineLauncher(job)
layer = ElementTree.fromstring(launcher.serialize(use_pycuerun=False)).find("job/layers/layer")
assert layer is not None
print(
    json.dumps(
        {
            "cmd": layer.findtext("cmd"),
            "range": layer.findtext("range"),
            "chunk": layer.findtext("chunk"),
            "frame": outline.io.prep_shell_command(command, frame=1003),
        }
    )
)
