"""The networks in PyTorch, eager and f32, on the GPU that is there: the counterpart of `cargo bench`.

    python benches/torch_step.py [compact] [released] [--device cpu] [--rounds N]
    python benches/torch_step.py released --check

Needs what `models/training/requirements.txt` lists. One line of JSON for each measurement, median and least time in ms, for
a low-resolution tile of 64 x 64: a step of the network, and for the released one its encoder, its decoder, and the whole
tile with 4 and with 15 steps. `--check` compares the released networks, with weights by formula, with stored results.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models/training"))

from released import formula  # noqa: E402
from released.autoencoder import Autoencoder  # noqa: E402
from released.unet import UNet  # noqa: E402

GOLDEN = ROOT / "tests/golden"
SIDE = 64
# As in tests/model/golden_full.rs; f32 sums in another order.
UNET_TOLERANCE, AUTOENCODER_TOLERANCE = 1e-4, 2e-5


class Bench:
    def __init__(self, device: str, rounds: int):
        self.device, self.rounds = torch.device(device), rounds
        self.name = torch.cuda.get_device_name() if self.device.type == "cuda" else "CPU"

    def synchronise(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def measure(self, name: str, run) -> None:
        """`run` as often as fills about half a second, or once a round; the first two times do not count."""

        def timed(runs: int) -> float:
            begin = time.perf_counter()
            for _ in range(runs):
                run()
            self.synchronise()
            return (time.perf_counter() - begin) / runs

        first = min(timed(1), timed(1))
        runs = min(max(int(0.5 / self.rounds / first), 1), 1000)
        times = sorted(1e3 * timed(runs) for _ in range(self.rounds))
        row = {"name": name, "adapter": self.name, "torch": torch.__version__}
        print(json.dumps(row | {"ms": times[self.rounds // 2], "ms_min": times[0]}), flush=True)

    def zeros(self, *shape: int) -> torch.Tensor:
        return torch.zeros(*shape, device=self.device)


def compact(bench: Bench) -> None:
    from network import UNet as CompactUNet

    shape = json.loads((ROOT / "models/compact/model.json").read_text())["network"]
    network = CompactUNet(**shape).to(bench.device).eval()
    z, lr = bench.zeros(1, 48, SIDE, SIDE), bench.zeros(1, 3, SIDE, SIDE)
    level = torch.full((1,), -0.5, device=bench.device)
    bench.measure("compact step", lambda: network(z, lr, level))


def networks(device: torch.device) -> tuple[UNet, Autoencoder]:
    configs = json.loads((GOLDEN / "keys_full.json").read_text())["configs"]
    unet, autoencoder = UNet(configs["unet_realsr_x4"]), Autoencoder(configs["vq_f4"])
    return unet.to(device).eval(), autoencoder.to(device).eval()


def released(bench: Bench) -> None:
    unet, autoencoder = networks(bench.device)
    lr, index = bench.zeros(1, 3, SIDE, SIDE), torch.zeros(1, device=bench.device)

    def encode() -> torch.Tensor:
        return autoencoder.encode(F.interpolate(lr, scale_factor=4, mode="bicubic"))

    def tile(steps: int) -> torch.Tensor:
        # Some numbers of a schedule: time does not depend on them.
        x = encode()
        for _ in range(steps):
            x = 0.7 * x + 0.3 * unet(0.9 * x, index, lr) + 0.1 * torch.randn_like(x)
        return autoencoder.decode(x).cpu()

    x = bench.zeros(1, 3, SIDE, SIDE)
    bench.measure("released step", lambda: unet(x, index, lr))
    bench.measure("released encoder", encode)
    bench.measure("released decoder", lambda: autoencoder.decode(x))
    for steps in (4, 15):
        bench.measure(f"released tile, {steps} steps", lambda: tile(steps))


def check(device: torch.device) -> None:
    """The names of all tensors, and the stored results of the released code, with weights by formula."""
    from safetensors.torch import load_file

    unet, autoencoder = networks(device)
    keys = json.loads((GOLDEN / "keys_full.json").read_text())["keys"]
    for name, network in (("unet_realsr_x4", unet), ("vq_f4", autoencoder)):
        stored = {key: shape for key, shape, _, kind in keys[name] if kind == "param"}
        ours = {key: list(parameter.shape) for key, parameter in network.named_parameters()}
        assert ours == stored, f"{name}: other tensors than the checkpoint's: {ours.items() ^ stored.items()}"
        formula.fill(network)
        print(f"{name}: {sum(p.numel() for p in network.parameters()):,} parameters, named as in the checkpoint")

    def close(name: str, result: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
        error = (result.cpu() - expected).abs().max().item()
        print(f"{name}: max |error| = {error:.1e}, tolerance {tolerance:.0e}")
        if not error <= tolerance:
            raise SystemExit(f"{name} is not the released network's")

    picture = lambda make, name, side: make(name, [1, 3, side, side]).to(device)
    x, lq = picture(formula.noise, "full.x", SIDE), picture(formula.uniform, "full.lq", SIDE)
    expected = load_file(GOLDEN / "full_unet_out.safetensors")["out"]
    close("UNet", unet(x, torch.tensor([7], device=device), lq), expected, UNET_TOLERANCE)

    stored = load_file(GOLDEN / "full_vq.safetensors")
    z = autoencoder.encode(picture(formula.uniform, "full.im", 4 * SIDE))
    close("encoder", z, stored["encode"], AUTOENCODER_TOLERANCE)
    # The stored choice of codes: near-ties are decided by rounding.
    z, index = stored["encode"].to(device), stored["indices"].long().to(device)
    differing = autoencoder.nearest(z) != index
    gap = stored["code_gap_f64"].to(device)
    print(f"codes: {int(differing.sum())} of {len(index)} differ")
    if not (gap[differing] <= 1e-5).all():
        raise SystemExit("the codes are not the released network's")
    decoded = autoencoder.decode_codes(autoencoder.codes(index, z))[:, :, ::8, ::8]
    close("decoder", decoded, stored["decode_stride8"], AUTOENCODER_TOLERANCE)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="*", help="compact (default), released")
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--check", action="store_true", help="compare the released networks with stored results")
    given = arguments.parse_args()
    measures = {"compact": compact, "released": released}
    models = given.models or ["compact"]
    if unknown := set(models) - set(measures):
        arguments.error(f"no such model: {', '.join(unknown)}")

    # Full f32 products, as ours.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    with torch.inference_mode():
        if given.check:
            return check(torch.device(given.device))
        bench = Bench(given.device, given.rounds)
        for model in models:
            measures[model](bench)


if __name__ == "__main__":
    main()
