"""Goldens of sleep: the step operations on small locally connected layers, in PyTorch.

    /usr/bin/python3 make_sleep.py        (made with PyTorch 1.13.0a0, numpy 1.24.2)

Writes sleep_golden.npz beside this file. For each CASE:
  CASE.patterns   (steps · batch, C_in, k, k)
  CASE.before     (C_in, C_out, H, W, k, k)
  CASE.after      the same after the steps, computed in float64

Every step tiles its patterns over the input from its corner, unfolds the padded
input into receptive fields and lets all neurons answer (einsum). A neuron whose
field lies wholly on the input is compared with the neurons of its channel on the
same interleaved grid; the others do not change. The circuit's rates are the
solution of its linear equations, r + alpha r_inh = b + z and r_inh = mean(r) - b.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))


def fields(x, k, stride, padding, size):
    """(batch, C, rows, cols) -> (batch, C, H, W, k, k)"""
    u = F.unfold(x, k, padding=padding, stride=stride)
    return u.view(x.shape[0], x.shape[1], k, k, *size).permute(0, 1, 4, 5, 2, 3)


def tiled(patterns, rows, cols):
    k = patterns.shape[-1]
    return patterns.repeat(1, 1, -(-rows // k), -(-cols // k))[..., :rows, :cols]


def rates(z, alpha, b):
    """Steady-state rates of a pool's circuit and r_inh; z is batch x C_out x n."""
    n = z.shape[-1]
    m = torch.eye(n + 1, dtype=z.dtype)
    m[:n, n] = alpha
    m[n, :n] = -1 / n
    drive = torch.cat([b + z, torch.full_like(z[..., :1], -b)], -1)
    r = torch.linalg.solve(m, drive.reshape(-1, n + 1).T).T.reshape(drive.shape)
    return r[..., :n], r[..., n:]


def sleep(w, patterns, steps, rows, cols, k, stride, padding, lr, gamma, method, alpha=10.0, b=1.0):
    start, w = w, w.clone()
    size = w.shape[2:4]
    inside = fields(torch.ones(1, 1, rows, cols, dtype=w.dtype), k, stride, padding, size)[0, 0].sum((-1, -2)) == k * k
    for batch in patterns.chunk(steps):
        x = fields(tiled(batch, rows, cols), k, stride, padding, size)
        z = torch.einsum("nchwab,cdhwab->ndhw", x, w)
        post = torch.zeros_like(z)
        for i in range(k):
            for j in range(k):
                grid = torch.zeros(size, dtype=torch.bool)
                grid[i::k, j::k] = True
                grid &= inside
                if not grid.any():
                    continue
                if method == "hebbian":
                    post[:, :, grid] = z[:, :, grid] - z[:, :, grid].mean(-1, keepdim=True)
                else:
                    r, inhibition = rates(z[:, :, grid], alpha, b)
                    post[:, :, grid] = r - b - (inhibition if method == "corrected" else 0)
        change = torch.einsum("nchwab,ndhw->cdhwab", x, post) / len(batch)
        w -= lr * (change + gamma * (w - start))
    return w


def instant(w):
    w, k = w.clone(), w.shape[-1]
    for i in range(k):
        for j in range(k):
            w[:, :, i::k, j::k] = w[:, :, i::k, j::k].mean((2, 3), keepdim=True)
    return w


torch.manual_seed(4)
out = {}
# case, method, C_in, C_out, rows, cols, k, stride, lr, gamma, steps, batch
for case, method, inputs, outputs, rows, cols, k, stride, lr, gamma, steps, batch in [
    ("same", "hebbian", 2, 3, 8, 8, 3, 1, 0.1, 1e-5, 12, 24),
    ("stride", "hebbian", 3, 2, 12, 12, 3, 2, 0.1, 1e-2, 10, 32),
    ("projection", "hebbian", 4, 3, 8, 8, 1, 2, 0.1, 1e-5, 20, 16),
    ("rectangle", "hebbian", 1, 2, 11, 9, 5, 1, 0.1, 1e-5, 10, 32),
    ("circuit", "circuit", 2, 2, 9, 9, 3, 1, 0.1, 1e-5, 12, 24),
    ("corrected", "corrected", 2, 2, 9, 9, 3, 1, 0.1, 1e-5, 12, 24),
    ("instant", "instant", 2, 2, 8, 7, 3, 1, 0, 0, 1, 1),
]:
    padding = (k - 1) // 2
    size = [(n + 2 * padding - k) // stride + 1 for n in (rows, cols)]
    before = torch.randn(inputs, outputs, *size, k, k).mul(0.3).add(0.1)
    patterns = torch.randn(steps * batch, inputs, k, k).mul(8).round() / 8  # few digits: a small file
    if method == "instant":
        after = instant(before.double())
    else:
        after = sleep(before.double(), patterns.double(), steps, rows, cols, k, stride, padding, lr, gamma, method)
        out[case + ".patterns"] = patterns.numpy()
    out[case + ".before"], out[case + ".after"] = before.numpy(), after.float().numpy()
np.savez_compressed(f"{here}/sleep_golden.npz", **out)
