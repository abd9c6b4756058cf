#!/usr/bin/env python3
"""An independent simulation of dynamic weight sharing (Pogodin et al. 2021) in NumPy.

  make_convergence.py golden             writes the arrays that the tests compare with, beside this file
  make_convergence.py table K GAMMA      log10 of the inverse SNR, as the convergence experiment expects it
  make_convergence.py time K STEPS       seconds for so many steps of the circuit, one core

Written from the equations: mean field  v <- mu v - eta [(z - mean z) x + gamma (w - w0)],  w <- w + v;
circuit with tau = 30, alpha = 10, b = 1, one Euler step of 1 ms for every step of the weights.
Made with NumPy 1.24.2 (Python 3.11).
"""
import pathlib
import sys
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
N, MU, TAU, ALPHA, B, HOLD = 100, 0.95, 30.0, 10.0, 1.0, 150


def mean_field(w, inputs, gamma, measure=None):
    """w: (..., N, d), changed in place; inputs: (steps, ..., d)."""
    w0, v = w.copy(), np.zeros_like(w)
    for t, x in enumerate(inputs):
        z = np.einsum("...nd,...d->...n", w, x)
        away = z - z.mean(-1, keepdims=True)
        v = MU * v - 0.5 / (1000 + t) * (away[..., None] * x[..., None, :] + gamma * (w - w0))
        w += v
        if measure:
            measure(t + 1, w)


def circuit(w, inputs, gamma, measure=None):
    """As mean_field; every input is held for HOLD steps. Returns the rates and the inhibition at the end."""
    w0, v = w.copy(), np.zeros_like(w)
    r, inhibition = np.zeros(w.shape[:-1]), np.zeros(w.shape[:-2] + (1,))
    t = 0
    for i, x in enumerate(inputs):
        for _ in range(HOLD):
            z = np.matmul(w, x[..., None])[..., 0]
            change = r.mean(-1, keepdims=True) - B - inhibition
            r += (z - r - ALPHA * inhibition + B) / TAU
            inhibition += change / TAU
            eta = 3e-4 / np.sqrt(1 + t / 2) if t > 50 else 0.0
            v *= MU
            v -= (eta * (r - B))[..., None] * x[..., None, :]
            v -= (eta * gamma) * (w - w0)
            w += v
            t += 1
        if measure:
            measure(i + 1, w)
    return r, inhibition


def inverse_snr(w):
    return (w.var(-2) / w.mean(-2) ** 2).mean(-1)


def golden():
    rng = np.random.RandomState(0)
    n, d = 12, 9
    start = 1 + rng.standard_normal((n, d))
    inputs = rng.standard_normal((60, d))
    np.save(HERE / "start.npy", start)
    np.save(HERE / "inputs.npy", inputs)
    w = start.copy()
    mean_field(w, inputs, 0.01)
    np.save(HERE / "mean_field.npy", w)
    w = start.copy()
    r, inhibition = circuit(w, inputs[:20], 0.01)
    np.save(HERE / "circuit.npy", w)
    np.save(HERE / "circuit_rates.npy", np.append(r, inhibition))


def table(k, gamma):
    rng = np.random.default_rng(0)
    d = k * k

    def show(name, at, norm0):
        def measure(t, w):
            if t in at:
                norm = (np.linalg.norm(w.mean(-2), axis=-1) / norm0).mean()
                print(f"{name} k {k} gamma {gamma} at {t}: {np.log10(inverse_snr(w)).mean():.3f}, norm of the mean filter {norm:.3f}", flush=True)
        return measure

    for name, run, trials, count, at in (("A", mean_field, 10, 2000, (300, 2000)), ("B", circuit, 5, 10000, (1000, 2000, 10000))):
        w = 1 + rng.standard_normal((trials, N, d))
        norm0 = np.linalg.norm(w.mean(-2), axis=-1)
        run(w, (rng.standard_normal((trials, d)) for _ in range(count)), gamma, show(name, at, norm0))


def timed(k, steps):
    rng = np.random.default_rng(0)
    w = 1 + rng.standard_normal((N, k * k))
    inputs = rng.standard_normal((steps // HOLD, k * k))
    begun = time.perf_counter()
    circuit(w, inputs, 0.01)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    verb, *args = sys.argv[1:] or ["golden"]
    if verb == "golden":
        golden()
    elif verb == "table":
        table(int(args[0]), float(args[1]))
    elif verb == "time":
        timed(int(args[0]), int(args[1]))
