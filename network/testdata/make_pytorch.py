"""Goldens of ResNet-20, convolutional and locally connected, from PyTorch.

    python3 make_pytorch.py        (made with PyTorch 1.13.0, numpy 1.24.2)

Writes for each network, beside this file:
  NAME_weights.npz   the state_dict before training
  NAME_golden.npz    images x, labels y, logits (training mode), loss, grad.PARAMETER,
                     after.PARAMETER: the state after ten AdamW steps on the same batch,
                     eval: the logits of that state in evaluation mode,
                     sgd.PARAMETER: the state after ten steps of SGD instead
The locally connected layer is written with unfold and einsum, weights
(C_in, C_out, H, W, k, k).
"""
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))


class Local(nn.Module):
    def __init__(self, inputs, outputs, k, stride, size):
        super().__init__()
        self.k, self.stride, self.padding, self.out = k, stride, (k - 1) // 2, size // stride
        w = torch.randn(inputs, outputs, self.out, self.out, k, k) * (2 / (outputs * k * k)) ** 0.5
        self.weights = nn.Parameter(w)

    def forward(self, x):
        n, c = x.shape[:2]
        fields = F.unfold(x, self.k, padding=self.padding, stride=self.stride)
        fields = fields.view(n, c, self.k, self.k, self.out, self.out)
        return torch.einsum("ncabij,cdijab->ndij", fields, self.weights)


def layer(local, inputs, outputs, k, stride, size):
    if local:
        return Local(inputs, outputs, k, stride, size)
    return nn.Conv2d(inputs, outputs, k, stride, (k - 1) // 2, bias=False)


class Block(nn.Module):
    def __init__(self, local, inputs, outputs, stride, size):
        super().__init__()
        self.conv1 = layer(local, inputs, outputs, 3, stride, size)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = layer(local, outputs, outputs, 3, 1, size // stride)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(layer(local, inputs, outputs, 1, stride, size), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class ResNet20(nn.Module):
    def __init__(self, local, width, size, classes):
        super().__init__()
        self.conv1 = layer(local, 3, width, 3, 1, size)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for group in range(3):
            blocks = []
            for block in range(3):
                stride = 2 if group and not block else 1
                blocks.append(Block(local, channels, width << group, stride, size))
                channels, size = width << group, size // stride
            setattr(self, f"layer{group + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def golden(name, local, width):
    torch.manual_seed(1)
    net = ResNet20(local, width, 8, 5)
    for m in net.modules():  # batch normalisation that is not the identity
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.uniform_(m.bias, -0.5, 0.5)
    np.savez(f"{here}/{name}_weights.npz", **{k: v.numpy() for k, v in net.state_dict().items()})
    x, y = torch.randn(19, 3, 8, 8), torch.arange(19) % 5
    out = {"x": x.numpy(), "y": y.numpy()}
    start = {k: v.clone() for k, v in net.state_dict().items()}

    def ten_steps(optimizer):
        for step in range(10):
            optimizer.zero_grad()
            logits = net(x)
            loss = F.cross_entropy(logits, y)
            loss.backward()
            if step == 0:
                out["logits"], out["loss"] = logits.detach().numpy(), loss.detach().numpy()
                out.update({"grad." + k: p.grad.numpy().copy() for k, p in net.named_parameters()})
            optimizer.step()

    ten_steps(torch.optim.SGD(net.parameters(), lr=1e-2, momentum=0.9, weight_decay=1e-3))
    out.update({"sgd." + k: v.numpy().copy() for k, v in net.state_dict().items()})
    net.load_state_dict(start)
    ten_steps(torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2))
    out.update({"after." + k: v.numpy().copy() for k, v in net.state_dict().items()})
    net.eval()
    out["eval"] = net(x).detach().numpy()
    np.savez(f"{here}/{name}_golden.npz", **out)


if __name__ == "__main__":
    golden("conv", False, 2)
    golden("local", True, 1)
