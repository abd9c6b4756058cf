#!/usr/bin/python3
"""Times Pillow for peers_test.go.

time_pillow.py make PHOTO               writes a 500×375 JPEG (quality 90, 4:2:0) of about a photograph's size
time_pillow.py time PHOTO SIDE IMAGES   prints the seconds of processor time of decoding and resizing it once
"""
import io
import sys
import time

import numpy as np
from PIL import Image

if sys.argv[1] == "make":
    h, w = 375, 500
    y, x = np.mgrid[:h, :w]
    picture = np.stack([128 + 90 * np.sin(x / 17 + y / 9), 255 * x / w, 128 + 60 * np.cos(y / 5)], -1)
    picture += np.random.default_rng(0).normal(0, 8, (h, w, 3))
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(sys.argv[2], quality=90)
    sys.exit()

side, images = int(sys.argv[3]), int(sys.argv[4])
data = open(sys.argv[2], "rb").read()
box = (62.5, 0, 437.5, 375)  # the centred square
begun = time.process_time()
for _ in range(images):
    Image.open(io.BytesIO(data)).convert("RGB").resize((side, side), Image.Resampling.BILINEAR, box=box)
print((time.process_time() - begun) / images)
