//! Modular inversion by Bernstein and Yang's division steps ("Fast constant-time gcd computation and
//! modular inversion", 2019), in the variable-time form that skips runs of zeros.
//!
//! 62 steps at a time only look at the lowest words of f and g and are summed up in a 2x2 matrix,
//! which is then applied to the long numbers.

/// A signed number: limbs of 62 bits, least significant first, the highest with the sign.
type Signed62 = [i64; 5];

const MASK: u64 = u64::MAX >> 2;

/// 62 division steps, times 2^62: f' = (u·f + v·g)/2^62 and g' = (q·f + r·g)/2^62.
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// factor/a mod m, for odd m < 2^255, 0 < a < m coprime to it and factor < m; `neg_inv` is
/// -1/m mod 2^64.
pub(super) fn invert(a: [u64; 4], factor: [u64; 4], m: [u64; 4], neg_inv: u64) -> [u64; 4] {
    let modulus = split(m);
    let inverse = neg_inv.wrapping_neg() & MASK;
    // Throughout, f = d·a/factor and g = e·a/factor mod m; d and e stay between -2m and m.
    let (mut f, mut g) = (modulus, split(a));
    let (mut d, mut e) = ([0; 5], split(factor));
    let mut eta = -1;
    while g != [0; 5] {
        let matrix;
        (eta, matrix) = division_steps(eta, f[0] as u64, g[0] as u64);
        (d, e) = apply_mod(&matrix, &d, &e, &modulus, inverse);
        (f, g) = apply(&matrix, &f, &g);
    }
    // Now f = ±1, so the inverse is ±d.
    let mut d = if d[4] < 0 { add(&d, &modulus) } else { d };
    if f[4] < 0 {
        d = carried(d.map(i64::wrapping_neg));
    }
    if d[4] < 0 {
        d = add(&d, &modulus);
    }
    join(d)
}

/// 62 steps on the low words of f and g. `eta` is -δ in the paper's terms.
fn division_steps(mut eta: i64, mut f: u64, mut g: u64) -> (i64, Matrix) {
    let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
    let mut left = 62u32;
    loop {
        // All steps that only halve g, in one. The mask stops the count at the steps left.
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        (u, v) = (u << zeros, v << zeros);
        eta -= i64::from(zeros);
        left -= zeros;
        if left == 0 {
            let matrix = Matrix { u: u as i64, v: v as i64, q: q as i64, r: r as i64 };
            return (eta, matrix);
        }
        // f and g are odd: add the multiple w of f that clears as many low bits of g as may be
        // cleared before the next swap.
        let w;
        if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
            let limit = (eta + 1).min(i64::from(left)) as u32;
            // -1/f mod 64 is f·(f² - 2), for odd f.
            w = f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2))
                & (u64::MAX >> (64 - limit))
                & 63;
        } else {
            let limit = (eta + 1).min(i64::from(left)) as u32;
            // 1/f mod 16 is f + (((f + 1) & 4) << 1), for odd f.
            let inverse = f.wrapping_add((f.wrapping_add(1) & 4) << 1);
            w = inverse.wrapping_neg().wrapping_mul(g) & (u64::MAX >> (64 - limit)) & 15;
        }
        g = g.wrapping_add(f.wrapping_mul(w));
        q = q.wrapping_add(u.wrapping_mul(w));
        r = r.wrapping_add(v.wrapping_mul(w));
    }
}

/// The matrix applied to (f, g); the division by 2^62 is exact.
fn apply(t: &Matrix, f: &Signed62, g: &Signed62) -> (Signed62, Signed62) {
    let row = |a: i64, b: i64| {
        let mut sum = wide(a, f[0]) + wide(b, g[0]);
        debug_assert!(sum as u64 & MASK == 0);
        let mut out = [0; 5];
        for i in 1..5 {
            sum = (sum >> 62) + wide(a, f[i]) + wide(b, g[i]);
            out[i - 1] = (sum as u64 & MASK) as i64;
        }
        out[4] = (sum >> 62) as i64;
        out
    };
    (row(t.u, t.v), row(t.q, t.r))
}

/// The matrix applied to (d, e) mod m: the multiple of m is added that makes the division exact.
fn apply_mod(t: &Matrix, d: &Signed62, e: &Signed62, m: &Signed62, m_inverse: u64) -> (Signed62, Signed62) {
    // Counting negative d and e as d + m and e + m keeps the results between -2m and m.
    let (d_sign, e_sign) = (d[4] >> 63, e[4] >> 63);
    let row = |a: i64, b: i64| {
        let mut sum = wide(a, d[0]) + wide(b, e[0]);
        let start = (a & d_sign).wrapping_add(b & e_sign);
        let excess = m_inverse.wrapping_mul(sum as u64).wrapping_add(start as u64) & MASK;
        let multiple = start.wrapping_sub(excess as i64);
        sum += wide(multiple, m[0]);
        debug_assert!(sum as u64 & MASK == 0);
        let mut out = [0; 5];
        for i in 1..5 {
            sum = (sum >> 62) + wide(a, d[i]) + wide(b, e[i]) + wide(multiple, m[i]);
            out[i - 1] = (sum as u64 & MASK) as i64;
        }
        out[4] = (sum >> 62) as i64;
        out
    };
    (row(t.u, t.v), row(t.q, t.r))
}

fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

fn add(a: &Signed62, b: &Signed62) -> Signed62 {
    carried(std::array::from_fn(|i| a[i] + b[i]))
}

/// All limbs but the highest brought to 62 bits, without sign.
fn carried(mut a: Signed62) -> Signed62 {
    for i in 0..4 {
        a[i + 1] += a[i] >> 62;
        a[i] &= MASK as i64;
    }
    a
}

fn split(a: [u64; 4]) -> Signed62 {
    let limbs = [a[0], a[0] >> 62 | a[1] << 2, a[1] >> 60 | a[2] << 4, a[2] >> 58 | a[3] << 6, a[3] >> 56];
    limbs.map(|limb| (limb & MASK) as i64)
}

fn join(a: Signed62) -> [u64; 4] {
    let [a, b, c, d, e] = a.map(|limb| limb as u64);
    [a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6 | e << 56]
}
