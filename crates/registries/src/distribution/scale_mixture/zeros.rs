//! Where a mixture's density is 0 in the complex plane.

use std::f64::consts::PI;

/// The zeros of Σ_k share_k · N(w; 0, scale_k²) nearest to the real line, as `(re, im)` of w, both from 0
/// on; -w and the conjugates are zeros as well.
///
/// In u = w² a term is exp(a - r u), r = 1/(2 scale²): its logarithm is a line. Where two neighbours of
/// the largest terms cross, at u = (a₁ - a₂ ± iπ)/(r₁ - r₂) they cancel, alone. What the other terms move
/// is found by Newton's method.
pub(super) fn of(components: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut lines: Vec<Line> = Vec::new();
    for &(share, scale) in components {
        let rate = 0.5 / (scale * scale);
        let share = share / scale;
        match lines.iter_mut().find(|line| line.rate == rate) {
            Some(line) => line.log += (share / line.log.exp()).ln_1p(),
            None => lines.push(Line {
                log: share.ln(),
                rate,
            }),
        }
    }
    // the steepest is the largest far to the left
    lines.sort_by(|a, b| b.rate.total_cmp(&a.rate));
    let top = envelope(&lines);
    let crossings = top.windows(2).map(|pair| {
        let gap = pair[0].rate - pair[1].rate;
        let start = [(pair[0].log - pair[1].log) / gap, PI / gap];
        polish(&lines, start, gap)
    });
    crossings.map(root).collect()
}

/// The logarithm of a term as a function of u: `log - rate·u`.
#[derive(Clone, Copy)]
struct Line {
    log: f64,
    rate: f64,
}

impl Line {
    fn crosses(self, other: Line) -> f64 {
        (self.log - other.log) / (self.rate - other.rate)
    }
}

/// Those that are the largest somewhere, in the order of u.
fn envelope(lines: &[Line]) -> Vec<Line> {
    let mut top: Vec<Line> = Vec::new();
    for &line in lines {
        while let [.., before, last] = top[..]
            && before.crosses(line) <= before.crosses(last)
        {
            top.pop();
        }
        top.push(line);
    }
    top
}

/// Newton's method from `start`, of which a step is at most as long as the terms' phases allow; `start`
/// where it leads nowhere.
fn polish(lines: &[Line], start: [f64; 2], gap: f64) -> [f64; 2] {
    let mut u = start;
    for _ in 0..50 {
        let highest = lines
            .iter()
            .map(|line| line.log - line.rate * u[0])
            .fold(f64::NEG_INFINITY, f64::max);
        let (mut value, mut slope) = ([0.0; 2], [0.0; 2]);
        for line in lines {
            let size = (line.log - line.rate * u[0] - highest).exp();
            let (sin, cos) = (-line.rate * u[1]).sin_cos();
            for (part, x) in [cos, sin].into_iter().enumerate() {
                value[part] += size * x;
                slope[part] -= line.rate * size * x;
            }
        }
        let square = slope[0] * slope[0] + slope[1] * slope[1];
        let mut step = [
            (value[0] * slope[0] + value[1] * slope[1]) / square,
            (value[1] * slope[0] - value[0] * slope[1]) / square,
        ];
        let length = step[0].hypot(step[1]) * gap;
        if !length.is_finite() {
            return start;
        }
        if length > 1.0 {
            step = step.map(|x| x / length);
        }
        u = [u[0] - step[0], u[1] - step[1]];
        if length < 1e-12 {
            return [u[0], u[1].abs()];
        }
    }
    start
}

/// The square root with both parts from 0 on, of a number above the real line.
fn root([re, im]: [f64; 2]) -> (f64, f64) {
    let long = (0.5 * (re.hypot(im) + re.abs())).sqrt();
    match re >= 0.0 {
        true => (long, 0.5 * im / long),
        false => (0.5 * im / long, long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::uniforms;

    /// The size of the sum over that of its largest term, at w = re + i·im.
    fn remains(components: &[(f64, f64)], (re, im): (f64, f64)) -> f64 {
        let u = [re * re - im * im, 2.0 * re * im];
        let (mut sum, mut largest) = ([0.0; 2], 0f64);
        let log =
            |&(share, scale): &(f64, f64)| (share / scale).ln() - 0.5 * u[0] / (scale * scale);
        let highest = components.iter().map(log).fold(f64::MIN, f64::max);
        for component in components {
            let size = (log(component) - highest).exp();
            let (sin, cos) = (0.5 * u[1] / (component.1 * component.1)).sin_cos();
            sum = [sum[0] + size * cos, sum[1] - size * sin];
            largest = largest.max(size);
        }
        sum[0].hypot(sum[1]) / largest
    }

    #[test]
    fn the_density_is_0_at_its_zeros() {
        for components in [
            vec![(0.5, 1.0), (0.5, (-6f64).exp())],
            vec![(0.9, 0.1), (0.1, 2.0)],
            vec![(0.001, 0.5), (0.999, 1.0)],
            vec![(0.2, 1.0), (0.3, 0.1), (0.5, 0.01)],
        ] {
            let found = of(&components);
            assert_eq!(found.len(), components.len() - 1);
            for zero in found {
                assert!(
                    remains(&components, zero) < 1e-9 && zero.1 > 0.0,
                    "{components:?}: {zero:?}"
                );
            }
        }
        assert!(of(&[(0.5, 1.0), (0.5, 1.0)]).is_empty());
    }

    #[test]
    fn zeros_of_mixtures_at_random() {
        let mut uniform = uniforms(5);
        let (mut found, mut lost) = (0, 0);
        for n in 0..400 {
            let count = 2 + n % 5;
            let mut draw = |_| (0.05 + uniform(), (6.0 * uniform() - 4.0).exp());
            let components: Vec<_> = (0..count).map(&mut draw).collect();
            for zero in of(&components) {
                found += 1;
                lost += usize::from(remains(&components, zero) > 1e-9);
            }
        }
        assert!(lost * 50 < found, "{lost} of {found} are none");
    }
}
