"""Other processors than this one, as far as this one can run their code: settings of Numba's for a process.

`python tests/machines.py` prints those of narrower vector registers than this processor has, a line each for `env`.
"""

import llvmlite.binding

AVX2_FEATURES = "+avx2,+fma,+avx,+sse4.2,+sse4.1,+ssse3,+sse3,+sse2,+bmi,+bmi2,+popcnt"
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": AVX2_FEATURES}
SSE2 = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
HOST = llvmlite.binding.get_host_cpu_features()  # whatever Numba is told
MACHINES = {bits: machine for bits, need, machine in ((128, "sse2", SSE2), (256, "avx2", AVX2)) if HOST.get(need)}

if __name__ == "__main__":
    widest = 512 if HOST.get("avx512f") else max(MACHINES, default=0)
    for bits, machine in MACHINES.items():
        if bits < widest:
            print(*(f"{name}={value}" for name, value in machine.items()))
