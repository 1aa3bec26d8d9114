"""NumPy's exponential functions on SIMD vectors, at most 2 ulp from the true value.

One text serves float32 and float64, with or without FMA; only the polynomials' degrees differ (and with AVX-512,
float32's tanh comes from a table). Each reduces its argument to a short interval, exactly or with an error far below an
ulp, where a polynomial is near the minimax one: the interpolant at the Chebyshev nodes, its coefficients computed with
60 digits. Largest errors are those of all numbers of float32, and of millions of float64.
"""

from __future__ import annotations

import math

import numpy as np

from ..values import branch, define
from . import operators  # noqa: F401  what these formulas are written with
from .parts import (
    avx512,
    biased,
    biased_twice,
    copy_sign,
    every,
    exponent_of,
    make_constant,
    make_polynomial,
    mantissa,
    power_of_two,
    quotient,
    ratio,
    scalef,
    single,
    times_power_of_two,
    with_sign,
    without_sign,
)
from .tabulated import make_tabulated, root_power, root_power_rest

# (expm1(r) - r) / r**2 for |r| <= log(2) / 2
EXPM1_32 = (0.5, 0.1666657666611992831, 0.04166655421298415031, 0.008363232883682618197, 0.001392625083149761171)
EXPM1_64 = (
    0.5,
    0.1666666666666667103,
    0.04166666666666666978,
    0.00833333333332608312,
    0.001388888888888371117,
    0.0001984126987500227879,
    0.0000248015873256774619,
    2.755725517000088744e-6,
    2.755727347871858047e-7,
    2.510531272962210178e-8,
    2.091475532589320219e-9,
)
# ... and for |r| <= log(2) / 32, the minimax one of exp(r)
EXPM1_SHORT = (
    0.5000000000000006,
    0.16666666664413368,
    0.04166666665963314,
    0.008333472061934343,
    0.0013889129367903159,
)
# (log((1 + s) / (1 - s)) - 2 s) / s**3 as a polynomial of s**2, for |s| <= (sqrt(2) - 1) / (sqrt(2) + 1)
LOG_32 = (0.6666668618433947846, 0.3998831667174839217, 0.2960079483617938077)
LOG_64 = (
    0.6666666666666670144,
    0.3999999999988654517,
    0.2857142863179447552,
    0.2222221019444061703,
    0.1818295695260340933,
    0.1532948952668161309,
    0.1464376465293135391,
)
# ... and for 0 <= s <= 1 / 3
LOG1P_32 = (0.6666664032562869285, 0.4000756306525933425, 0.2823654665755772828, 0.2685202729399969586)
LOG1P_64 = (
    0.6666666666666665855,
    0.4000000000001459661,
    0.2857142856710506093,
    0.2222222271780178169,
    0.1818178941732644789,
    0.153855705929122436,
    0.1331413555088116286,
    0.1200115518285777869,
    0.08800317650868773469,
    0.1616493816947133862,
)
# r / tanh(r) as a polynomial of r**2, for 0 <= r <= log(2) / 2
TANH_32 = (1.0, 0.3333333220780988060, -0.02222053439375141451, 0.002078784978345472039)
TANH_64 = (
    1.0,
    0.3333333333333330233,
    -0.02222222222203635294,
    0.002116402098332767434,
    -0.0002116395686191011740,
    0.00002136743888807119532,
    -2.087166456509178932e-6,
)
LOG2_E = 1.4426950408889634
BELOW_HALF = 0.4999999  # rounds 0 to 0, beside an odd number
TANH_START, TANH_END = 0.625, 9.25  # of its table

expm1_polynomial = make_polynomial(EXPM1_32, EXPM1_64)
expm1_short_polynomial = make_polynomial((), EXPM1_SHORT)  # of float64 alone
tanh_polynomial = make_polynomial(TANH_32, TANH_64, chains=1)
log_polynomial = make_polynomial(LOG_32, LOG_64)
log1p_polynomial = make_polynomial(LOG1P_32, LOG1P_64)
log2 = make_constant(math.log(2.0), math.log(2.0))
# log(2) in two parts; the first has so few bits that its product with an exponent is exact
log2_high = make_constant(float.fromhex("0x1.62ep-1"), float.fromhex("0x1.62e42fefa0000p-1"))
log2_low = make_constant(0.00003194618494530941723, 1.646594958289708128e-12)
half_log2 = make_constant(0.5 * math.log(2.0), 0.5 * math.log(2.0))
# added to a small number, its last bits hold the nearest integer
magic = make_constant(1.5 * 2.0**23, 1.5 * 2.0**52)
exp_lowest = make_constant(-104.0, -746.0)  # beyond, exp is 0 and infinite
exp_highest = make_constant(89.0, 710.0)
expm1_lowest = make_constant(-18.0, -38.0)  # below, expm1 is -1
tanh_table = make_tabulated(np.tanh, TANH_START, TANH_END)
tanh_highest = make_constant(9.25, 19.25)  # beyond, tanh is 1
smallest_normal = make_constant(2.0**-126, 2.0**-1022)
subnormal_scale = make_constant(2.0**24, 2.0**53)
subnormal_exponent = make_constant(-24.0, -53.0)


# ---- functions -------------------------------------------------------------------------------------------------


