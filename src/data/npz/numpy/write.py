"""Writes the archives beside it, which the tests of npz.rs read. Run once, with NumPy 2."""

import zipfile

import numpy as np

KINDS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]

arrays = {"b1": np.array([[True, False, True], [False, False, True]])}
for kind in KINDS:
    limits = np.iinfo(kind)
    # 64-bit limits are no float64: these become the nearest ones.
    values = np.array([[limits.min, 0, 1], [2, 3, limits.max]], dtype=kind)
    arrays[kind] = values
for kind in ["f4", "f8"]:
    arrays[kind] = np.array([[0.1, -0.0, 1e-40], [np.inf, -np.inf, np.nan]], dtype=kind)
for kind in KINDS[1:4] + KINDS[5:] + ["f4", "f8"]:
    arrays["big_" + kind] = arrays[kind].astype(">" + kind)
arrays["fortran"] = np.asfortranarray(np.arange(24, dtype="f4").reshape(2, 3, 4))
arrays["big_fortran"] = np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3))
arrays["scalar"] = np.array(7.5)
arrays["empty"] = np.zeros((0, 3))
np.savez("stored.npz", **arrays)
np.savez_compressed("compressed.npz", **arrays)

with zipfile.ZipFile("versions.npz", "w") as archive:
    for version in [(1, 0), (2, 0), (3, 0)]:
        with archive.open(f"version{version[0]}.npy", "w") as member:
            np.lib.format.write_array(member, np.arange(6.0).reshape(2, 3), version)

np.savez(
    "refused.npz",
    objects=np.array([1, "a"], dtype=object),
    text=np.array(["a", "bc"]),
    bytes=np.array([b"a", b"bc"]),
    complex=np.array([1j]),
    half=np.array([1.0], dtype="f2"),
    records=np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    dates=np.array(["2020-01-01"], dtype="datetime64[D]"),
)
