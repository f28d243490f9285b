"""Run by the engines' own Python: what Deadline Cloud's bundle loader makes of a bundle, as JSON."""

from __future__ import annotations

import json
import sys

from deadline.client.job_bundle.loader import read_yaml_or_json_object
from deadline.client.job_bundle.parameters import apply_job_parameters, read_job_bundle_parameters
from deadline.client.job_bundle.submission import AssetReferences, split_parameter_args

bundle = sys.argv[1]
template = read_yaml_or_json_object(bundle_dir=bundle, filename="template", required=True)
parameters = read_job_bundle_parameters(bundle)
assets = AssetReferences()
apply_job_parameters([], bundle, parameters, assets)
split_parameter_args(parameters, bundle)
print(
    json.dumps(
        {
            "name": template["name"],
            "values": {p["name"]: p["value"] for p in parameters if "value" in p},
            "inputs": sorted(assets.input_directories),
            "outputs": sorted(assets.output_directories),
        }
    )
)