def exp(x):
    # largest error: 1.14 ulp in float32, 0.97 in float64
    # exp(x) = 2**n exp(r), r = x - n log(2)
    x = np.minimum(np.maximum(x, exp_lowest(x)), exp_highest(x))
    y = x * LOG2_E + biased_twice(x)
    n = y - biased_twice(x)
    r = (x - n * log2_high(x)) - n * log2_low(x)
    return times_power_of_two(1.0 + (r + r * r * expm1_polynomial(r)), y)


def exp_by_table(x):
    # largest error: 0.79 ulp in float64, where the result is subnormal
    # exp(x) = 2**(n/16) exp(r), r = x - n log(2) / 16
    x = np.minimum(np.maximum(x, exp_lowest(x)), exp_highest(x))
    y = x * (16.0 * LOG2_E) + magic(x)
    n = y - magic(x)
    m = 0.0625 * n
    r = (x - m * log2_high(x)) - m * log2_low(x)
    t = root_power(y)
    return scalef(t + (t * (r + r * r * expm1_short_polynomial(r)) + root_power_rest(y)), m)


@define(np.exp)
def best_exp(x):
    return exp(x) if single(x) or not avx512(x.kind) else exp_by_table(x)


@define(np.expm1)
def expm1(x):
    # largest error: 1.77 ulp in float32, 1.87 in float64; 1.91 and 1.94 without FMA
    # 2**n expm1(r) + (2**n - 1), halved where 2**n would overflow
    z = np.minimum(np.maximum(x, expm1_lowest(x)), exp_highest(x))
    y = z * LOG2_E + biased(z)
    n = y - biased(z)
    r = (z - n * log2_high(z)) - n * log2_low(z)
    p = r + r * r * expm1_polynomial(r)
    half = power_of_two(y - 1.0)
    return np.where(n == 0.0, np.where(x == 0.0, x, p), 2.0 * (half * p + (half - 0.5)))


def tanh(x):
    # largest error: 1.56 ulp in float32, 1.72 in float64
    # tanh(u + r) = (tanh(u) + tanh(r)) / (1 + tanh(u) tanh(r)), |x| = u + r, 0 <= r < log(2) / 2, exp(2 u) = s = 2**n:
    # tanh(u) = (s - 1) / (s + 1), tanh(r) = r / q; above and below times q (s + 1) / 2, and nothing cancels
    # The denominator comes from the numerator t, whose rounding then counts less, the nearer to 1 tanh is
    # log(2) in one part: what n times its error changes is below 0.1 ulp, as tanh is the nearer to 1, the larger n
    size, sign = without_sign(x)
    z = np.minimum(size, tanh_highest(x))
    y = (z * (2.0 * LOG2_E) - BELOW_HALF) + biased(x)
    r = z - (y - biased(x)) * half_log2(x)
    q = tanh_polynomial(r * r)
    t = r + (0.5 * power_of_two(y) - 0.5) * (q + r)
    return with_sign(quotient(t, t + (q - r)), sign)


def tanh_by_table(x):
    # largest error: 1.50 ulp in float32
    size, sign = without_sign(x)
    return with_sign(tanh_table(np.minimum(size, TANH_END)), sign)


@define(np.tanh)
def best_tanh(x):
    return tanh_by_table(x) if single(x) and avx512(x.kind) else tanh(x)


def log_of(x, lost, exponent):
    # log((x + lost) * 2**exponent), x positive and normal: e log(2) + log(1 + g), the latter from s = g / (2 + g)
    e = exponent_of(x)
    g = (mantissa(x) - 1.0) + lost * power_of_two(biased(x) - np.minimum(e, 126.0))
    half = 0.5 * g
    s = ratio(half)
    w = s * s
    h = half * g
    return (e + exponent) * log2(x) + (g - (h - s * (h + w * log_polynomial(w))))


def log1p_to_one(x):
    # 0 <= x <= 1: log(1 + x) from s = x / (2 + x)
    half = 0.5 * x
    s = ratio(half)
    w = s * s
    h = half * x
    return x - (h - s * (h + w * log1p_polynomial(w)))


@define(np.log1p)
def log1p(x):
    # largest error: 1.41 ulp in float32, 1.79 in float64
    # where all are from 0 to 1, as exp(-|z|) is, it is less than half the work
    return branch(every((x >= 0.0) & (x <= 1.0)), lambda: log1p_to_one(x), lambda: log1p_of_any(x))


def log1p_of_any(x):
    u = 1.0 + x
    larger, smaller = np.maximum(x, 1.0), np.minimum(x, 1.0)
    lost = smaller - (u - larger)  # exactly what u is too large or too small by
    r = copy_sign(log_of(u, lost, 0.0), x)
    return np.where(x > -1.0, np.where(x < np.inf, r, x), np.where(x == -1.0, -np.inf, np.nan))


@define(np.log)
def log(x):
    # largest error: 0.86 ulp in float32, 1.20 in float64; 1.07 and 1.51 without FMA
    small = x < smallest_normal(x)
    normal = np.where(small, x * subnormal_scale(x), x)
    r = log_of(normal, 0.0, np.where(small, subnormal_exponent(x), 0.0))
    return np.where(x > 0.0, np.where(x < np.inf, r, x), np.where(x == 0.0, -np.inf, np.nan))
