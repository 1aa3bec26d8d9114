"""Kernels for registers of 256 bits, whatever the processor has: settings of a process, before it imports Numba."""

AVX2 = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx2,+fma,+avx,+sse4.2,+sse4.1,+ssse3,+sse3,+sse2,+bmi,+bmi2,+popcnt",
}
