"""Golden of AdamW from PyTorch.

    python3 make_adamw.py        (made with PyTorch 1.13.0)

Writes adamw.csv: a row per weight with its value before, a number g, and its
value after each of five steps, of which step t has the gradient (-1)^t t g.
Learning rate 0.02, weight decay 0.1; betas 0.9 and 0.999 and eps 1e-8 are
PyTorch's defaults.
"""
import csv
import os

import torch

torch.manual_seed(1)
n, steps = 37, 5
w = torch.nn.Parameter(torch.randn(n))
g = torch.randn(n) * 10.0 ** torch.randint(-6, 3, (n,))
g[5] = 0
columns = {"before": w.detach().clone(), "g": g}
optimizer = torch.optim.AdamW([w], lr=0.02, weight_decay=0.1)
for t in range(1, steps + 1):
    w.grad = g * t * (-1) ** t
    optimizer.step()
    columns[f"step{t}"] = w.detach().clone()
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "adamw.csv"), "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(columns)
    out.writerows([f"{v.item():.9g}" for v in row] for row in zip(*columns.values()))
