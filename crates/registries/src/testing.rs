//! What the tests of numbers share.

/// ∫ f from the first to the last of `points`, which split it; each piece is halved until Gauss and
/// Kronrod agree to 1e-13 of the whole.
pub fn integrate(f: impl Fn(f64) -> f64, points: &[f64]) -> f64 {
    let pieces: Vec<_> = points.windows(2).map(|w| (w[0], w[1])).collect();
    let size: f64 = pieces
        .iter()
        .map(|&(a, b)| kronrod(&|x| f(x).abs(), a, b).0)
        .sum();
    pieces
        .iter()
        .map(|&(a, b)| refine(&f, a, b, 1e-13 * size, 40))
        .sum()
}

fn refine(f: &impl Fn(f64) -> f64, a: f64, b: f64, tolerance: f64, depth: usize) -> f64 {
    let (value, error) = kronrod(f, a, b);
    if error <= tolerance || depth == 0 {
        return value;
    }
    let middle = 0.5 * (a + b);
    refine(f, a, middle, 0.7 * tolerance, depth - 1)
        + refine(f, middle, b, 0.7 * tolerance, depth - 1)
}

/// The value by 15 nodes and its distance from that by 7 (QUADPACK's qk15).
fn kronrod(f: &impl Fn(f64) -> f64, a: f64, b: f64) -> (f64, f64) {
    const NODES: [(f64, f64, f64); 8] = [
        (0.991_455_371_120_812_6, 0.022_935_322_010_529_224, 0.0),
        (
            0.949_107_912_342_758_5,
            0.063_092_092_629_978_56,
            0.129_484_966_168_869_7,
        ),
        (0.864_864_423_359_769_1, 0.104_790_010_322_250_19, 0.0),
        (
            0.741_531_185_599_394_4,
            0.140_653_259_715_525_92,
            0.279_705_391_489_276_64,
        ),
        (0.586_087_235_467_691_1, 0.169_004_726_639_267_9, 0.0),
        (
            0.405_845_151_377_397_2,
            0.190_350_578_064_785_4,
            0.381_830_050_505_118_9,
        ),
        (0.207_784_955_007_898_47, 0.204_432_940_075_298_9, 0.0),
        (0.0, 0.209_482_141_084_727_82, 0.417_959_183_673_469_4),
    ];
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    let (mut fine, mut coarse) = (0.0, 0.0);
    for (x, kronrod, gauss) in NODES {
        let y = if x == 0.0 {
            f(middle)
        } else {
            f(middle - half * x) + f(middle + half * x)
        };
        fine += kronrod * y;
        coarse += gauss * y;
    }
    (half * fine, (half * (fine - coarse)).abs())
}

/// The derivative of `f` at `x` by central differences of steps `h` and `h/2`, extrapolated.
pub fn slope(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> f64 {
    let mut central = |h: f64| (f(x + h) - f(x - h)) / (2.0 * h);
    (4.0 * central(0.5 * h) - central(h)) / 3.0
}

/// Whether the two differ by at most `tolerance`, absolute or relative, whichever is larger.
#[track_caller]
pub fn assert_close(got: f64, expected: f64, tolerance: f64, what: impl std::fmt::Display) {
    let error = (got - expected).abs() / expected.abs().max(1.0);
    assert!(
        error <= tolerance,
        "{what}: {got} where {expected} is expected, off by {error:.1e}"
    );
}

/// Independent numbers in (0, 1), by splitmix64.
pub fn uniforms(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}
