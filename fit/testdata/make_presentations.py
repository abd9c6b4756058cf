"""Averages repetitions as Brain-Score's average_repetition does, for the order of its groups.

Made with netCDF4 1.6.2, xarray 2023.01.0, pandas 1.5.3, numpy 1.24.2:  python3 make_presentations.py

presentations.nc    presentations × neuroids × 3 time bins; the file has the coordinates of presentations in this
                    order: size (float), object_name, repetition, image_id, background (int); with missing trials
presentations.json  the stimuli and their mean responses: groups by the tuple of all coordinates of presentations but
                    repetition, in the order in which xarray lists them, which is the file's; sorted by the tuple
"""
import json

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

rng = np.random.default_rng(7)
stimuli = ["im%02d" % i for i in rng.permutation(12)]
size = dict(zip(stimuli, [2.0, 10.0, -1.5] * 4))
kind = dict(zip(stimuli, ["Zebra", "apple", "Éclair", "car"] * 3))
background = dict(zip(stimuli, [9, 10, 100] * 4))
shown = [(s, r) for s in stimuli for r in range(rng.integers(2, 5))]
shown = [shown[i] for i in rng.permutation(len(shown))]
values = rng.normal(10, 3, (3, len(shown), 3)).astype("f4")
values[:, rng.random(len(shown)) < 0.2, 1] = np.nan
values[0, 4, :] = np.nan

with netCDF4.Dataset("presentations.nc", "w") as f:
    for name, n in (("neuroid", 3), ("presentation", len(shown)), ("time_bin", 3)):
        f.createDimension(name, n)

    def coordinate(name, dtype, dim, content):
        f.createVariable(name, dtype, (dim,))[:] = np.array(content, dtype=object if dtype is str else dtype)

    coordinate("neuroid_id", str, "neuroid", ["n0", "n1", "n2"])
    coordinate("size", "f8", "presentation", [size[s] for s, _ in shown])
    coordinate("object_name", str, "presentation", [kind[s] for s, _ in shown])
    coordinate("repetition", "i8", "presentation", [r for _, r in shown])
    coordinate("image_id", str, "presentation", [s for s, _ in shown])
    coordinate("background", "i8", "presentation", [background[s] for s, _ in shown])
    coordinate("time_bin_start", "i8", "time_bin", [50, 70, 120])
    coordinate("time_bin_end", "i8", "time_bin", [70, 120, 170])
    v = f.createVariable("lab.Name2021", "f4", ("neuroid", "presentation", "time_bin"), fill_value=np.nan)
    v.coordinates = "background image_id neuroid_id object_name repetition size time_bin_end time_bin_start"
    v[:] = values

a = xr.open_dataarray("presentations.nc").transpose("presentation", "neuroid", "time_bin")
by = [n for n, c in a.coords.items() if c.dims == ("presentation",) and n != "repetition"]
mean = a.astype("f8").isel(time_bin=[1, 2]).mean("time_bin", skipna=True)  # 70 to 170 ms
table = pd.DataFrame(mean.values, columns=mean["neuroid_id"].values)
keys = [pd.Series(a[n].values) for n in by]
groups = table.groupby([k.rename(n) for k, n in zip(keys, by)], sort=True).mean()
with open("presentations.json", "w") as f:
    json.dump({
        "by": by,
        "stimuli": list(groups.index.get_level_values("image_id")),
        "mean_70_170": groups.values.tolist(),
    }, f)
    f.write("\n")
