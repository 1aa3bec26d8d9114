"""Submissions that must fail, and why."""

from ..format import Wrong

BODY = "    A = np.empty(Z.shape, np.float32)\n    fill(Z, A)\n"
WRONG = (
    Wrong("from exp", "are subtracted near 0", {BODY: "    E = np.exp(-2 * Z)\n    A = (1 - E) / (1 + E)\n"}),
    Wrong("no limit", "is not limited", {"z = END if z > END else z": "", "z = -END if z < -END else z": ""}),
    Wrong("NumPy's own", "uses tanh", {BODY: "    A = np.tanh(Z)\n"}),
    Wrong("NaN lost", "NaN", {"z = END if z > END else z": "z = z if z < END else END"}),
    Wrong("Taylor", "Taylor series", {"A[j, t] = z * p / q": "A[j, t] = z - z * s / np.float32(3)"}),
    Wrong("float64", "should stay float32", {"Z.shape, np.float32": "Z.shape, np.float64"}),
    Wrong(
        "float64 within", "lanes of float64", {"END = np.float32(9)": "END = 9.0", "np.float32(c) for": "float(c) for"}
    ),
)
