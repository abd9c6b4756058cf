"""Writes the golden arrays of this folder. Made with Python 3.11.2, numpy 1.24.2: /usr/bin/python3 make_npy.py

Every array holds, in C order, the values that npy_test.go lists; the file's name says how they are stored.
"""
import struct

import numpy as np
from numpy.lib import format as npy

values = np.arange(24).reshape(2, 3, 4)

for order, letter in (("<", "le"), (">", "be")):
    for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        np.save(f"{code}_{letter}.npy", values.astype(order + code))
        np.save(f"{code}_{letter}_fortran.npy", np.asfortranarray(values.astype(order + code)))
np.save("b1.npy", values % 3 == 0)
np.save("b1_fortran.npy", np.asfortranarray(values % 3 == 0))

np.save("scalar.npy", np.float64(2.5))
np.save("vector.npy", np.arange(3, dtype="<f4"))
np.save("empty.npy", np.zeros((0, 5), "<f4"))
np.save("empty_fortran.npy", np.asfortranarray(np.zeros((5, 0, 2), "<f4")))
np.save("matrix_fortran.npy", np.asfortranarray(np.arange(6, dtype="<f8").reshape(2, 3)))

for version in ((1, 0), (2, 0), (3, 0)):
    with open(f"version{version[0]}.npy", "wb") as f:
        npy.write_array(f, values.astype("<f4"), version)

# Every finite and infinite half, in the order of its bits, beside what numpy makes of it.
bits = np.arange(1 << 16, dtype="<u2")
bits = bits[~np.isnan(bits.view("<f2"))][::37]
np.save("halves.npy", bits.view("<f2"))
np.save("halves_as_f4.npy", bits.view("<f2").astype("<f4"))

np.save("special.npy", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308]))

np.save("text.npy", np.array(["a", "bc"]))
np.save("bytes.npy", np.array([b"a", b"bc"]))
np.save("complex.npy", np.array([1j]))
np.save("structured.npy", np.zeros(2, [("a", "<f4"), ("b", "<i8")]))
np.save("date.npy", np.array(["2021-12-06"], "datetime64[D]"))
np.save("object.npy", np.array([None, 1], object), allow_pickle=True)


def handmade(name, header):
    """A file whose header is the given text, with the six elements 0 … 5 as <f4."""
    with open(name, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin1"))
        f.write(np.arange(6, dtype="<f4").tobytes())


# np.load reads all of these as shape (2, 3).
handmade("no_trailing_comma.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n")
handmade("reordered.npy", "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}\n")
handmade("double_quotes.npy", '{"descr": "<f4", "fortran_order": False, "shape": (2, 3), }\n')
handmade("no_spaces.npy", "{'descr':'<f4','fortran_order':False,'shape':(2,3,)}")
handmade("python2.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n")
for name in ("no_trailing_comma", "reordered", "double_quotes", "no_spaces", "python2"):
    assert np.load(name + ".npy").shape == (2, 3), name

arrays = {"layer1.0.conv1.weight": values.astype("<f4"), "fc/bias": np.arange(10.0), "epoch": np.int64(7)}
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays, zeros=np.zeros((100, 100)))
