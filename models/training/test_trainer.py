"""`python -m unittest` in this folder, a minute on one core: the equations, LPIPS, the degradations, exact resumption, and the
tie to the shipped weights."""

import io
import json
import tarfile
import tempfile
import unittest
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import checkpoint
import pool
import settings
import span
from data.corpus import Corpus, Stream
from data.degrade import Random, degrade
from diffusion import levels, posterior, q_sample, sample
from network import LATENT
from losses.perceptual import Lpips
from train import Trainer
from train_prior import PriorTrainer

ROOT = Path(__file__).resolve().parents[2]
SCHEDULE = {"p": 0.3, "kappa": 2.0, "min_noise_level": 0.04, "sqrt_eta_end": 0.99}


def picture(path: Path) -> torch.Tensor:
    image = Image.open(path).convert("RGB")
    data = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return data.view(1, image.height, image.width, 3).permute(0, 3, 1, 2).float() / 127.5 - 1


class Equations(unittest.TestCase):
    def test_a_step_of_the_chain_keeps_the_marginal(self):
        """Eq. 7 applied to Eq. 2 gives Eq. 2 one level lower: the mean exactly, the variance by sums of squares."""
        table = levels(SCHEDULE, 15)
        one = torch.ones(1, 1, 1, 1, dtype=torch.float64)
        for q, before in zip(table[1:], table):
            q, before = one * q, one * before
            zero, z0 = torch.zeros_like(one), 0.7 * one
            y0 = -0.3 * one
            mean = posterior(q_sample(z0, y0, q, 2.0, zero), z0, q, before, 2.0, zero)
            self.assertAlmostEqual(mean.item(), q_sample(z0, y0, before, 2.0, zero).item(), places=12)
            from_x = posterior(q_sample(zero, zero, q, 2.0, one), zero, q, before, 2.0, zero)
            own = posterior(zero, zero, q, before, 2.0, one)
            self.assertAlmostEqual((from_x**2 + own**2).item(), (2.0 * before.item()) ** 2, places=12)

    def test_levels_are_the_engines(self):
        stored = load_file(ROOT / "tests/golden/compact_check.safetensors")
        for steps in (1, 4, 15):
            for got, want in zip(levels(SCHEDULE, steps), stored[f"T{steps}.sqrt_eta"].tolist(), strict=True):
                self.assertAlmostEqual(got / want, 1.0, places=12)


class ShippedModel(unittest.TestCase):
    def test_repeats_the_stored_chain(self):
        """The same vector that the Rust network is tested against. 2e-4: f32 sums in another order."""
        folder = ROOT / "models/compact"
        config = json.loads((folder / "model.json").read_text())
        model = settings.model({**config, "start": {"weights": str(folder)}})
        stored = load_file(ROOT / "tests/golden/compact_check.safetensors")
        noise = stored["T4.noise"]
        z = sample(model, stored["lr"], levels(config["schedule"], 4), lambda i: noise[i : i + 1])
        self.assertLess((z - stored["T4.step3.z0"]).abs().max().item(), 2e-4)

    def test_the_latent_loses_nothing(self):
        folder = ROOT / "models/compact"
        config = json.loads((folder / "model.json").read_text())
        model = settings.model({**config, "start": {"weights": str(folder)}})
        rng = Random(1)
        hr, lr = rng.uniform((1, 3, 32, 48), -1, 1), rng.uniform((1, 3, 8, 12), -1, 1)
        self.assertLess((model.to_picture(model.to_latent(hr, lr), lr) - hr).abs().max().item(), 1e-5)


class Losses(unittest.TestCase):
    def test_lpips_of_the_published_example(self):
        ref, p0, p1 = (picture(ROOT / f"tests/metrics/ex_{name}.png") for name in ("ref", "p0", "p1"))
        for name, first, second in (("alex", 0.7219, 0.1376), ("squeeze", 0.711, 0.148)):
            lpips = Lpips(str(ROOT / f"metrics/lpips_{name}.safetensors"))
            self.assertAlmostEqual(lpips(p0, ref).item(), first, delta=1e-3)
            self.assertAlmostEqual(lpips(p1, ref).item(), second, delta=1e-3)
            self.assertEqual(lpips(ref, ref).item(), 0.0)


