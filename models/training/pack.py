"""Packs what a bare GPU machine needs and the repository lacks, in parts that small pipes take:
`python pack.py OUT --corpus FOLDER --teachers FOLDER [--megabytes 20]`.

OUT/part0, part1, ... hold at most `megabytes` MiB each: the corpus as WebP of quality 90, photos at 0.7 of their size,
and the teachers' weights cut in pieces. gpu.sh puts them together.
"""

import argparse
import io
import shutil
import tarfile
from pathlib import Path

from PIL import Image

import teachers


class Parts:
    """Folders of at most `limit` bytes."""

    def __init__(self, out: Path, limit: int):
        self.out, self.limit, self.sizes = out, limit, []

    def write(self, name: str, data: bytes) -> None:
        """Puts the file into the first part with room, or a new one."""
        fits = [i for i, size in enumerate(self.sizes) if size + len(data) <= self.limit]
        part = fits[0] if fits else len(self.sizes)
        if part == len(self.sizes):
            self.sizes.append(0)
        self.sizes[part] += len(data)
        path = self.out / f"part{part}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def smaller(data: bytes, scale: float, quality: int) -> bytes:
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    size = [max(200, round(side * scale)) for side in picture.size]
    out = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(out, "webp", quality=quality, method=4)
    return out.getvalue()


def tar_of(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--corpus", type=Path, required=True)
    arguments.add_argument("--teachers", type=Path, required=True)
    arguments.add_argument("--megabytes", type=float, default=20.0)
    arguments.add_argument("--scale", type=float, default=0.7)
    arguments.add_argument("--quality", type=int, default=90)
    arguments.add_argument("--pictures", type=int, default=1 << 30, help="of each tar, for a rehearsal")
    options = arguments.parse_args()
    limit = int(options.megabytes * (1 << 20))
    shutil.rmtree(options.out, ignore_errors=True)
    parts = Parts(options.out, limit)
    for path in sorted(options.corpus.glob("*.tar")):
        family, members, size = path.stem.split("_")[0], [], 0
        with tarfile.open(path) as tar:
            pictures = [m for m in sorted(tar.getmembers(), key=lambda m: m.name) if m.name.endswith(".webp")]
            for member in pictures[: options.pictures]:
                # Graphics are sharp at their own size; photos are cleaner when they are smaller.
                scale = options.scale if family == "photos" else 1.0
                data = smaller(tar.extractfile(member).read(), scale, options.quality)
                if size + len(data) > 8 << 20:
                    parts.write(f"corpus/{path.stem}_{members[0][0].split('/')[-1]}.tar", tar_of(members))
                    members, size = [], 0
                members.append((member.name, data))
                size += len(data) + 1024
        parts.write(f"corpus/{path.stem}_{members[0][0].split('/')[-1]}.tar", tar_of(members))
    piece = 8 << 20
    for stem in sorted(set(teachers.FILES.values())):
        parts.write(f"teachers/{stem}.param", (options.teachers / f"{stem}.param").read_bytes())
        data = (options.teachers / f"{stem}.bin").read_bytes()
        for number, begin in enumerate(range(0, len(data), piece)):
            parts.write(f"teachers/{stem}.bin.{number:02d}", data[begin : begin + piece])
    for number, size in enumerate(parts.sizes):
        print(f"{options.out}/part{number}: {size / (1 << 20):.1f} MiB")


if __name__ == "__main__":
    main()
