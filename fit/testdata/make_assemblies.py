"""Writes small files of recordings in the layouts that the reader meets.

Made with netCDF4 1.6.2, h5py 3.7.0, numpy 1.24.2:  python3 make_assemblies.py

assembly.nc   as Brain-Score publishes assemblies: netCDF-4, neuroid first, presentations, two time
              bins, coordinates along placeholder dimensions
responses.h5  plain HDF5: axes in an attribute, names beside the array, compressed
"""
import h5py
import netCDF4
import numpy as np

# value = 1000 image + 100 repetition + 10 neuroid + time bin; image 2 has no repetition 1
images, repetitions = ["im0", "im1", "im2"], [0, 1]
shown = [(i, r) for r in repetitions for i in (2, 0, 1) if (i, r) != (2, 1)]
regions = ["V4", "IT", "IT", "V4"]
with netCDF4.Dataset("assembly.nc", "w") as f:
    for name, size in (("neuroid", 4), ("presentation", len(shown)), ("time_bin", 2)):
        f.createDimension(name, size)

    def coordinate(name, kind, dim, values):
        v = f.createVariable(name, kind, (dim,))
        v[:] = np.array(values, dtype=object if kind is str else kind)

    coordinate("neuroid_id", str, "neuroid", ["site%d" % n for n in range(4)])
    coordinate("region", str, "neuroid", regions)
    coordinate("x", "f8", "neuroid", [0.5, 1.5, 2.5, 3.5])
    coordinate("image_id", str, "presentation", [images[i] for i, _ in shown])
    coordinate("repetition", "i8", "presentation", [r for _, r in shown])
    coordinate("time_bin_start", "i8", "time_bin", [70, 120])
    v = f.createVariable("lab.Name2020", "f4", ("neuroid", "presentation", "time_bin"), fill_value=np.nan, zlib=True)
    v.coordinates = "neuroid_id region x image_id repetition time_bin_start"
    v[:] = [[[1000 * i + 100 * r + 10 * n + t for t in (0, 1)] for i, r in shown] for n in range(4)]

with h5py.File("responses.h5", "w") as f:
    a = np.arange(24, dtype="f4").reshape(4, 3, 2)  # stimulus, repetition, neuroid
    a[1, 2] = np.nan
    d = f.create_dataset("responses", data=a, compression="gzip", shuffle=True)
    d.attrs["dimensions"] = "stimulus,repetition,neuroid"
    f["stimulus_id"] = np.array(["s%d" % i for i in range(4)], dtype=h5py.string_dtype())
    f["neuroid_id"] = np.array([b"u1", b"u2"])
    f["region"] = np.array(["V1", "V1"], dtype=h5py.string_dtype())
    f.create_dataset("raw/spikes", data=np.arange(6).reshape(2, 3))
