"""Configuration files, and what is built from them."""

import json
import tomllib
from pathlib import Path

from safetensors.torch import load_file

from corpus import Corpus
from network import Compact


def load(path: str, changes: list[str]) -> dict:
    """Reads a TOML file; `changes` are `section.key=value` with TOML values (bare words are strings)."""
    config = tomllib.loads(Path(path).read_text())
    for change in changes:
        name, _, text = change.partition("=")
        *sections, key = name.split(".")
        place = config
        for section in sections:
            place = place[section]
        if key not in place:
            raise KeyError(f"{path} has no {name}")
        try:
            place[key] = tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            place[key] = text
    return config


def corpus(config: dict) -> Corpus:
    data = config["data"]
    return Corpus(Path(data["corpus"]), Path(data["cache"]), 4 * data["pool_crop"])


def model(config: dict) -> Compact:
    """The model with the weights and the basis of `start.weights`, a model folder or a safetensors file; new weights where
    `start.fresh` is set."""
    start = config["start"]
    result = Compact(config["network"], config["schedule"]["kappa"], config.get("regression", False))
    stored = {name: tensor.float() for path in shards(Path(start["weights"])) for name, tensor in load_file(path).items()}
    if start.get("fresh", False):
        stored = {name: tensor for name, tensor in stored.items() if name.startswith("basis.")}
    missing = result.load_state_dict(stored, strict=False).missing_keys
    if missing and not start.get("fresh", False):
        raise ValueError(f"{start['weights']} lacks {missing[0]}")
    return result


def shards(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [path / shard["name"] for shard in json.loads((path / "model.json").read_text())["shards"]]
