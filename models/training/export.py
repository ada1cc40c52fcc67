"""Writes a run's newest averaged weights as a model folder that the engine loads.

`python export.py RUN FOLDER [--temperature X]`: f16 weights in one file named by its content, and `model.json`.
"""

import argparse
import hashlib
import json
from pathlib import Path

from safetensors.torch import load_file, save

LARGEST_SHARD = 8 << 20

# Networks that a model with SPAN in it began as or learned from.
SOURCES = [
    {"name": "SPAN", "url": "https://github.com/hongyuanyu/SPAN", "licence": "Apache-2.0", "use": "start of the network"},
    {"name": "RealSR-DF2K", "url": "https://github.com/Tencent/Real-SR", "licence": "Apache-2.0", "use": "teacher"},
    {"name": "Real-ESRGAN x4plus", "url": "https://github.com/xinntao/Real-ESRGAN", "licence": "BSD-3-Clause", "use": "teacher"},
]


def export(config: dict, weights: dict, folder: Path, temperature: float) -> None:
    """`weights`: tensors `net.*`, `basis.*` and `prior.*`. The basis and SPAN's mean stay f32, the rest becomes f16. The
    network of y0 has a file of its own, the first: it runs first."""
    keeps_f32 = lambda name: name.startswith("basis.") or name in ("prior.mean", "net.mean")
    tensors = {name: (t.float() if keeps_f32(name) else t.half()).contiguous() for name, t in weights.items()}
    folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for kind in (True, False):
        some = {name: t for name, t in tensors.items() if name.startswith("prior.") == kind}
        if not some:
            continue
        data = save(some)
        if len(data) > LARGEST_SHARD:
            raise ValueError(f"{len(data)} bytes are more than one shard may hold")
        digest = hashlib.sha256(data).hexdigest()
        name = f"{config['name']}-{digest[:8]}.safetensors"
        (folder / name).write_bytes(data)
        shards.append({"name": name, "bytes": len(data), "sha256": digest})
        print(folder / name, len(data), "bytes")
    network = config["network"]
    if config.get("arch") == "span":
        network = {key: network[key] for key in ("channels", "emb")}
    is_distilled = bool(config["network"]["prior"]) or config.get("arch") == "span"
    fields = {
        "name": config["name"],
        "version": config["version"],
        "engine": "0.1.0",
        "scale": 4,
        "schedule": config["schedule"],
        "temperature": temperature,
        "arch": config.get("arch", "compact"),
        "network": network,
        "bytes": sum(shard["bytes"] for shard in shards),
        "shards": shards,
        "licence": {"name": "MIT OR Apache-2.0", "commercial": True},
        "provenance": {"training": "MODEL_CARD.md", "dtype": "f16", **({"sources": SOURCES} if is_distilled else {})},
    }
    lines = []
    for key, value in fields.items():
        text = json.dumps(value)
        if key == "shards":
            text = json.dumps(value, indent=2).replace("\n", "\n  ")
        elif isinstance(value, dict):
            text = "{ " + text[1:-1] + " }"
        lines.append(f'  "{key}": {text}')
    (folder / "model.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--temperature", type=float, default=1.0)
    options = arguments.parse_args()
    config = json.loads((options.run / "config.json").read_text())
    export(config, load_file(options.run / "weights.safetensors"), options.folder, options.temperature)


if __name__ == "__main__":
    main()
