"""Trains the network of the prior mean y0: `python train_prior.py prior.toml RUN [--set section.key=value ...]`.

It begins as the published SPAN, widened, or from `start.weights`, and learns from the truth, from the teachers' answers in a
pool (pool.py) and from a discriminator. RUN gets `prior.safetensors` with the averaged weights; the same command goes on where it stopped.
"""

import math
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

import checkpoint
import settings
import span
from adversary import Adversary
from corpus import Crops
from degrade import Random
from extremes import extremes
from mesh import mesh_distance
from network import bicubic
from perceptual import Lpips
from pool import Pool
from train import RandomPart, log, mixed, rate
from validate import Validation


def main() -> None:
    config, run, minutes = settings.run_arguments(__doc__)
    device, o, loss = settings.device(config), config["optimiser"], config["loss"]
    torch.manual_seed(config["seed"])
    start = config["start"]
    published = lambda: span.widen(span.published(start["span"]), config["network"]["channels"])
    network = settings.prior(start["weights"]).requires_grad_(True) if start["weights"] else published()
    network = network.to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=o["lr"], betas=tuple(o["betas"]), weight_decay=0.0)
    average = {name: t.detach().clone() for name, t in network.state_dict().items()}
    compiled = config["device"]["compile"]
    adversary = Adversary(config["adversary"], device, compiled) if config["adversary"]["pictures"] else None
    iteration, seconds = 0, 0.0
    if state := checkpoint.load(run):
        iteration, seconds, average = state["iteration"], state["seconds"], state["average"]
        network.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        if adversary and state["adversary"]:
            adversary.restore(state["adversary"])
    lpips = Lpips(loss["lpips_weights"], compiled).to(device)
    forward = torch.compile(network, dynamic=False) if compiled else network
    pool = Pool(Path(config["data"]["pool"]), config["data"], with_prior=False)
    validation = Validation(settings.corpus(config), config, device)

    def measure() -> None:
        own = {name: t.clone() for name, t in network.state_dict().items()}
        network.load_state_dict(average)
        with torch.no_grad():
            log(run, {"iteration": iteration, **validation.measure(network(validation.lr))})
        save_file({f"prior.{name}": t.contiguous() for name, t in average.items()}, run / "prior.safetensors")
        network.load_state_dict(own)

    if iteration == 0:
        measure()
    began, recent = time.time(), []
    is_done = lambda: seconds >= 60 * o["minutes"] if o["minutes"] else iteration >= o["iterations"]
    while not is_done() and time.time() - began < 60 * minutes:
        begin = time.time()
        pool.fill(iteration)
        rng = Random(config["seed"], 3, iteration, device=device)
        strange = extremes(rng, config["data"]["extremes"], config["data"]["crop"])
        found = pool.batch(rng, o["batch"] - len(strange.lr))
        crops = Crops(*(None if a is None else torch.cat([a, b]) for a, b in zip(found, strange, strict=True)))
        part = RandomPart(rng, crops.hr.shape[2], loss["lpips_crop"])
        share, weight = (torch.tensor(loss[name], device=device)[crops.kind] for name in ("teacher", "lpips"))
        with torch.autocast(device, dtype=torch.bfloat16):
            picture = forward(crops.lr.contiguous(memory_format=torch.channels_last)).float()
            seen = part(picture.clamp(-1, 1))
            features = lpips.features(seen)
            distance = mixed(lambda target: lpips.distance_to(features, part(target)), crops, share, weight)
        error = mixed(lambda target: (picture - target).abs().mean((1, 2, 3)), crops, share)
        pattern = mesh_distance(picture, crops.hr).mean()
        total = loss["l1"] * error + distance + loss["mesh"] * pattern
        if adversary:
            # Texture is asked for only where LPIPS is.
            judged = weight[: len(found.lr)].argsort(descending=True, stable=True)[: config["adversary"]["pictures"]]
            fake, enlarged = seen[judged], part(bicubic(crops.lr[judged]))
            total = total + adversary.loss(seen, fake, enlarged, distance)
        for group in optimiser.param_groups:
            group["lr"] = rate(o, iteration, seconds / 60)
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), o["clip"])
        if torch.isfinite(norm):
            optimiser.step()
        keep = min(o["ema"], (iteration + 1) / (iteration + 10))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        iteration += 1
        judgement = adversary.learn(part(crops.hr[judged]), fake, enlarged) if adversary else {}
        took = time.time() - begin
        seconds += took
        measured = {"l1": error.item(), "lpips": distance.item(), "mesh": pattern.item(), "norm": norm.item()}
        recent.append({**measured, **judgement, "seconds": took})
        if iteration % config["device"]["log_every"] == 0:
            means = {name: sum(r[name] for r in recent) / len(recent) for name in recent[0]}
            log(run, {"iteration": iteration, "samples": iteration * o["batch"], **means})
            recent = []
        if iteration % config["device"]["checkpoint_every"] == 0:
            state = {
                "iteration": iteration,
                "seconds": seconds,
                "net": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "average": average,
                "adversary": adversary.state() if adversary else {},
            }
            checkpoint.save(run, iteration, state)
        if iteration % config["validation"]["every"] == 0:
            measure()
    measure()


if __name__ == "__main__":
    main()
