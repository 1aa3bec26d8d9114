"""What is compiled: SIMD vectors as Numba values, mathematics on them, and the step of a network made of both."""

CACHE = 2**20  # bytes of a core's second-level cache that a tile of examples may fill
MANY = 128  # features from which on few hidden units read them where they are, without a copy
