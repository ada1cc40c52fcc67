"""Writes the compact network as an ONNX graph: the same weights, for another engine.

    python export.py network.onnx [--height 64] [--width 64] [--sqrt-eta 0.99]

The graph is `CompactUNet::network` of src/model/compact.rs for one picture of one size at one noise level:
`input` [1, 52, height, width] to `output` [1, 96, height, width], NCHW, f32. The 52nd channel is not used (see INPUT).
What depends on the noise level alone is computed here: the graph has no time embedding, and scale and shift are folded
into the norms before them.

Before the file is written, the same graph at another size must repeat a stored prediction of the network
(tests/golden/compact_check.safetensors) in ONNX Runtime.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/compact"
CHECK = ROOT / "tests/golden/compact_check.safetensors"
# f32 sums in another order, as in tests/model/compact.rs.
TOLERANCE = 2e-4
LATENT = 48
# The network reads 51 channels, latent and colours. A first convolution over so many goes wrong in the WebGPU provider of
# onnxruntime-web 1.30 (microsoft/onnxruntime#29651), so the graph takes one more, with weights of 0.
INPUT = 52
# Plain operations that every execution provider knows; fusing them is the runtime's business.
OPSET = 18


def silu(x):
    return x / (1 + np.exp(-x))


class Graph:
    """An ONNX graph in the making. Every method adds an operation and returns the name of its result."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def add(self, op, *inputs, **attributes):
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def constant(self, value):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def conv(self, x, weight, bias, stride=1):
        return self.add("Conv", x, self.constant(weight), self.constant(bias), pads=[1] * 4, strides=[stride] * 2)

    def norm_silu(self, x, gain, shift):
        """SiLU(x / rms(x) * gain + shift), the mean taken over the channels of each pixel."""
        square = self.add("ReduceMean", self.add("Mul", x, x), self.constant(np.int64([1])))
        rms = self.add("Sqrt", self.add("Add", square, self.constant(np.float32(1e-5))))
        y = self.add("Mul", self.add("Div", x, rms), self.constant(gain))
        y = self.add("Add", y, self.constant(shift))
        return self.add("Mul", y, self.add("Sigmoid", y))

    def double(self, x):
        scales = self.constant(np.float32([1, 1, 2, 2]))
        nearest = dict(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        return self.add("Resize", x, "", scales, **nearest)

    def model(self, output, height, width):
        self.nodes.append(helper.make_node("Identity", [output], ["output"]))
        shape = lambda name, channels: helper.make_tensor_value_info(
            name, TensorProto.FLOAT, [1, channels, height, width]
        )
        graph = helper.make_graph(
            self.nodes,
            "compact",
            [shape("input", INPUT)],
            [shape("output", 2 * LATENT)],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        return model


def network(weights, config, sqrt_eta, height, width):
    """The graph for one size and one noise level."""
    w = lambda name: weights[f"net.{name}"].astype(np.float32)
    linear = lambda name, x: w(f"{name}.weight") @ x + w(f"{name}.bias")
    graph = Graph()
    conv = lambda name, x, **more: graph.conv(x, w(f"{name}.weight"), w(f"{name}.bias"), **more)

    angles = -200 * np.log(sqrt_eta) * 10000.0 ** (-np.arange(16) / 16)
    features = np.concatenate([np.cos(angles), np.sin(angles)]).astype(np.float32)
    embedding = silu(linear("te.2", silu(linear("te.0", features))))

    def block(name, x):
        h = conv(f"{name}.c1", graph.norm_silu(x, w(f"{name}.n1.g"), w(f"{name}.n1.b")))
        scale, shift = linear(f"{name}.e", embedding).reshape(2, 1, -1, 1, 1)
        h = graph.norm_silu(h, w(f"{name}.n2.g") * (1 + scale), w(f"{name}.n2.b") * (1 + scale) + shift)
        return graph.add("Add", x, conv(f"{name}.c2", h))

    def blocks(name, count, x):
        for i in range(count):
            x = block(f"{name}.{i}", x)
        return x

    levels = len(config["channels"])
    weight = np.pad(w("inp.weight"), ((0, 0), (0, INPUT - LATENT - 3), (0, 0), (0, 0)))
    h, skips = graph.conv("input", weight, w("inp.bias")), []
    for level in range(levels):
        h = blocks(f"enc.{level}", config["enc_blocks"][level], h)
        if level + 1 < levels:
            skips.append(h)
            h = conv(f"down.{level}", h, stride=2)
    for level in reversed(range(levels)):
        if level + 1 < levels:
            h = graph.add("Add", conv(f"up.{level}", graph.double(h)), skips.pop())
        h = blocks(f"dec.{level}", config["dec_blocks"][level], h)
    h = conv("out", graph.norm_silu(h, w("no.g"), w("no.b")))
    return graph.model(h, height, width)


def check(weights, config, kappa):
    """The largest error of z0 at the first step of a stored chain, whose noise level lies at the schedule's end."""
    stored = load_file(CHECK)
    lr, noise, q = stored["lr"], stored["T1.noise"], float(stored["T1.sqrt_eta"][0])
    model = network(weights, config, q, *lr.shape[2:])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    s = weights["basis.s"].astype(np.float64).reshape(1, LATENT, 1, 1)
    a, x_t = 1 - q * q, kappa * q * noise
    v = (a * s) ** 2 + (kappa * q) ** 2
    unused = np.ones_like(lr[:, : INPUT - LATENT - 3])
    x = np.concatenate([a * s / v * x_t, lr, unused], 1).astype(np.float32)
    output = session.run(None, {"input": x})[0]
    gate, correction = output[:, :LATENT], output[:, LATENT:]
    z0 = a * s**2 / v * x_t / (1 + np.exp(-gate - 1)) + s * kappa * q / np.sqrt(v) * correction
    return np.abs(z0 - stored["T1.step0.z0"]).max()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", type=Path, help="the .onnx file to write")
    arguments.add_argument("--height", type=int, default=64, help="in low-resolution pixels, a multiple of 4")
    arguments.add_argument("--width", type=int, default=64, help="in low-resolution pixels, a multiple of 4")
    arguments.add_argument("--sqrt-eta", type=float, help="noise level; default: the schedule's last")
    given = arguments.parse_args()

    config = json.loads((MODEL / "model.json").read_text())
    weights = {}
    for shard in config["shards"]:
        weights |= load_file(MODEL / shard["name"])
    schedule, multiple = config["schedule"], 2 ** (len(config["network"]["channels"]) - 1)
    if given.height % multiple or given.width % multiple:
        arguments.error(f"height and width are multiples of {multiple}")

    error = check(weights, config["network"], schedule["kappa"])
    print(f"z0 of the stored chain: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}")
    if not error <= TOLERANCE:
        raise SystemExit("the graph is not the network")
    sqrt_eta = given.sqrt_eta or schedule["sqrt_eta_end"]
    onnx.save(network(weights, config["network"], sqrt_eta, given.height, given.width), given.file)
    print(f"{given.file}: {given.height} x {given.width}, sqrt(eta) = {sqrt_eta}")


main()
