"""Writes fit.json, the golden values of the tests of package fit.

Made with numpy 1.24.2, scikit-learn 1.2.1, scipy 1.10.1:  python3 make_fit.py
Inputs come from numpy's RandomState, which the Go tests reproduce.
"""
import json
import warnings

import numpy as np
import scipy
import sklearn
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.model_selection import (GridSearchCV, GroupKFold, GroupShuffleSplit, KFold, ShuffleSplit, StratifiedKFold,
                                     StratifiedShuffleSplit)

warnings.simplefilter("ignore")
out = {"versions": {"numpy": np.__version__, "sklearn": sklearn.__version__, "scipy": scipy.__version__}}


def random_state(seed):
    r = np.random.RandomState(seed)
    raw = r.get_state()
    first = [int(v) for v in np.random.RandomState(seed)._bit_generator.random_raw(5)]
    many = np.random.RandomState(seed)._bit_generator.random_raw(2000)
    return {
        "seed": seed,
        "first": first,
        "output2000": int(many[-1]),
        "permutations": [[int(v) for v in r.permutation(n)] for n in (1, 2, 3, 17, 64, 65)],
        "normal": [float(v) for v in r.standard_normal(5)],
    }


out["random_state"] = [random_state(s) for s in (0, 1, 12345, 2**32 - 2)]


def pairs(splits):
    return [{"train": [int(i) for i in a], "test": [int(i) for i in b]} for a, b in splits]


# Class sizes with many equal remainders, in mixed order.
sizes = [7, 7, 7, 5, 5, 2, 11, 3, 3, 13]
labels = [chr(ord("k") - c) + "x" * (c % 3) for c, n in enumerate(sizes) for _ in range(n)]
labels = [labels[i] for i in np.random.RandomState(3).permutation(len(labels))]
groups = ["movie%02d" % (i * i % 13) for i in range(70)]
many = ["g%02d" % v for v in np.random.RandomState(5).randint(0, 60, 240)]  # 60 groups, many of equal size
n = len(labels)
out["splits"] = {
    "labels": labels,
    "groups": groups,
    "many": many,
    "kfold": {
        "25_10_1": pairs(KFold(10, shuffle=True, random_state=1).split(np.zeros(25))),
        "63_4_0": pairs(KFold(4, shuffle=True, random_state=0).split(np.zeros(63))),
    },
    "stratified_kfold": {
        "10_1": pairs(StratifiedKFold(10, shuffle=True, random_state=1).split(np.zeros(n), labels)),
        "3_7": pairs(StratifiedKFold(3, shuffle=True, random_state=7).split(np.zeros(n), labels)),
    },
    "group_kfold": {
        "3": pairs(GroupKFold(3).split(np.zeros(70), groups=groups)),
        "10_many": pairs(GroupKFold(10).split(np.zeros(240), groups=many)),
    },
    "shuffle": {
        "25_0.9_1": pairs(ShuffleSplit(10, train_size=0.9, random_state=1).split(np.zeros(25))),
        "63_0.5_0": pairs(ShuffleSplit(3, train_size=0.5, random_state=0).split(np.zeros(63))),
    },
    "stratified": {
        "0.8_1": pairs(StratifiedShuffleSplit(10, train_size=0.8, random_state=1).split(np.zeros(n), labels)),
        "0.6_7": pairs(StratifiedShuffleSplit(3, train_size=0.6, random_state=7).split(np.zeros(n), labels)),
    },
    "group": {
        "0.9_1": pairs(GroupShuffleSplit(10, train_size=0.9, random_state=1).split(np.zeros(70), groups=groups)),
        "0.5_4": pairs(GroupShuffleSplit(3, train_size=0.5, random_state=4).split(np.zeros(70), groups=groups)),
    },
}


def brain_score():
    r = np.random.RandomState(0)
    x = (np.arange(750) + r.standard_normal(750)).reshape(30, 25)
    classes = ["a", "b", "c"] * 10
    splits = list(StratifiedShuffleSplit(10, train_size=0.9, random_state=1).split(x, classes))
    medians = []
    for train, test in splits:
        y = Ridge(alpha=1).fit(x[train], x[train]).predict(x[test])
        medians.append(np.median([pearsonr(x[test][:, j], y[:, j])[0] for j in range(25)]))
    return {"score": np.mean(medians), "error": np.std(medians) / np.sqrt(10), "medians": medians, "splits": pairs(splits)}


out["brain_score"] = brain_score()


def problem(kind, seed, n, p, q):
    """noise: X and Y independent; smooth: few latent dimensions of decaying variance drive both."""
    r = np.random.RandomState(seed)
    if kind == "noise":
        return r.standard_normal(n * p).reshape(n, p), r.standard_normal(n * q).reshape(n, q)
    k = 30
    z = r.standard_normal(n * k).reshape(n, k) / (1 + np.arange(k))
    x = z @ r.standard_normal(k * p).reshape(k, p) + 0.05 * r.standard_normal(n * p).reshape(n, p) + 3
    y = z @ r.standard_normal(k * q).reshape(k, q) + 0.1 * r.standard_normal(n * q).reshape(n, q) - 2
    return x, y