class Degradations(unittest.TestCase):
    def test_keep_colours_and_depend_on_the_key_alone(self):
        grey = torch.tensor([0.35, 0.47, 0.59]).view(1, 3, 1, 1).expand(4, 3, 160, 160)
        for kind in ("clean", "mild", "real"):
            for key in range(6):
                lr = degrade(grey, kind, Random(key))
                self.assertEqual(lr.shape, (4, 3, 40, 40))
                self.assertTrue(torch.equal(lr, degrade(grey, kind, Random(key))))
                # Noise of up to 30/255, seen through JPEG, in the mean of 1600 pixels.
                self.assertLess((lr.mean((2, 3)) - grey[:, :, 0, 0]).abs().max().item(), 0.02)


class Data(unittest.TestCase):
    def test_pairs_stay_aligned_however_they_are_turned(self):
        """HR shrunk by averaging is close to the clean LR of the same place, and not to the LR of another one."""
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            corpus(folder / "corpus")
            config = {"pairs": 8, "group": 4, "pool_crop": 24, "crop": 16, "mix": [1, 0, 0], "groups_per_iteration": 1}
            stream = Stream(Corpus(folder / "corpus", folder / "cache.u8", 96), config, 1)
            stream.fill(3)
            crops = stream.batch(Random(4), 64)
            small = torch.nn.functional.avg_pool2d(crops.hr, 4)
            error = (small - crops.lr).abs().mean((1, 2, 3))
            self.assertLess(error.max().item(), 0.1)
            self.assertGreater((small - crops.lr.transpose(2, 3)).abs().mean().item(), 2 * error.mean().item())
            again = Stream(stream.corpus, config, 1)
            again.fill(3)
            self.assertTrue(torch.equal(again.batch(Random(4), 64).hr, crops.hr))

    def test_a_pool_gives_back_what_was_written(self):
        """All four arrays are cut at the same place: teacher and y0 are made of HR, LR is its average."""
        with tempfile.TemporaryDirectory() as folder:
            folder, crop = Path(folder), 12
            random_pool(folder, crop)
            pool.write_priors(folder, crop, lambda lr: lr.repeat_interleave(4, 2).repeat_interleave(4, 3), 1.0)
            reader = pool.Pool(folder, {"pool_crop": crop, "crop": 8}, with_prior=True)
            reader.fill(0)
            crops = reader.batch(Random(4), 32)
            self.assertLess((crops.hr + crops.teacher).abs().max().item(), 1e-6)
            self.assertLess((crops.hr[:, :, ::4, ::4] - crops.lr).abs().max().item(), 1e-6)
            self.assertLess((crops.prior - crops.hr).abs().max().item(), 1e-3)  # f16
            self.assertEqual(sorted(set(crops.kind.tolist())), [0, 1, 2])


