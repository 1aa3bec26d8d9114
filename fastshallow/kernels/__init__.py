"""What is compiled: SIMD vectors as Numba values, mathematics on them, and the step of a network made of both."""
