//! Inversion modulo an odd number by the binary extended Euclidean algorithm.

/// 1/a mod m, for odd m < 2^255 and 0 < a < m coprime to it.
pub(super) fn invert(a: [u64; 4], m: &[u64; 4]) -> [u64; 4] {
    // u = x·a and v = y·a mod m throughout; u and v odd after the shifts, so each subtraction leaves
    // an even number and the pair shrinks by at least a bit a step.
    let (mut u, mut v) = (a, *m);
    let (mut x, mut y) = ([1, 0, 0, 0], [0; 4]);
    loop {
        while u[0] & 1 == 0 {
            u = half(u, 0);
            x = halve_mod(x, m);
        }
        if u == [1, 0, 0, 0] {
            return x;
        }
        if less(&u, &v) {
            std::mem::swap(&mut u, &mut v);
            std::mem::swap(&mut x, &mut y);
        }
        u = sub(u, &v).0;
        let (difference, borrow) = sub(x, &y);
        x = if borrow { add(difference, m).0 } else { difference };
    }
}

fn add(a: [u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let mut carry = false;
    let sum = std::array::from_fn(|i| {
        let (limb, out) = a[i].carrying_add(b[i], carry);
        carry = out;
        limb
    });
    (sum, carry)
}

fn sub(a: [u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let mut borrow = false;
    let difference = std::array::from_fn(|i| {
        let (limb, out) = a[i].borrowing_sub(b[i], borrow);
        borrow = out;
        limb
    });
    (difference, borrow)
}

fn less(a: &[u64; 4], b: &[u64; 4]) -> bool {
    sub(*a, b).1
}

fn half(a: [u64; 4], top: u64) -> [u64; 4] {
    [a[0] >> 1 | a[1] << 63, a[1] >> 1 | a[2] << 63, a[2] >> 1 | a[3] << 63, a[3] >> 1 | top << 63]
}

fn halve_mod(a: [u64; 4], m: &[u64; 4]) -> [u64; 4] {
    if a[0] & 1 == 0 {
        half(a, 0)
    } else {
        let (sum, carry) = add(a, m);
        half(sum, carry.into())
    }
}