class Prior(unittest.TestCase):
    def test_a_wider_span_is_the_same_function(self):
        """In f64, where the sums' order does not show."""
        torch.manual_seed(1)
        small, lr = span.Span(8).double(), Random(2).uniform((1, 3, 20, 24), -1, 1).double()
        wide = span.widen(small.float(), 11).double()
        self.assertLess((wide(lr) - small.double()(lr)).abs().max().item(), 1e-6)

    def test_a_span_in_a_chain_begins_as_it_was(self):
        with tempfile.TemporaryDirectory() as run:
            path = random_prior(Path(run))
            start = {"weights": str(ROOT / "models/compact"), "prior": path}
            model = settings.model({"arch": "span", "network": {"channels": 11, "emb": 16}, "schedule": SCHEDULE, "start": start})
            picture = settings.prior(path)
            lr, noise = Random(2).uniform((1, 3, 16, 16), -1, 1), Random(3).normal((15, LATENT, 16, 16))
            z = sample(model, lr, levels(SCHEDULE, 1), lambda i: noise[i : i + 1])
            # At the last level the latent's gain is at most .005, for noise of 2 sqrt(eta).
            self.assertLess((model.to_picture(z, lr) - picture(lr)).abs().max().item(), 5e-2)
            # With more steps it is open to what z_t says.
            z = sample(model, lr, levels(SCHEDULE, 15), lambda i: noise[i : i + 1])
            self.assertGreater((model.to_picture(z, lr) - picture(lr)).abs().max().item(), 5e-2)

    def test_a_network_begins_at_y0(self):
        folder = ROOT / "models/compact"
        config = json.loads((folder / "model.json").read_text())
        with tempfile.TemporaryDirectory() as run:
            start = {"weights": str(folder), "prior": random_prior(Path(run))}
            model = settings.model({**config, "network": {**config["network"], "prior": 8}, "start": start})
        lr, noise = Random(2).uniform((1, 3, 16, 16), -1, 1), Random(3).normal((4, LATENT, 16, 16))
        z = sample(model, lr, levels(config["schedule"], 1), lambda i: noise[i : i + 1])
        # (1 - eta) s^2 / v is at most .005 at the last level, for noise of 2 sqrt(eta).
        self.assertLess((model.to_picture(z, lr) - model.y0(lr)).abs().max().item(), 5e-2)


