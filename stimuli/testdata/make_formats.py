#!/usr/bin/python3
"""Makes small image files of every format, depth and orientation, in formats/,
and formats.npz with what Pillow makes of each: file name → uint8, 3 × H × W.

Run by Pillow 9.4.0, NumPy 1.24.2 under Python 3.11 (Debian 12). Each file is
turned by ImageOps.exif_transpose and converted to RGB, without which the colour
of transparent pixels would be lost. Pillow cuts 16-bit grey at 255, so that such
files are scaled by 1/257 here. Chroma is not subsampled: how to fill it in is the
decoder's choice.
"""
import os
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

os.chdir(os.path.dirname(os.path.abspath(__file__)))
print("Pillow", PIL.__version__, "NumPy", np.__version__)
os.makedirs("formats", exist_ok=True)

h, w = 11, 17
y, x = np.mgrid[:h, :w]
smooth = np.stack([30 + 12 * x, 20 + 20 * y, 240 - 6 * x - 8 * y], -1).astype(np.uint8)
colour = Image.fromarray(smooth)
grey = colour.convert("L")
transparent = colour.copy()
transparent.putalpha(Image.fromarray(((x * 15 + y) % 256).astype(np.uint8)))
deep = (np.asarray(grey).astype(np.uint16) * 257 + 100)
expected = {}


def keep(name, image=None):
    """image: what is expected, where Pillow's own reading is not."""
    if image is None:
        opened = Image.open(f"formats/{name}")
        if not name.endswith(".tiff"):  # which Pillow turns as it loads
            opened = ImageOps.exif_transpose(opened)
        image = opened.convert("RGB")
    expected[name] = np.asarray(image).transpose(2, 0, 1).copy()


def save(name, image, golden=None, **options):
    image.save(f"formats/{name}", **options)
    keep(name, golden)


def png(name, depth, kind, rows, chunks=b""):
    """A PNG of a depth or kind that Pillow does not write."""
    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    raw = b"".join(b"\0" + row for row in rows)
    with open(f"formats/{name}", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, 0)) + chunks
                + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e


for o in range(1, 9):
    save(f"orientation{o}.jpg", colour, quality=95, subsampling=0, exif=exif(o))
save("orientation6.png", colour, exif=exif(6))
save("orientation8.webp", colour, lossless=True, exif=exif(8))
save("orientation3.tiff", colour, tiffinfo={0x0112: 3})
save("grey.jpg", grey, quality=95)
save("progressive.jpg", colour, quality=95, subsampling=0, progressive=True)
save("restart.jpg", colour, quality=95, subsampling=0, restart_marker_blocks=1)
save("cmyk.jpg", colour.convert("CMYK"), quality=95, subsampling=0)  # Adobe's marker, inverted
save("rgb8.png", colour)
save("rgba8.png", transparent)
save("greyalpha8.png", transparent.convert("LA"))
save("palette8.png", colour.quantize(200))
save("palette4.png", colour.quantize(16), bits=4)
save("palette1.png", colour.quantize(2), bits=1)
save("transparent_palette.png", colour.quantize(16), transparency=3)
save("bit1.png", grey.convert("1"))
save("interlaced_grey8.png", grey)
Image.fromarray(deep).save("formats/grey16.png")
keep("grey16.png", np.repeat(np.round(deep / 257.0)[..., None], 3, -1).astype(np.uint8))
wide = smooth.astype(np.uint16) * 257
png("rgb16.png", 16, 2, [row.astype(">u2").tobytes() for row in wide])
keep("rgb16.png", smooth)
alpha16 = np.concatenate([wide, np.full((h, w, 1), 40000, np.uint16)], -1)
png("rgba16.png", 16, 6, [row.astype(">u2").tobytes() for row in alpha16])
keep("rgba16.png", smooth)
for depth in (2, 4):
    levels = (np.asarray(grey) >> (8 - depth))
    per = 8 // depth
    rows = []
    for line in levels:
        line = np.pad(line, (0, -w % per)).reshape(-1, per)
        rows.append(bytes(sum(int(v) << (8 - depth * (k + 1)) for k, v in enumerate(group)) for group in line))
    png(f"grey{depth}.png", depth, 0, rows)
    keep(f"grey{depth}.png", np.repeat(np.round(levels * (255 / (2**depth - 1)))[..., None], 3, -1).astype(np.uint8))
save("rgb.bmp", colour)
save("grey.bmp", grey)
save("palette.bmp", colour.quantize(50))
save("rgba.bmp", transparent)
save("rgb.tiff", colour)
save("lzw.tiff", colour, compression="tiff_lzw")
save("deflate.tiff", colour, compression="tiff_deflate")
save("grey.tiff", grey)
save("rgba.tiff", transparent)
save("palette.tiff", colour.quantize(50))
Image.fromarray(deep).save("formats/grey16.tiff")
keep("grey16.tiff", np.repeat(np.round(deep / 257.0)[..., None], 3, -1).astype(np.uint8))
save("first.gif", colour.quantize(64), save_all=True, append_images=[grey.convert("P")])
# Smaller than its screen: a first frame of the middle.
part = colour.crop((3, 2, 12, 9)).quantize(32)
data = bytearray()
part.save("formats/part.gif")
with open("formats/part.gif", "rb") as f:
    data = bytearray(f.read())
data[6:10] = struct.pack("<HH", w, h)  # the screen
at = data.index(b"\x2c", 13 + 3 * (2 << (data[10] & 7)))
data[at + 1 : at + 5] = struct.pack("<HH", 3, 2)  # where the frame lies
with open("formats/part.gif", "wb") as f:
    f.write(data)
on_black = np.zeros((h, w, 3), np.uint8)
on_black[2:9, 3:12] = np.asarray(part.convert("RGB"))
keep("part.gif", on_black)
save("lossless.webp", colour, lossless=True)
tinted = np.asarray(grey.convert("RGB")).astype(int) // 2 + [70, 50, 30]  # the chroma, always subsampled, is flat
save("lossy.webp", Image.fromarray(tinted.astype(np.uint8)), quality=95)
save("alpha.webp", transparent, lossless=True, exact=True)
np.savez_compressed("formats.npz", **expected)
print(len(expected), "files")
