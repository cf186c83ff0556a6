use super::super::testing::{Funnel, Gaussian, check_mean};
use super::*;
use crate::sampler::diagnostics::{effective_sample_size, r_hat};

fn settings(kernel: Kernel, chain: u32, transitions: usize) -> Settings {
    Settings {
        seed: 42,
        chain,
        kernel,
        warmup: Warmup {
            transitions,
            step_size: true,
            mass: true,
            target: 0.8,
        },
        step_size: 1.0,
    }
}

const NUTS: Kernel = Kernel::Nuts(10);

/// The positions of some chains after their warm-up, by chain and draw, and their transitions.
fn sample(
    target: &mut dyn Potential,
    kernel: Kernel,
    [chains, warmup, draws]: [usize; 3],
) -> (Vec<Vec<Vec<f64>>>, Vec<Transition>) {
    let mut made = vec![];
    let mut one = |chain: usize| {
        let start = vec![0.5 - chain as f64; target.dimension()];
        let settings = settings(kernel, chain as u32, warmup);
        let mut chain = Chain::new(settings, start, target).expect("a chain");
        (0..warmup).for_each(|_| assert!(chain.transition(target).is_warmup));
        let draw = |_| {
            made.push(chain.transition(target));
            chain.position().to_vec()
        };
        (0..draws).map(draw).collect()
    };
    let positions = (0..chains).map(&mut one).collect();
    (positions, made)
}

/// A function of the positions, by chain.
fn of(positions: &[Vec<Vec<f64>>], f: impl Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
    let chain = |chain: &Vec<Vec<f64>>| chain.iter().map(|q| f(q)).collect();
    positions.iter().map(chain).collect()
}

#[test]
fn a_correlated_gaussian_has_its_mean_and_covariance() {
    let mut target = Gaussian::pair([3.0, -1.0], [1.0, 2.0], 0.7);
    let kernels = [
        NUTS,
        Kernel::Hmc(Length::Trajectory(1.2)),
        Kernel::Hmc(Length::Leapfrogs(3)),
    ];
    for kernel in kernels {
        let (all, transitions) = sample(&mut target, kernel, [3, 200, 800]);
        check_mean(&of(&all, |q| q[0]), 3.0, "mean of x");
        check_mean(&of(&all, |q| q[1]), -1.0, "mean of y");
        check_mean(&of(&all, |q| (q[0] - 3.0).powi(2)), 1.0, "variance of x");
        check_mean(&of(&all, |q| (q[1] + 1.0).powi(2)), 4.0, "variance of y");
        check_mean(
            &of(&all, |q| (q[0] - 3.0) * (q[1] + 1.0)),
            1.4,
            "covariance",
        );
        let r_hat = r_hat(&of(&all, |q| q[1]));
        assert!(r_hat < 1.02, "{kernel:?}: {r_hat}");
        assert!(transitions.iter().all(|t| !t.is_divergent && !t.is_warmup));
        let accept = transitions
            .iter()
            .map(|t| t.accept_probability)
            .sum::<f64>();
        let accept = accept / transitions.len() as f64;
        assert!((0.7..0.98).contains(&accept), "{kernel:?}: {accept}");
    }
}

#[test]
fn a_badly_scaled_gaussian_is_sampled_well_by_an_adapted_mass() {
    let deviation = [1e-3, 1.0, 1e3, 30.0];
    let mut target = Gaussian::independent(&[1e-3, 0.0, 50.0, 0.0], &deviation);
    let (all, transitions) = sample(&mut target, NUTS, [2, 500, 600]);
    for (i, deviation) in deviation.into_iter().enumerate() {
        let mean = target_mean(i);
        check_mean(&of(&all, |q| q[i]), mean, "mean");
        let square = |q: &[f64]| ((q[i] - mean) / deviation).powi(2);
        check_mean(&of(&all, square), 1.0, "variance");
        let size = effective_sample_size(&of(&all, |q| q[i]));
        assert!(size > 300.0, "{i}: {size} effective of 1200 draws");
    }
    let most = transitions.iter().map(|t| t.leapfrogs).max();
    assert!(
        most <= Some(31),
        "{most:?} leapfrogs where all scales are alike"
    );
}

fn target_mean(entry: usize) -> f64 {
    [1e-3, 0.0, 50.0, 0.0][entry]
}

#[test]
fn trajectories_that_diverge_are_reported() {
    let (_, transitions) = sample(&mut Funnel, NUTS, [2, 200, 400]);
    let divergent = transitions.iter().filter(|t| t.is_divergent).count();
    assert!(divergent > 0);
    let (_, transitions) = sample(&mut Gaussian::standard(10), NUTS, [2, 100, 100]);
    assert!(transitions.iter().all(|t| !t.is_divergent));
}

#[test]
fn a_chain_that_was_saved_goes_on_with_the_same_bits() {
    let kernels = [NUTS, Kernel::Hmc(Length::Trajectory(1.0))];
    for kernel in kernels {
        // In the middle of a window, at its end, at the end of the warm-up, and after it.
        for at in [3, 60, 75, 100, 130, 150, 160] {
            let mut target = Gaussian::pair([3.0, -1.0], [1.0, 2.0], 0.9);
            let settings = settings(kernel, 1, 150);
            let mut chain = Chain::new(settings, vec![0.0, 0.0], &mut target).unwrap();
            (0..at).for_each(|_| _ = chain.transition(&mut target));
            let saved = chain.save();
            assert_eq!(saved.len(), Chain::saved_length(2));
            let mut restored = Chain::restore(settings, &saved).expect("restored");
            for _ in at..170 {
                assert_eq!(
                    chain.transition(&mut target),
                    restored.transition(&mut target)
                );
                assert_eq!(chain.position(), restored.position());
            }
            assert_eq!(chain.save(), restored.save());
        }
    }
    let settings = settings(NUTS, 1, 150);
    assert_eq!(Chain::restore(settings, &[0.0; NUMBERS]), None);
    assert_eq!(Chain::restore(settings, &[0.0; NUMBERS + 9]), None);
}

#[test]
fn chains_have_random_numbers_of_their_own() {
    let mut target = Gaussian::standard(3);
    let mut last = vec![];
    for chain in [0, 1] {
        let mut chain = Chain::new(settings(NUTS, chain, 10), vec![0.0; 3], &mut target).unwrap();
        (0..20).for_each(|_| _ = chain.transition(&mut target));
        last.push(chain.position().to_vec());
    }
    assert_ne!(last[0], last[1]);
}

#[test]
fn a_step_size_that_is_not_adapted_stays() {
    let mut settings = settings(Kernel::Hmc(Length::Leapfrogs(4)), 0, 50);
    settings.warmup.step_size = false;
    settings.warmup.mass = false;
    settings.step_size = 0.37;
    let mut target = Gaussian::standard(2);
    let mut chain = Chain::new(settings, vec![0.0; 2], &mut target).unwrap();
    for _ in 0..80 {
        let made = chain.transition(&mut target);
        assert_eq!((made.step_size, made.leapfrogs), (0.37, 4));
    }
    assert_eq!(chain.inverse_mass(), [1.0, 1.0]);
}

#[test]
fn a_chain_does_not_start_where_there_is_no_density() {
    let mut target = Gaussian::standard(2);
    let start = vec![f64::NAN, 0.0];
    let refused = Chain::new(settings(NUTS, 0, 50), start, &mut target);
    assert_eq!(refused, Err(NoStart::NotFinite));
}
