"""Writes a run's newest averaged weights as a model folder that the engine loads.

`python export.py RUN FOLDER [--temperature X]`: f16 weights in one file named by its content, and `model.json`.
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save

import checkpoint
import settings

LARGEST_SHARD = 8 << 20


def export(config: dict, average: dict, folder: Path, temperature: float) -> None:
    basis = settings.model(config).basis.state_dict()
    tensors = {f"net.{name}": t.half().contiguous() for name, t in average.items()}
    tensors |= {f"basis.{name}": t.float().contiguous() for name, t in basis.items()}
    data = save(tensors)
    if len(data) > LARGEST_SHARD:
        raise ValueError(f"{len(data)} bytes are more than one shard may hold; cut them with `resshift convert`")
    digest = hashlib.sha256(data).hexdigest()
    name = f"{config['name']}-{digest[:8]}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    shard = {"name": name, "bytes": len(data), "sha256": digest}
    fields = {
        "name": config["name"],
        "version": config["version"],
        "engine": "0.1.0",
        "scale": 4,
        "schedule": config["schedule"],
        "temperature": temperature,
        "arch": "compact",
        "network": config["network"],
        "bytes": len(data),
        "shards": [shard],
        "licence": {"name": "MIT OR Apache-2.0", "commercial": True},
        "provenance": {"training": "MODEL_CARD.md", "dtype": "f16"},
    }
    lines = []
    for key, value in fields.items():
        text = json.dumps(value)
        if key == "shards":
            entry = json.dumps(shard, indent=2).replace("\n", "\n    ")
            text = f"[\n    {entry}\n  ]"
        elif isinstance(value, dict):
            text = "{ " + text[1:-1] + " }"
        lines.append(f'  "{key}": {text}')
    (folder / "model.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(folder / name, len(data), "bytes")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--temperature", type=float, default=1.0)
    options = arguments.parse_args()
    config = json.loads((options.run / "config.json").read_text())
    state = checkpoint.load(options.run)
    if state is None:
        raise SystemExit(f"{options.run} holds no checkpoint")
    torch.set_num_threads(1)
    export(config, state["average"], options.folder, options.temperature)


if __name__ == "__main__":
    main()
