#!/usr/bin/python3
"""Makes the image files of this folder and what Pillow makes of them.

Run by Pillow 9.4.0 under Python 3.11 (Debian 12). source.png is noise on a
chirp, so that aliasing would show; source.* holds the same picture in other
formats. resize_*.png are Pillow's Image.resize(BILINEAR, box=...) of it, where
the box is the centred part with the target's aspect ratio.
"""
import os

import numpy as np
import PIL
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
print("Pillow", PIL.__version__)

h, w = 61, 97
rng = np.random.default_rng(1)
y, x = np.mgrid[:h, :w]
chirp = np.sin(0.0006 * (x + y) ** 2 * np.pi)
picture = np.stack([
    128 + 90 * chirp,
    255 * x / (w - 1),
    128 + 60 * np.cos(y / 3.0),
], -1) + rng.normal(0, 12, (h, w, 3))
picture = np.clip(np.round(picture), 0, 255).astype(np.uint8)
source = Image.fromarray(picture)
source.save("source.png")
source.save("source.bmp")
source.save("source.tiff", compression="tiff_deflate")
source.save("source.jpg", quality=95, subsampling=0)
alpha = source.copy()
alpha.putalpha(Image.fromarray(((x * 7 + y * 3) % 256).astype(np.uint8)))
alpha.save("source_alpha.png")
source.quantize(64, dither=Image.Dither.NONE).save("source_palette.png")
source.quantize(64, dither=Image.Dither.NONE).save("source.gif")
source.convert("L").save("source_grey.png")
Image.open("source_palette.png").convert("RGB").save("palette_as_rgb.png")
Image.open("source.jpg").convert("RGB").save("jpeg_as_rgb.png")


def resize(image, height, width):
    w, h = image.size
    scale = min(w / width, h / height)
    left, top = (w - scale * width) / 2, (h - scale * height) / 2
    box = (left, top, left + scale * width, top + scale * height)
    return image.resize((width, height), Image.Resampling.BILINEAR, box=box)


for height, width in [(32, 32), (8, 8), (61, 61), (100, 100), (20, 45)]:
    resize(source, height, width).save(f"resize_{height}x{width}.png")
resize(source.convert("L"), 32, 32).save("resize_grey_32x32.png")
left, top = (w - 40) // 2, (h - 40) // 2
resize(source.crop((left, top, left + 40, top + 40)), 16, 16).save("resize_crop40_16x16.png")
