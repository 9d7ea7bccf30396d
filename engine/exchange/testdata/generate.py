# Writes the .npy files of this folder. They were written by NumPy 1.24.2; run it again only to add files.
import numpy as np
from numpy.lib import format

a = (np.arange(12).reshape(3, 4) - 5) / 4  # row i, column j: (4i + j − 5) / 4
np.save("f4.npy", a.astype("<f4"))
np.save("f8_fortran.npy", np.asfortranarray(a))
np.save("f2.npy", a.astype("<f2"))
np.save("big_endian.npy", a.astype(">f4"))
np.save("c8.npy", (a[:, 0::2] + 1j * a[:, 1::2]).astype("<c8"))
np.save("c16_fortran.npy", np.asfortranarray(a[:, 0::2] + 1j * a[:, 1::2]))
np.save("three_fortran.npy", np.asfortranarray(a.astype("<f4").reshape(3, 2, 2)))
np.save("one.npy", a[:, 0].astype("<f4"))
for version in ((2, 0), (3, 0)):
    with open(f"version{version[0]}.npy", "wb") as f:
        format.write_array(f, a.astype("<f4"), version=version)
np.save("integers.npy", np.arange(3))
np.save("objects.npy", np.array([{}]), allow_pickle=True)
np.save("fields.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<f4")]))
