#!/usr/bin/env python3
"""Times a training step of PyTorch, for the comparison in peers_test.go.

    time_pytorch.py conv|lc [STEPS]               ResNet-20, batch 128, AdamW
    time_pytorch.py conv|lc INPUTS OUTPUTS SIZE   one 3x3 layer, batch 128, forward and backward

Prints the median seconds of a step and the peak memory of the process in bytes. The locally
connected layer is the one of make_pytorch.py: unfold and einsum, as PyTorch has none.
"""
import importlib.util
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("make_pytorch", os.path.join(here, "make_pytorch.py"))
models = importlib.util.module_from_spec(spec)
spec.loader.exec_module(models)

torch.set_num_threads(int(os.environ.get("THREADS", "2")))
torch.manual_seed(0)
local, numbers = sys.argv[1] == "lc", [int(a) for a in sys.argv[2:]]


def median(step, steps):
    step()
    seconds = []
    for _ in range(steps):
        begun = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


if len(numbers) == 3:
    inputs, outputs, size = numbers
    layer = models.layer(local, inputs, outputs, 3, 1, size)
    x = torch.randn(128, inputs, size, size, requires_grad=True)

    def step():
        layer.zero_grad()
        x.grad = None
        layer(x).sum().backward()

    seconds = median(step, 3 if local else 7)
else:
    net = models.ResNet20(local, 16, 32, 10)
    x, y = torch.randn(128, 3, 32, 32), torch.arange(128) % 10
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)

    def step():
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()

    seconds = median(step, numbers[0] if numbers else (2 if local else 5))
# Not resource.getrusage's: that begins with the peak of the process that started this one.
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
print(seconds, peak)
