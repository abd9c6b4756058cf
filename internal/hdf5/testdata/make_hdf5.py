"""Writes the golden files of this folder. Made with Python 3.11.2, h5py 3.7.0, netCDF4 1.6.2, numpy 1.24.2, HDF5 1.10.8:
/usr/bin/python3 make_hdf5.py

golden_test.go lists what they hold.
"""
import h5py
import netCDF4
import numpy as np

vlen_utf8 = h5py.string_dtype("utf-8")
vlen_ascii = h5py.string_dtype("ascii")


def assembly():
    """A netCDF-4 file laid out as Brain-Score's: a data variable, coordinates of presentations and neuroids, dimensions without
    coordinate (placeholders), one that is its own coordinate (time_bin), a variable named like a dimension it does not lie on."""
    with netCDF4.Dataset("assembly.nc", "w") as f:
        f.createDimension("neuroid", 4)
        f.createDimension("presentation", 6)
        f.createDimension("time_bin", 2)
        f.createDimension("x", 3)
        data = f.createVariable("dicarlo.Test", "f4", ("neuroid", "presentation", "time_bin"), zlib=True, shuffle=True,
                                chunksizes=(2, 3, 2), fill_value=np.float32(np.nan))
        values = np.arange(48, dtype="f4").reshape(4, 6, 2)
        values[1, 2, 0] = np.nan
        data[:] = values
        data.coordinates = "neuroid_id region image_id repetition"
        for i in range(12):  # more than eight attributes are stored densely
            data.setncattr(f"note{i}", f"note {i}")
        data.setncattr("window", np.array([70.0, 170.0]))
        data.identifier = "dicarlo.Tést"
        neuroid = f.createVariable("neuroid_id", str, ("neuroid",))
        region = f.createVariable("region", str, ("neuroid",))
        image = f.createVariable("image_id", str, ("presentation",), chunksizes=(2,))
        repetition = f.createVariable("repetition", "i8", ("presentation",), fill_value=np.iinfo("i8").min + 2)
        for i in range(4):
            neuroid[i] = f"Chabo_L_M_{i}_µ"
            region[i] = ["IT", "V4"][i % 2]
        for i in range(6):
            image[i] = "image%02d" % (i // 2) * (i + 1)
        repetition[:] = np.ma.masked_array(np.arange(6) % 2, mask=[0, 0, 0, 0, 0, 1])
        time_bin = f.createVariable("time_bin", "i8", ("time_bin",))
        time_bin[:] = [70, 170]
        f.createVariable("x", "f8", ("neuroid",))[:] = [0.5, 1.5, 2.5, 3.5]
        f.createVariable("grid", "i2", ("x",))[:] = [1, 2, 3]
        group = f.createGroup("more")
        group.createVariable("array", "f8", ("presentation",))[:] = np.arange(6) / 4


def strings():
    words = ["", "a", "tree", "Bäume", "日本語"]
    with h5py.File("strings.h5", "w") as f:
        f.create_dataset("variable_utf8", data=words, dtype=vlen_utf8)
        f.create_dataset("variable_ascii", data=["", "a", "tree"], dtype=vlen_ascii)
        f.create_dataset("variable_chunked", data=[words] * 3, dtype=vlen_utf8, chunks=(1, 2), compression="gzip", shuffle=True)
        f.create_dataset("variable_scalar", data="one", dtype=vlen_utf8)
        f.create_dataset("variable_unwritten", (3,), dtype=vlen_utf8)
        f.create_dataset("null_padded", data=np.array([b"", b"a", b"tree", b"four!!"]))
        f.create_dataset("fixed_scalar", data=np.bytes_(b"one"))
        for name, padding in (("null_terminated", h5py.h5t.STR_NULLTERM), ("space_padded", h5py.h5t.STR_SPACEPAD)):
            kind = h5py.h5t.C_S1.copy()
            kind.set_size(6)
            kind.set_strpad(padding)
            kind.set_cset(h5py.h5t.CSET_UTF8)
            fill = b" " if padding == h5py.h5t.STR_SPACEPAD else b"\0"
            raw = np.array([w.ljust(6, fill) for w in (b"", b"a", b"tree", "Bäu".encode())], "S6")
            space = h5py.h5s.create_simple((4,))
            h5py.h5d.create(f.id, name.encode(), kind, space).write(space, space, raw, mtype=kind)
        f.create_dataset("latin1", data=np.array([b"caf\xe9"]))
        d = f["variable_utf8"]
        d.attrs["variable"] = "Bäume"
        d.attrs["fixed"] = np.bytes_(b"tree")
        d.attrs.create("variables", ["a", "Bäume", ""], dtype=vlen_utf8)
        d.attrs["fixeds"] = np.array([b"a", b"bc"])
        d.attrs["none"] = h5py.Empty(vlen_utf8)
        d.attrs["number"] = 2.5
        d.attrs["integers"] = np.array([1, -2, 3], "i2")


def numbers():
    with h5py.File("numbers.h5", "w") as f:
        for code in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
            for order, word in (("<", "little"), (">", "big")):
                f[f"{word}/{code}"] = np.arange(6).reshape(2, 3).astype(order + code)
        f["negative"] = np.array([-128, -1, 0, 127], "i1")
        f["special"] = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308])
        f["half"] = np.array([65504, -2.0**-24, np.inf, 1 / 3], "f2")
        f["truth"] = np.array([True, False, True])
        f["scalar"] = 2.5
        f["scalar_integer"] = np.int32(-7)
        f["empty"] = np.zeros((0, 5), "f4")
        f["null"] = h5py.Empty("f8")
        f["large"] = np.array([2**53, 2**53 + 1, -(2**62)], "i8")
        f["largest"] = np.array([1, 2**63], "u8")
        f["complex"] = np.array([1j])
        f["records"] = np.zeros(2, [("a", "f4"), ("b", "i8")])
        f["references"] = np.array([f["scalar"].ref], h5py.ref_dtype)
        f.create_dataset("chunked", data=np.arange(20 * 30.0).reshape(20, 30), chunks=(7, 11), compression="gzip", shuffle=True,
                         fletcher32=True)
        f.create_dataset("unwritten", (4,), "f8", fillvalue=-1.5)
        f.create_dataset("sparse", (1 << 20, 1 << 20), "f8", chunks=(64, 64))
        f.create_dataset("compact_limit", (1 << 40,), "f4")
        f["cube"] = np.arange(24.0).reshape(2, 3, 4)


