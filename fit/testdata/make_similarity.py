"""Writes similarity.json, the golden values of the tests of RSA, CKA, Procrustes and crossnobis.

Made with numpy 1.24.2, scipy 1.10.1, scikit-learn 1.2.1:  python3 make_similarity.py
Inputs come from numpy's RandomState, which the Go tests reproduce.
"""
import json

import numpy as np
import scipy
import sklearn
from scipy.spatial.distance import pdist, squareform
from scipy.stats import kendalltau, pearsonr, spearmanr
from sklearn.model_selection import ShuffleSplit

out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__}}


def floats(v):
    return [float(x) for x in np.ravel(v)]


def vectors():
    """Two vectors of 200 values, without and with ties."""
    r = np.random.RandomState(5)
    x = r.standard_normal(200)
    y = 0.5 * x + r.standard_normal(200)
    cases = []
    for a, b in ((x, y), (np.round(2 * x), np.round(3 * y)), (np.round(2 * x), y)):
        ties = len(set(a)) < len(a) or len(set(b)) < len(b)
        cases.append({
            "x": floats(a), "y": floats(b), "pearson": pearsonr(a, b)[0], "spearman": spearmanr(a, b)[0],
            "tau_b": None if ties else kendalltau(a, b)[0],
            "cosine": float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)),
        })
    return cases


out["vectors"] = vectors()


def features(seed, n, p, q):
    """X: a few latent dimensions, noise and an offset; Y: some of them, rotated, and noise."""
    r = np.random.RandomState(seed)
    z = r.standard_normal(n * 6).reshape(n, 6)
    x = z @ r.standard_normal(6 * p).reshape(6, p) + r.standard_normal(n * p).reshape(n, p) + 3
    y = z @ r.standard_normal(6 * q).reshape(6, q) + 2 * r.standard_normal(n * q).reshape(n, q) - 1
    return x, y


def hsic_unbiased(k, l):
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    a, b = k.sum(0), l.sum(0)
    return ((k * l).sum() + a.sum() * b.sum() / ((n - 1) * (n - 2)) - 2 * (a @ b) / (n - 2)) / (n * (n - 3))


def hsic_biased(k, l):
    h = np.eye(len(k)) - 1 / len(k)
    return np.sum((h @ k @ h) * (h @ l @ h))


def cka(x, y, hsic):
    k, l = x @ x.T, y @ y.T
    kk, ll = hsic(k, k), hsic(l, l)
    return 0.0 if kk * ll <= 0 else hsic(k, l) / np.sqrt(kk * ll)


def procrustes(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return np.linalg.svd(x.T @ y, compute_uv=False).sum() / np.linalg.norm(x) / np.linalg.norm(y)


def rsa(x, y):
    return spearmanr(pdist(x, "correlation"), pdist(y, "correlation"))[0]


def comparisons():
    cases = []
    for seed, n, p, q in ((1, 20, 7, 30), (2, 31, 700, 5), (3, 12, 40, 40)):
        x, y = features(seed, n, p, q)
        splits = [test for _, test in ShuffleSplit(10, test_size=0.9, random_state=1).split(x)]
        cv = [rsa(x[t], y[t]) for t in splits]
        cases.append({
            "seed": seed, "n": n, "p": p, "q": q,
            "correlation": floats(pdist(x, "correlation")), "cosine": floats(pdist(x, "cosine")),
            "euclidean": floats(pdist(x)), "squared euclidean": floats(pdist(x, "sqeuclidean") / p),
            "rsa": rsa(x, y), "rsa_cv": np.mean(cv), "rsa_cv_error": np.std(cv) / np.sqrt(10),
            "cka": cka(x, y, hsic_unbiased), "cka_biased": cka(x, y, hsic_biased), "procrustes": procrustes(x, y),
            "procrustes_half": procrustes(x[: n // 2], y[: n // 2]),
        })
    return cases


out["comparisons"] = comparisons()


def brain_score(n, m):
    """The data of the unit tests of Brain-Score's CKA: uniform, seeds 1 and 2."""
    x, y = (np.random.RandomState(s).uniform(size=(n, m)) for s in (1, 2))
    return {"n": n, "m": m, "unbiased": cka(x, y, hsic_unbiased), "biased": cka(x, y, hsic_biased)}


out["brain_score_cka"] = [brain_score(300, 10), brain_score(1000, 10000)]


def trials():
    """9 stimuli × 5 repetitions × 6 neuroids with correlated noise; the second has missing trials."""
    r = np.random.RandomState(8)
    signal = 2 * r.standard_normal(54).reshape(9, 1, 6)
    mix = r.standard_normal(36).reshape(6, 6)
    a = signal + r.standard_normal(270).reshape(9, 5, 6) @ mix
    b = a.copy()
    b[1, 4] = b[2, 3] = b[2, 4] = b[5, 0] = b[7, 2] = np.nan
    return a, b


def shrunk(residuals, dof):
    """rsatoolbox's shrinkage_diag (Schäfer & Strimmer 2005)."""
    n = len(residuals)
    s = residuals.T @ residuals / dof
    sd = np.sqrt(np.diag(s))
    first = residuals.T @ residuals / np.outer(sd, sd) / (n - 1)
    second = (residuals**2).T @ (residuals**2) / np.outer(sd, sd) ** 2 / (n - 1)
    off = ~np.eye(len(s), dtype=bool)
    lam = np.sum(n / dof**2 * (second - first**2)[off]) / np.sum(first[off] ** 2)
    lam = max(0, min(1, lam))
    return s * np.where(off, 1 - lam, 1), lam


def crossnobis(a, noise):
    n, reps, q = a.shape
    there = ~np.isnan(a).any(2)
    residuals = np.concatenate([a[i][there[i]] - a[i][there[i]].mean(0) for i in range(n)])
    covariance, lam = shrunk(residuals, len(residuals) - n)
    if noise == "none":
        covariance = np.eye(q)
    if noise == "diagonal":
        covariance = np.diag(np.diag(covariance))
    precision = np.linalg.inv(covariance)
    d = []
    for i in range(n):
        for j in range(i + 1, n):
            values = [
                (a[i, r] - a[j, r]) @ precision @ (a[i, s] - a[j, s]) / q
                for r in range(reps) for s in range(reps)
                if r != s and there[i, r] and there[j, r] and there[i, s] and there[j, s]
            ]
            d.append(np.mean(values))
    return floats(d), lam


out["crossnobis"] = []
for a in trials():
    case = {"trials": [None if np.isnan(v) else float(v) for v in np.ravel(a)]}
    for noise in ("none", "diagonal", "shrunk covariance"):
        case[noise], case["shrinkage"] = crossnobis(a, noise)
    out["crossnobis"].append(case)


def rsa_ceiling():
    """Four subjects with 10 stimuli: a common matrix and noise."""
    r = np.random.RandomState(4)
    common = r.standard_normal(45)
    subjects = [common + r.standard_normal(45) for _ in range(4)]
    upper = [spearmanr(s, np.mean(subjects, 0))[0] for s in subjects]
    lower = [spearmanr(s, np.mean(subjects[:i] + subjects[i + 1 :], 0))[0] for i, s in enumerate(subjects)]
    return {"subjects": [floats(s) for s in subjects], "upper": np.mean(upper), "lower": np.mean(lower)}


out["rsa_ceiling"] = rsa_ceiling()

with open("similarity.json", "w") as f:
    json.dump(out, f, indent=None, separators=(",", ":"))
    f.write("\n")
print(out["versions"], [c["rsa"] for c in out["comparisons"]], out["brain_score_cka"])
