"""Configuration files, and what is built from them."""

import argparse
import json
import math
import tomllib
from pathlib import Path

import torch
from safetensors.torch import load_file

from data.corpus import Corpus
from network import LATENT, Compact, Model, SpanModel
from span import Span, widen


def load(path: str | Path, changes: list[str]) -> dict:
    """Reads a TOML file, over the one beside it that its `base` names; `changes` are `section.key=value` with TOML values (bare
    words are strings)."""
    own = tomllib.loads(Path(path).read_text())
    config = load(Path(path).with_name(own.pop("base")), []) if "base" in own else {}
    for name, value in own.items():
        if isinstance(value, dict):
            config.setdefault(name, {}).update(value)
        else:
            config[name] = value
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


def run_arguments(about: str) -> tuple[dict, Path, float]:
    """The command line of a trainer, `CONFIG RUN [--set section.key=value ...] [--minutes M]`: the settings, which are also
    written to RUN, the folder RUN, and the minutes after which to stop."""
    arguments = argparse.ArgumentParser(description=about)
    arguments.add_argument("config")
    arguments.add_argument("run", type=Path)
    arguments.add_argument("--set", action="append", default=[], metavar="section.key=value")
    arguments.add_argument("--minutes", type=float, default=math.inf, help="stop and save after this time")
    options = arguments.parse_args()
    config = load(options.config, options.set)
    options.run.mkdir(parents=True, exist_ok=True)
    (options.run / "config.json").write_text(json.dumps(config, indent=1))
    return config, options.run, options.minutes


def corpus(config: dict) -> Corpus:
    data = config["data"]
    return Corpus(Path(data["corpus"]), Path(data["cache"]), 4 * data["pool_crop"], data["families"])


def device(config: dict) -> str:
    """Where to compute; sets PyTorch's threads."""
    torch.set_num_threads(config["device"]["threads"])
    return "cuda" if torch.cuda.is_available() else "cpu"


def model(config: dict) -> Model:
    """The model with the weights and the basis of `start.weights`, a model folder or a safetensors file; new weights where
    `start.fresh` is set. `start.prior` names a file with the network of y0; without one, y0 is that of `start.weights`. A model
    of the kind `span` has no network of y0: `start.prior` is what it begins as."""
    start, kappa = config["start"], config["schedule"]["kappa"]
    if config.get("arch") == "span":
        return span_model(config["network"], kappa, start)
    result = Compact(config["network"], kappa, config.get("regression", False))
    stored = {name: tensor.float() for path in shards(Path(start["weights"])) for name, tensor in load_file(path).items()}
    if start.get("fresh", False):
        stored = {name: tensor for name, tensor in stored.items() if not name.startswith("net.")}
    if start.get("prior"):
        stored |= {f"prior.{name}": tensor for name, tensor in prior(start["prior"]).state_dict().items()}
    if result.prior and "basis.y0_s" not in stored:
        stored = begin_at_y0(stored)
    missing = [name for name in result.load_state_dict(stored, strict=False).missing_keys]
    if start.get("fresh", False):
        missing = [name for name in missing if not name.startswith("net.")]
    if missing:
        raise ValueError(f"{start['weights']} lacks {missing[0]}")
    return result


def span_model(network: dict, kappa: float, start: dict) -> SpanModel:
    result = SpanModel(network, kappa)
    stored = {name: tensor.float() for path in shards(Path(start["weights"])) for name, tensor in load_file(path).items()}
    if start.get("prior"):
        begun = prior(start["prior"]).requires_grad_(True)
        stored = {name: tensor for name, tensor in stored.items() if name in ("basis.V", "basis.s")}
        stored |= {f"net.{name}": tensor for name, tensor in widen(begun, network["channels"]).state_dict().items()}
    new = ("net.te.", "net.conv_z.", "net.e.", "net.out.") if start.get("prior") else ()
    missing = [name for name in result.load_state_dict(stored, strict=False).missing_keys if not name.startswith(new)]
    if missing:
        raise ValueError(f"{start['weights']} lacks {missing[0]}")
    return result


def begin_at_y0(stored: dict) -> dict:
    """Weights of a network whose prior mean was bicubic, for one with a network of y0: inputs for its code that are not
    looked at yet, and a new output layer. It begins as the Wiener estimate: y0 itself, where the noise is strong."""
    stored = dict(stored)
    stored["basis.y0_s"] = stored["basis.s"].clone()
    if "net.inp.weight" in stored:
        weight, out = stored["net.inp.weight"], stored["net.out.weight"]
        stored["net.inp.weight"] = torch.cat([weight, torch.zeros(len(weight), LATENT, 3, 3)], 1)
        stored["net.out.weight"] = torch.zeros_like(out)
        stored["net.out.bias"] = torch.zeros(len(out))
    return stored


def prior(path: Path | str) -> Span:
    """The network of y0 in a model folder or a safetensors file: tensors `prior.*`, or a file of nothing else, bare."""
    tensors = {name: tensor.float() for shard in shards(Path(path)) for name, tensor in load_file(shard).items()}
    stored = {name.removeprefix("prior."): tensor for name, tensor in tensors.items() if name.startswith("prior.")} or tensors
    network = Span(stored["conv_1.weight"].shape[0])
    network.load_state_dict(stored)
    return network.requires_grad_(False).to(memory_format=torch.channels_last)


def shards(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [path / shard["name"] for shard in json.loads((path / "model.json").read_text())["shards"]]