def scales():
    with h5py.File("scales.h5", "w") as f:
        f["data"] = np.zeros((2, 3, 4))
        f["axes/row"] = [10.0, 20.0]
        f["axes/row"].make_scale("the rows")
        f["other"] = [1.0, 2.0]
        f["other"].make_scale("other")
        f["data"].dims[0].attach_scale(f["axes/row"])
        f["data"].dims[0].attach_scale(f["other"])
        f["data"].dims[1].label = "degrees/s"
        f["square"] = np.zeros((2, 2))
        f["square"].make_scale("square")


def links():
    with h5py.File("links.h5", "w", libver=("v110", "v110"), track_order=True) as f:
        for i in range(60):
            f[f"many/d{i:02d}"] = np.int8(i)
        f["a/b/data"] = np.arange(3.0)
        f["a/b/up"] = f["a"]  # a cycle
        f["a/b/self"] = f["a/b"]
        f["again"] = f["a/b/data"]
        f["soft"] = h5py.SoftLink("/a/b/data")
        f["dangling"] = h5py.SoftLink("/nowhere")
        f["round"] = h5py.SoftLink("/round")
        f["external"] = h5py.ExternalLink("numbers.h5", "/scalar")


def superblocks():
    for version, libver in ((0, ("earliest", "v108")), (2, ("v108", "v108")), (3, ("v110", "v110"))):
        with h5py.File(f"superblock{version}.h5", "w", libver=libver) as f:
            f["x"] = np.arange(5.0)
        with open(f"superblock{version}.h5", "rb") as f:
            assert f.read(9)[8] == version
    with h5py.File("userblock.mat", "w", userblock_size=512) as f:
        f["x"] = np.arange(5.0)
        f["x"].attrs["MATLAB_class"] = np.bytes_(b"double")
    with open("userblock.mat", "r+b") as f:
        f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created by h5py HDF5 schema 1.00 .".ljust(116) + b"\0" * 8 + b"\x00\x02IM")


def elsewhere():
    with h5py.File("elsewhere.h5", "w") as f:
        f.create_dataset("external", (4,), "f8", external=[("elsewhere.raw", 0, 32)])
        layout = h5py.VirtualLayout((2, 3), "f8")
        layout[:] = h5py.VirtualSource("numbers.h5", "little/f8", (2, 3))
        f.create_virtual_dataset("virtual", layout)


for make in (assembly, strings, numbers, scales, links, superblocks, elsewhere):
    make()
