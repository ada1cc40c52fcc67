"""Writes `jpeg_matrix.bin`: JPEG files of every kind that libjpeg writes, each with the picture that libjpeg reads from it.

    pip install imagecodecs numpy     # and Debian's libjpeg-turbo-progs: cjpeg, djpeg, jpegtran
    python tests/images/jpeg_matrix.py [--full FOLDER]

Every pair of colours with their sampling and of a layout occurs, at sizes from 1 to 17 that take turns. With `--full`
every size of the list occurs with every pair, as files in FOLDER, `NAME.jpg` beside `NAME.ppm`.

The pack, deflated: for each file its name, the JPEG data, width, height, and the index of its picture (RGB, 8 bits);
before them the pictures. Numbers are 4 bytes, little-endian; strings and pictures have their length before them.
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import imagecodecs
import numpy

SIZES = [(n, 18 - n) for n in range(1, 18)] + [(17, 17), (16, 16), (8, 8), (1, 1), (9, 2)]

# Sampling factors as cjpeg takes them.
YCC = ["1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x4", "2x2,2x1", "2x2,1x2", "2x2,2x1,1x2", "2x2,1x1,2x2", "2x1,1x2",
       "1x1,2x2,2x2", "3x1", "1x3", "3x2", "2x1,2x1,2x1", "1x1,1x1,2x1"]
RGB = ["1x1", "2x2,1x1,1x1", "2x1,1x1,1x1"]
GREY = ["1x1", "2x2", "3x1"]
INKS = ["444", "422", "420", "440", "411"]

ORDERS3 = {"three": "0;\n1;\n2;\n", "two": "0;\n1 2;\n", "two-other": "0 1;\n2;\n", "backwards": "2;\n1;\n0;\n",
           "middle": "1;\n0 2;\n"}
ORDERS4 = {"four": "0;\n1;\n2;\n3;\n", "two": "0 3;\n1 2;\n", "backwards": "3;\n2;\n1;\n0;\n", "first": "0;\n1 2 3;\n"}
SPECTRAL3 = "0 1 2: 0-0, 0, 0;\n0: 1-5, 0, 0;\n2: 1-63, 0, 0;\n1: 1-63, 0, 0;\n0: 6-63, 0, 0;\n"
APART3 = "0: 0-0, 0, 1;\n1: 0-0, 0, 1;\n2: 0-0, 0, 1;\n0: 1-63, 0, 2;\n1: 1-63, 0, 1;\n2: 1-63, 0, 1;\n0: 1-63, 2, 1;\n" \
    "0: 0-0, 1, 0;\n2: 0-0, 1, 0;\n1: 0-0, 1, 0;\n0: 1-63, 1, 0;\n2: 1-63, 1, 0;\n1: 1-63, 1, 0;\n"
MIXED1 = "0: 0-0, 0, 1;\n0: 1-8, 0, 2;\n0: 9-63, 0, 2;\n0: 1-63, 2, 1;\n0: 0-0, 1, 0;\n0: 1-63, 1, 0;\n"


def layouts(components):
    """Options of jpegtran by name; "SCANS" is replaced by a file with the script beside it."""
    orders = {1: {}, 3: ORDERS3, 4: ORDERS4}[components]
    yield "plain", [], None
    yield "restart-block", ["-restart", "1B"], None
    yield "restart-3-blocks", ["-restart", "3B"], None
    yield "restart-row", ["-restart", "1"], None
    yield "progressive", ["-progressive"], None
    yield "progressive-restart", ["-progressive", "-restart", "2B"], None
    yield "arithmetic", ["-arithmetic"], None
    yield "arithmetic-restart", ["-arithmetic", "-restart", "1B"], None
    yield "arithmetic-progressive", ["-arithmetic", "-progressive"], None
    for name, script in orders.items():
        yield name, ["-scans", "SCANS"], script
        yield f"{name}-restart", ["-restart", "1B", "-scans", "SCANS"], script
    for name, script in [("spectral", SPECTRAL3), ("apart", APART3)] if components == 3 else []:
        yield f"progressive-{name}", ["-scans", "SCANS"], script
        yield f"progressive-{name}-restart", ["-restart", "3B", "-scans", "SCANS"], script
    if components == 1:
        yield "progressive-mixed", ["-scans", "SCANS"], MIXED1
    if components > 1:
        yield "arithmetic-scans", ["-arithmetic", "-scans", "SCANS"], next(iter(orders.values()))


def picture(width, height):
    """Red grows to the right, blue downwards; brightness is rough, colour smooth, as no two programs enlarge it alike."""
    y, x = numpy.mgrid[:height, :width].astype(float)
    rough = numpy.random.default_rng(7).integers(-25, 26, (32, 32))[:height, :width]
    rgb = numpy.stack([90 + 3.5 * x, 120 - 2 * x - 2 * y, 150 - 60 + 3.5 * y], axis=-1) + rough[..., None]
    return numpy.clip(numpy.round(rgb), 0, 255).astype(numpy.uint8)


def inks(rgb):
    """Adobe's way round: 255 is no ink. The brightest channel becomes black."""
    black = rgb.max(axis=-1, keepdims=True).astype(float)
    colours = numpy.round(rgb / numpy.maximum(black, 1) * 255)
    return numpy.ascontiguousarray(numpy.concatenate([colours, black], axis=-1).astype(numpy.uint8))


