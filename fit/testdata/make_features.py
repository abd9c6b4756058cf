"""Writes features_*.h5, features that a reader must not take as they lie there: arrays
of one name in two groups, whose stimuli are in another order, and a fill value.

Made with h5py 3 (python3 make_features.py).
"""
import h5py
import numpy as np

ids = np.array(["a", "b", "c"], object)
x = np.arange(6.0).reshape(3, 2)
for name, order in [("features_groups.h5", [0, 1, 2]), ("features_orders.h5", [2, 0, 1])]:
    with h5py.File(name, "w") as f:
        f["early/features"], f["early/stimulus_id"] = x, ids
        f["late/features"], f["late/stimulus_id"] = 10 + x[order], ids[order]
x[1, 1] = -9999
with h5py.File("features_fill.h5", "w") as f:
    f["conv"] = x
    f["conv"].attrs["_FillValue"] = -9999.0
