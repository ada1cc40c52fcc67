"""A conditional patch discriminator: it sees a picture beside the bicubic enlargement of its LR, and judges patches."""

import torch
import torch._functorch.config
import torch.nn.functional as F
from torch import Tensor, nn

# The weight is measured by a backward pass of its own, after which compiled code must still have its buffers.
torch._functorch.config.donated_buffer = False

spectral_norm = nn.utils.parametrizations.spectral_norm


class Patches(nn.Module):
    """[n, 6, h, w] to logits at a quarter and an eighth of the size."""

    def __init__(self, width: int):
        super().__init__()
        conv = lambda a, b, side, stride: spectral_norm(nn.Conv2d(a, b, side, stride, 1))
        self.full = nn.ModuleList([conv(6, width, 3, 1), conv(width, 2 * width, 4, 2), conv(2 * width, 2 * width, 3, 1)])
        self.quarter = nn.ModuleList([conv(2 * width, 4 * width, 4, 2), conv(4 * width, 4 * width, 3, 1)])
        self.eighth = conv(4 * width, 4 * width, 4, 2)
        self.judge_quarter, self.judge_eighth = conv(4 * width, 1, 3, 1), conv(4 * width, 1, 3, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        for layer in [*self.full, *self.quarter]:
            x = F.leaky_relu(layer(x), 0.2)
        return [self.judge_quarter(x), self.judge_eighth(F.leaky_relu(self.eighth(x), 0.2))]


class Adversary:
    """The discriminator, its optimiser, and the weight of its loss, which follows the gradients at the picture."""

    def __init__(self, config: dict, device: str, compiled: bool):
        self.config, self.device = config, device
        self.network = Patches(config["width"]).to(device).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config["lr"], betas=(0.0, 0.99))
        self.judge = torch.compile(self.network, dynamic=False) if compiled else self.network
        self.weight, self.steps = config["least_weight"], 0

    def state(self) -> dict:
        return {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
            "weight": self.weight, "steps": self.steps,
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.weight, self.steps = state["weight"], state["steps"]

    def logits(self, picture: Tensor, enlarged: Tensor) -> list[Tensor]:
        with torch.autocast(self.device, dtype=torch.bfloat16):
            inputs = torch.cat([picture, enlarged], 1).contiguous(memory_format=torch.channels_last)
            return [logit.float() for logit in self.judge(inputs)]

    def loss(self, pictures: Tensor, fake: Tensor, enlarged: Tensor, perceptual: Tensor) -> Tensor:
        """The weighted hinge loss of the generator for `fake`, some of `pictures`. Every 50th time the weight is set so that
        the gradient at a picture has `balance` times the norm of that of `perceptual`, a mean over all `pictures`."""
        self.network.requires_grad_(False)
        loss = sum(-logit.mean() for logit in self.logits(fake, enlarged)) / 2
        if self.steps % 50 == 0:
            norm = lambda value: torch.autograd.grad(value, pictures, retain_graph=True)[0].square().sum().sqrt().item()
            # Both are means: over len(pictures) and over len(fake) pictures.
            share = (len(fake) / len(pictures)) ** 0.5
            wanted = self.config["balance"] * share * norm(perceptual) / max(norm(loss), 1e-12)
            self.weight = min(max(wanted, self.config["least_weight"]), self.config["most_weight"])
        grown = (self.steps - self.config["alone"]) / self.config["grow"]
        return self.weight * min(1.0, max(0.0, grown)) * loss

    def learn(self, real: Tensor, fake: Tensor, enlarged: Tensor) -> dict:
        """One step of the discriminator; it is alone for `alone` steps, then the generator's loss grows for `grow` steps."""
        self.network.requires_grad_(True)
        both = self.logits(torch.cat([real, fake.detach()]), torch.cat([enlarged, enlarged]))
        n = len(real)
        loss = sum(F.relu(1 - logit[:n]).mean() + F.relu(1 + logit[n:]).mean() for logit in both) / 2
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        right = sum((logit[:n] > 0).float().mean() + (logit[n:] < 0).float().mean() for logit in both).item() / 4
        return {"d_loss": loss.item(), "d_right": right, "d_weight": self.weight}