def run(command, data):
    """Code 2 tells of a warning."""
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE)
    if done.returncode not in (0, 2):
        done.check_returncode()
    return done.stdout


def ppm(rgb):
    return b"P6\n%d %d\n255\n" % (rgb.shape[1], rgb.shape[0]) + rgb.tobytes()


def bases():
    """Names, numbers of components, and what encodes a picture."""
    def cjpeg(*options):
        return lambda rgb: run(["cjpeg", "-quality", "85", *options], ppm(rgb))

    def ink(space, sampling):
        return lambda rgb: imagecodecs.jpeg8_encode(
            inks(rgb), level=85, colorspace="CMYK", outcolorspace=space, subsampling=sampling)

    for sampling in GREY:
        yield f"grey-{sampling}", 1, cjpeg("-grayscale", "-sample", sampling)
    for sampling in YCC:
        factors = sampling if "," in sampling else f"{sampling},1x1,1x1"
        yield f"ycc-{sampling}", 3, cjpeg("-sample", factors)
    for sampling in RGB:
        yield f"rgb-{sampling}", 3, cjpeg("-rgb", "-sample", sampling)
    for space in ["CMYK", "YCCK"]:
        for sampling in INKS:
            yield f"{space.lower()}-{sampling}", 4, ink(space, sampling)


def told(jpeg, ids=None, jfif=True, adobe=None):
    """The file with other component identifiers, without JFIF's header, or with Adobe's or without ("no") it."""
    out, at = bytearray(jpeg[:2]), 2
    while True:
        code, size = jpeg[at + 1], struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        segment = bytearray(jpeg[at:at + 2 + size])
        at += 2 + size
        if (code == 0xE0 and not jfif) or (code == 0xEE and adobe is not None):
            continue
        if ids and code == 0xC0:
            segment[10::3] = ids
        if ids and code == 0xDA:
            segment[5:5 + 2 * len(ids):2] = ids
        if code == 0xC0 and adobe not in (None, "no"):
            out += b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0" + bytes([adobe])
        out += segment
        if code == 0xDA:
            return bytes(out) + jpeg[at:]


def colour_rules():
    """What tells RGB from YCbCr where the segments disagree or are missing."""
    rgb = picture(17, 9)
    ycc = run(["cjpeg", "-quality", "85", "-sample", "2x1"], ppm(rgb))
    red = run(["cjpeg", "-quality", "85", "-rgb"], ppm(rgb))
    ink = imagecodecs.jpeg8_encode(inks(rgb), level=85, colorspace="CMYK", outcolorspace="CMYK")
    for name, jpeg in {
        "jfif-RGB": told(ycc, ids=b"RGB"),
        "jfif-adobe-0": told(ycc, adobe=0),
        "bare": told(ycc, jfif=False),
        "bare-012": told(ycc, jfif=False, ids=b"\0\1\2"),
        "bare-adobe-1": told(ycc, jfif=False, adobe=1),
        "bare-adobe-2": told(ycc, jfif=False, adobe=2),
        "adobe-0-123": told(red, ids=b"\1\2\3"),
        "adobe-0-012": told(red, ids=b"\0\1\2"),
        "RGB-bare": told(red, adobe="no"),
        "RGB-adobe-1": told(ycc, jfif=False, ids=b"RGB", adobe=1),
        "cmyk-bare": told(ink, adobe="no"),
        "cmyk-123-4": told(ink, ids=b"CMYK"),
    }.items():
        yield name, jpeg


