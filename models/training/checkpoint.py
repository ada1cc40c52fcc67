"""Checkpoints in pieces that fit through small pipes. A checkpoint is a folder; `latest` names the newest complete one."""

import io
import shutil
from pathlib import Path

import torch

PIECE = 15 << 20


def save(run: Path, iteration: int, state: dict, keep: int = 2) -> None:
    """Writes `state` as `it<iteration>/NN.piece`, then points `latest` at it and drops all but the `keep` newest."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getbuffer()
    folder = run / f"it{iteration:07d}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, begin in enumerate(range(0, len(data), PIECE)):
        (folder / f"{number:02d}.piece").write_bytes(data[begin : begin + PIECE])
    marker = run / "latest.new"
    marker.write_text(f"{folder.name} {len(data)}\n")
    marker.replace(run / "latest")
    for old in sorted(p for p in run.glob("it*") if p.is_dir())[:-keep]:
        shutil.rmtree(old)


def load(run: Path) -> dict | None:
    """The newest checkpoint of `run`, or None where there is none."""
    if not (run / "latest").exists():
        return None
    name, size = (run / "latest").read_text().split()
    data = b"".join(piece.read_bytes() for piece in sorted((run / name).glob("*.piece")))
    if len(data) != int(size):
        raise ValueError(f"{run / name} is incomplete: {len(data)} of {size} bytes")
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