def least_norm(x, y, test):
    """Least squares. Not LinearRegression: with n < p that keeps the singular value of the centred-out
    direction, 4e-16 of the largest, and so adds rounding errors of some percent to its predictions."""
    mx, my = x.mean(0), y.mean(0)
    return (test - mx) @ (np.linalg.pinv(x - mx, rcond=1e-10) @ (y - my)) + my


alphas = [0.01, 1.0, 30.0, 100.0, 1e3, 1e4, 1e6]
out["alphas"] = alphas
out["regressions"] = []
for kind in ("noise", "smooth"):
    for seed, n, p, q in ((11, 90, 40, 6), (12, 50, 130, 6), (13, 60, 60, 1)):
        x, y = problem(kind, seed, n, p, q)
        train, test = np.arange(0, n - 10), np.arange(n - 10, n)
        pls = PLSRegression(25, scale=False).fit(x[train], y[train])
        each = RidgeCV(alphas, alpha_per_target=True).fit(x[train], y[train])
        shared = RidgeCV(alphas).fit(x[train], y[train])
        folds = KFold(5, shuffle=True, random_state=1)
        search = lambda model, grid, y: GridSearchCV(model, grid, cv=folds, scoring="neg_mean_squared_error").fit(x[train], y)
        per_target = [search(Ridge(), {"alpha": alphas}, y[train, j:j + 1]) for j in range(q)]
        fold_shared = search(Ridge(), {"alpha": alphas}, y[train])
        cv = RidgeCV(alphas, cv=folds, scoring="neg_mean_squared_error").fit(x[train], y[train])
        assert cv.alpha_ == fold_shared.best_params_["alpha"]
        assert np.allclose(cv.predict(x[test]), fold_shared.predict(x[test]), rtol=1e-12)
        pls_cv = search(PLSRegression(scale=False), {"n_components": range(1, 11)}, y[train])
        full = least_norm(x[train], y[train], x[test])
        if n - 10 > p:
            assert np.allclose(full, LinearRegression().fit(x[train], y[train]).predict(x[test]), rtol=1e-10)
        values = lambda m: [[float(v) for v in row] for row in m.reshape(10, q)]
        rows = lambda m: values(m.predict(x[test]))
        out["regressions"].append({
            "kind": kind, "seed": seed, "n": n, "p": p, "q": q,
            "pls": rows(pls), "iterations": [int(i) for i in pls.n_iter_],
            "ridge": rows(Ridge(alpha=1).fit(x[train], y[train])),
            "ridgecv": rows(each), "alphas": [float(a) for a in np.ravel(each.alpha_)],
            "ridgecv_shared": rows(shared), "alpha": float(shared.alpha_),
            "linear": values(full),
            "each_pls": [rows(PLSRegression(k, scale=False).fit(x[train], y[train])) for k in range(1, 26)],
            "plscv": rows(pls_cv), "plscv_components": int(pls_cv.best_params_["n_components"]),
            "ridgecv_folds": values(np.hstack([m.predict(x[test]).reshape(10, 1) for m in per_target])),
            "alphas_folds": [float(m.best_params_["alpha"]) for m in per_target],
            "ridgecv_folds_shared": rows(fold_shared), "alpha_folds": float(fold_shared.best_params_["alpha"]),
        })


def ceiling():
    """Internal consistency of 12 stimuli × 7 repetitions × 5 neuroids, a fifth of the trials missing."""
    r = np.random.RandomState(21)
    signal = r.standard_normal(60).reshape(12, 1, 5)
    a = signal + r.standard_normal(420).reshape(12, 7, 5)
    missing = r.standard_normal(84).reshape(12, 7) > 0.85
    a[missing] = np.nan
    raw, corrected = [], []
    for first, second in ShuffleSplit(10, train_size=0.5, random_state=1).split(np.arange(7)):
        u, v = np.nanmean(a[:, first], 1), np.nanmean(a[:, second], 1)
        both = ~np.isnan(u[:, 0]) & ~np.isnan(v[:, 0])
        c = np.array([pearsonr(u[both, j], v[both, j])[0] for j in range(5)])
        raw.append(c)
        corrected.append(2 * c / (1 + c))
    medians = np.median(corrected, axis=1)
    return {"ceiling": medians.mean(), "error": medians.std() / np.sqrt(10), "medians": list(medians),
            "per_neuroid": list(np.median(corrected, axis=0)), "reliability": list(np.mean(raw, axis=0))}


out["ceiling"] = ceiling()


def brain_score_alphas():
    a = [0.01, 0.1, 0.5, 1.0] + list(np.linspace(10, 100, 4, endpoint=False))
    for lo in (1e2, 1e3, 1e4, 1e5):
        a += list(np.linspace(lo, 10 * lo, 18, endpoint=False))
    return a + list(np.linspace(1e6, 1e7, 19))


out["brain_score_alphas"] = brain_score_alphas()

with open("fit.json", "w") as f:
    json.dump(out, f, indent=None, separators=(",", ":"))
    f.write("\n")
print(out["versions"], out["brain_score"]["score"], out["brain_score"]["error"])