def relaid(jpeg, options, script):
    with tempfile.NamedTemporaryFile("w", suffix=".scans") as scans:
        scans.write(script or "")
        scans.flush()
        options = [scans.name if option == "SCANS" else option for option in options]
        coding = [] if "-arithmetic" in options or "-progressive" in options else ["-optimize"]
        return run(["jpegtran", "-copy", "none", *coding, *options], jpeg)


def decoded(jpeg):
    """Width, height and RGB."""
    magic, width, height, _, pixels = header(run(["djpeg", "-pnm"], jpeg))
    return width, height, pixels if magic == b"P6" else bytes(sample for sample in pixels for _ in range(3))


def header(data):
    """The four words before the pixels, and the pixels."""
    magic, size, most, pixels = data.split(b"\n", 3)
    width, height = map(int, size.split())
    return magic, width, height, most, pixels


def deep():
    """What only newer versions of libjpeg-turbo write: 12 bits, and lossless."""
    rgb = picture(17, 9)
    for name, data in [("grey", rgb[..., :1]), ("rgb", rgb)]:
        shown = numpy.ascontiguousarray(numpy.broadcast_to(data, rgb.shape))
        data = numpy.ascontiguousarray(data.squeeze())
        yield f"{name}-12-bits", imagecodecs.jpeg8_encode(data.astype(numpy.uint16) << 4, level=85, bitspersample=12), shown
        yield f"{name}-lossless", imagecodecs.jpeg8_encode(data, lossless=True), shown


def main():
    full = pathlib.Path(sys.argv[2]) if sys.argv[1:2] == ["--full"] else None
    files, turn = [], 0
    for base, components, encode in bases():
        for layout, options, script in layouts(components):
            sizes = SIZES if full else [SIZES[turn % len(SIZES)], SIZES[(turn * 5 + 3) % len(SIZES)]]
            turn += 1
            for width, height in sizes:
                try:
                    jpeg = relaid(encode(picture(width, height)), options, script)
                    files.append((f"{base} {layout} {width}x{height}", jpeg, *decoded(jpeg)))
                except subprocess.CalledProcessError:
                    # More blocks in one unit than the format allows.
                    print("not written:", base, layout)
                    break
    for name, jpeg in colour_rules():
        files.append((f"{name} plain 17x9", jpeg, *decoded(jpeg)))
    for name, jpeg, rgb in deep():
        files.append((f"{name} plain 17x9", jpeg, 17, 9, rgb.tobytes()))
    if full:
        full.mkdir(parents=True, exist_ok=True)
        for name, jpeg, width, height, pixels in files:
            (full / f"{name}.jpg").write_bytes(jpeg)
            (full / f"{name}.ppm").write_bytes(b"P6\n%d %d\n255\n" % (width, height) + pixels)
        print(len(files), "files")
        return
    pictures = list(dict.fromkeys(file[4] for file in files))
    index = {pixels: at for at, pixels in enumerate(pictures)}
    number = struct.Struct("<I").pack
    text = lambda data: number(len(data)) + data
    pack = number(len(pictures)) + b"".join(map(text, pictures)) + number(len(files))
    for name, jpeg, width, height, pixels in files:
        pack += text(name.encode()) + text(jpeg) + number(width) + number(height) + number(index[pixels])
    target = pathlib.Path(__file__).with_suffix(".bin")
    target.write_bytes(zlib.compress(pack, 9))
    print(len(files), "files,", len(pictures), "pictures,", len(pack), "bytes,", target.stat().st_size, "deflated")


main()
