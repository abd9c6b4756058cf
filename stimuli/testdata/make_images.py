#!/usr/bin/python3
"""Makes the image files of this folder and what Pillow makes of them.

Run by Pillow 9.4.0 under Python 3.11 (Debian 12). source.png is noise on a
chirp, so that aliasing would show; source.* holds the same picture in other
formats. resize_*.png are Pillow's Image.resize(BILINEAR, box=...) of it, where
the box is the centred part with the target's aspect ratio. crop_*.png are
rectangles of it, cut out and then stretched to other sizes; test_*.png what
torchvision's Resize(short side) and CenterCrop make of it; screen_*.png what
Brain-Score's rule of visual degrees does.
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


# Rectangles (left, top, width, height) stretched to (width, height).
for (left, top, width, height), size in [
    ((0, 0, 97, 61), (33, 50)),
    ((0, 0, 97, 61), (200, 90)),
    ((13, 7, 50, 31), (24, 24)),
    ((60, 40, 9, 11), (40, 40)),
    ((0, 30, 97, 1), (40, 3)),
    ((50, 0, 1, 61), (2, 100)),
    ((96, 60, 1, 1), (5, 4)),
    ((3, 4, 2, 2), (9, 7)),
]:
    cut = source.crop((left, top, left + width, top + height)).resize(size, Image.Resampling.BILINEAR)
    cut.save(f"crop_{left}_{top}_{width}_{height}_to_{size[0]}x{size[1]}.png")

# torchvision 0.14, functional.py and functional_pil.py: the long side of Resize is
# int(short * long / short_before), CenterCrop begins at int(round(difference / 2.0)).
for short, side in [(0, 32), (40, 32), (40, 40), (80, 64)]:
    image = source if short == 0 else source.resize((int(short * w / h), short), Image.Resampling.BILINEAR)
    left, top = int(round((image.width - side) / 2.0)), int(round((image.height - side) / 2.0))
    image.crop((left, top, left + side, top + side)).save(f"test_{short}_{side}.png")


def on_screen(image, degrees, screen_degrees):
    """The screen is the image's size times the ratio of degrees; the image is
    pasted at its centre on (128, 128, 128), or the screen is cut out of it. Sizes
    and offsets are rounded by numpy, half to even."""
    ratio = screen_degrees / degrees
    size = np.array(image.size)
    screen_size = (ratio * size).round().astype(int)
    if ratio >= 1:
        screen = Image.new("RGB", tuple(int(n) for n in screen_size), (128, 128, 128))
        left, top = ((screen_size - size) / 2).round().astype(int)
        screen.paste(image, (int(left), int(top)))
        return screen
    left, top = ((size - screen_size) / 2).round().astype(int)
    return image.crop((int(left), int(top), int(left + screen_size[0]), int(top + screen_size[1])))


for degrees, screen_degrees in [(4, 8), (8, 4), (5, 8), (10, 8), (8, 8.1), (0.7, 0.5)]:
    screen = on_screen(source, degrees, screen_degrees)
    screen.save(f"screen_{degrees}_{screen_degrees}.png")
    resize(screen, 32, 32).save(f"screen_{degrees}_{screen_degrees}_32x32.png")