class Resumption(unittest.TestCase):
    def test_stopping_changes_nothing(self):
        """Four iterations at once, and two and two with a checkpoint between: the same bits everywhere."""
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            corpus(folder / "corpus")
            at_once, in_two = self.trainer(folder, "at_once"), self.trainer(folder, "in_two")
            for _ in range(4):
                at_once.step()
            for _ in range(2):
                in_two.step()
            in_two.save()
            in_two = self.trainer(folder, "in_two")
            self.assertEqual(in_two.iteration, 2)
            for _ in range(2):
                in_two.step()
            for (name, a), b in zip(at_once.model.net.state_dict().items(), in_two.model.net.state_dict().values()):
                self.assertTrue(torch.equal(a, b), name)
            for name, a in at_once.average.items():
                self.assertTrue(torch.equal(a, in_two.average[name]), name)
            self.assertTrue(torch.equal(at_once.chains.z, in_two.chains.z))
            self.assertTrue(torch.equal(at_once.model.basis.s, in_two.model.basis.s))
            for a, b in zip(at_once.adversary.network.parameters(), in_two.adversary.network.parameters(), strict=True):
                self.assertTrue(torch.equal(a, b))
            self.assertGreater(at_once.adversary.steps, 3)
            self.assertTrue(any((folder / "in_two").glob("it*/00.piece")))
            for piece in (folder / "in_two").glob("it*/*.piece"):
                self.assertLessEqual(piece.stat().st_size, 16 << 20)

    def test_a_cut_checkpoint_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder)
            self.assertIsNone(checkpoint.load(run))
            checkpoint.save(run, 3, {"iteration": 3, "x": torch.zeros(1000)})
            self.assertEqual(checkpoint.load(run)["iteration"], 3)
            piece = next(run.glob("it*/*.piece"))
            piece.write_bytes(piece.read_bytes()[:-1])
            with self.assertRaises(ValueError):
                checkpoint.load(run)

    def trainer(self, folder: Path, name: str) -> Trainer:
        changes = {
            "start.weights": ROOT / "models/compact", "start.prior": random_prior(folder), "network.prior": 8,
            "data.corpus": folder / "corpus", "data.cache": folder / "cache.u8", "data.families": "{ one = 1.0 }",
            "data.pool": '""', "data.pairs": 8, "data.crop": 16, "data.pool_crop": 20, "data.groups_per_iteration": 1.0,
        }  # fmt: skip
        return Trainer(small("compact.toml", changes), folder / name)

    def test_stopping_changes_nothing_of_y0(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            random_pool(folder, 20)
            changes = {"start.weights": random_prior(folder), "data.pool": folder, "data.crop": 16, "data.pool_crop": 20}
            config = small("prior.toml", changes | {"data.extremes": 1})

            def trainer(name: str) -> PriorTrainer:
                torch.manual_seed(3)  # of the discriminator's first weights
                return PriorTrainer(config, folder / name)

            at_once, in_two = trainer("at_once"), trainer("in_two")
            for _ in range(4):
                at_once.step()
            for _ in range(2):
                in_two.step()
            in_two.save()
            in_two = trainer("in_two")
            for _ in range(2):
                in_two.step()
            self.assertEqual(in_two.iteration, 4)
            begun = load_file(random_prior(folder))
            for name, a in at_once.average.items():
                self.assertTrue(torch.equal(a, in_two.average[name]), name)
            self.assertFalse(torch.equal(at_once.average["conv_1.weight"], begun["prior.conv_1.weight"]))

            config["start"]["adversary"] = str(folder / "in_two")
            other = trainer("other")
            self.assertEqual((other.iteration, other.adversary.steps), (0, 2))
            judges = at_once.adversary, other.adversary
            self.assertFalse(torch.equal(*(next(judge.network.parameters()) for judge in judges)))

    def test_a_chain_also_learns_from_extremes(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            corpus(folder / "corpus")
            trainer = self.trainer(folder, "run")
            trainer.config["data"]["extremes"] = 4
            trainer.stream.fill(0)
            crops, y0 = trainer.fresh(Random(1), 4)
            # The batch is four crops, so all of them are; the truth is their teacher.
            self.assertTrue(torch.equal(crops.hr, crops.teacher))
            self.assertTrue(torch.equal(y0, trainer.model.code_of_y0(crops.lr)))


def small(file: str, changes: dict) -> dict:
    """Settings for four crops an iteration and a small discriminator, with changes."""
    changes = {
        "adversary.pictures": 2, "adversary.width": 8, "adversary.alone": 1, "adversary.grow": 1,
        "optimiser.batch": 4, "loss.lpips_crop": 48, "device.compile": "false", "validation.every": 0,
        "loss.lpips_weights": ROOT / "metrics/lpips_squeeze.safetensors", **changes,
    }  # fmt: skip
    torch.set_num_threads(1)
    return settings.load(Path(__file__).with_name(file), [f"{key}={value}" for key, value in changes.items()])


def random_pool(folder: Path, crop: int) -> None:
    """Six pairs of blocks of noise: LR is each block's colour, and the teacher's answer the negative."""
    hr = (Random(5).uniform((6, 3, crop, crop), 0, 255)).byte().repeat_interleave(4, 2).repeat_interleave(4, 3)
    written = {"hr": hr, "teacher": 255 - hr, "lr": hr[:, :, ::4, ::4], "kind": torch.arange(6, dtype=torch.uint8) % 3}
    for name, values in written.items():
        (folder / f"{name}.u8").write_bytes(values.numpy().tobytes())


def random_prior(folder: Path) -> str:
    """A file with a small network of y0, untrained."""
    torch.manual_seed(3)
    path = folder / "prior.safetensors"
    save_file({f"prior.{name}": tensor for name, tensor in span.Span(8).state_dict().items()}, path)
    return str(path)


def corpus(folder: Path) -> None:
    """Three pictures; the first is held out."""
    folder.mkdir()
    cat = Image.open(ROOT / "www/samples/cat.png").convert("RGB")
    with tarfile.open(folder / "one.tar", "w") as tar:
        for i in range(3):
            data = io.BytesIO()
            cat.resize((200 + i, 150)).save(data, "webp", quality=92)
            entry = tarfile.TarInfo(f"{i}.webp")
            entry.size = data.tell()
            data.seek(0)
            tar.addfile(entry, data)


if __name__ == "__main__":
    unittest.main()
