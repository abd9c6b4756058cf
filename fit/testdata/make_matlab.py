"""Writes a file as MATLAB 7.3 does: HDF5 behind a user block of 512 bytes, axes reversed, cells as references.

Made with h5py 3.7.0, numpy 1.24.2:  python3 make_matlab.py

matlab.mat    in MATLAB: spikes (stimulus 4 × repetition 3 × neuroid 2) = 100 stimulus + 10 repetition + neuroid,
              stimulus_id {'gräser'; 'b'; 'c'; 'd d'}, region ['V1 '; 'MT '], depth [0.5 1.25], mixed {1; 'x'; ...}
"""
import h5py
import numpy as np

x = 100.0 * np.arange(4)[:, None, None] + 10 * np.arange(3)[:, None] + np.arange(2)
with h5py.File("matlab.mat", "w", userblock_size=512) as f:
    g = f.create_group("session")
    cells = f.create_group("#refs#")

    def put(group, name, data, kind):
        d = group.create_dataset(name, data=np.asarray(data).T)  # the axes in reverse
        d.attrs["MATLAB_class"] = np.bytes_(kind)
        return d

    def text(rows):
        width = max(len(r) for r in rows)
        return np.array([[ord(c) for c in r.ljust(width)] for r in rows], "u2")

    def cell(name, contents):
        d = g.create_dataset(name, (1, len(contents)), h5py.ref_dtype)
        for i, c in enumerate(contents):
            if isinstance(c, str):
                target = put(cells, "%s%d" % (name, i), text([c]), "char")
            else:
                target = put(cells, "%s%d" % (name, i), [[c]], "double")
            d[0, i] = target.ref
        d.attrs["MATLAB_class"] = np.bytes_("cell")

    put(g, "spikes", x, "double")
    cell("stimulus_id", ["gräser", "b", "c", "d d"])
    cell("mixed", [1.0, "x", "y", "z"])
    put(g, "region", text(["V1", "MT "]), "char")
    put(g, "depth", [[0.5, 1.25]], "double")
    put(g, "window", [[70.0]], "double")
with open("matlab.mat", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created by h5py HDF5 schema 1.00 .".ljust(116) + b"\0" * 8 + b"\x00\x02IM")
