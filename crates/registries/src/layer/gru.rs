//! ```text
//! z, r, n = x_t, of 3u numbers        p, q, s = h_{t-1}·R
//! z_t = σ(z + p)        r_t = σ(r + q)        n_t = tanh(n + r_t·(s + b))
//! h_t = z_t·h_{t-1} + (1 − z_t)·n_t
//! ```
//!
//! Cho et al. 2014, with the reset after the product, as cuDNN, Keras and PyTorch have it. The products of the first two
//! gates need no bias of their own: it would be one more number for that of x_t.
//!
//! Back: dz = dh·(h_{t-1} − n), dn = dh·(1 − z)·(1 − n²), dr = dn·(s + b), ds = dn·r, db = Σ ds; dh_{t-1} = dh·z beside
//! the product's share.

use super::Slot;
use super::recurrent::{DIRECTION, DIRECTIONS, RETURNS, Recurrent, UNITS};
use super::scan::{Cell, StepBack, StepForward, parts, parts_mut};
use crate::signature::{Constants, Signature};
use crate::tensor::Math;

/// The cell of gated recurrent units.
#[derive(Clone)]
pub(super) struct Gru;

impl Recurrent for Gru {
    const LAYER: &'static Signature = &Signature {
        name: "gru",
        summary: "gated recurrent units along a sequence; one draw of their weights for all steps",
        parameters: &[UNITS, RETURNS, DIRECTIONS],
    };
    const CELL: &'static Signature = &Signature {
        name: "gru_cell",
        summary: "the recurrence of `gru`, on inputs of 3 numbers a unit",
        parameters: &[RETURNS, DIRECTION],
    };
    const METHODS: [&'static str; 2] = [
        "gated recurrent units [@cho2014]",
        "$(z, r, n) = x_t$, $(p, q, s) = h_(t - 1) R$, $z_t = sigmoid(z + p)$, $r_t = sigmoid(r + q)$, \
         $n_t = tanh(n + r_t odot (s + b))$, $h_t = z_t odot h_(t - 1) + (1 - z_t) odot n_t$ [@cho2014]",
    ];
    const SLOTS: &'static [Slot] = &[Slot::kernel("[units, 3·units]"), Slot::bias("[units]")];

    fn new(_: &Constants) -> Self {
        Gru
    }
}

impl Cell for Gru {
    const GATES: usize = 3;
    const MEMORY: usize = 0;
    /// z, r, n, and s + b.
    const SAVED: usize = 4;
    const BIAS: bool = true;

    #[inline(always)]
    fn step<T: Math>(&self, step: StepForward<T>) {
        let units = step.state.len();
        let [xz, xr, xn] = parts(step.x);
        let [pz, pr, pn] = parts(step.product);
        let [z, r, n, s] = parts_mut(step.saved);
        let state = &mut step.state[..units];
        s.copy_from_slice(pn);
        // A bias that is left out is an empty row.
        for (s, &bias) in s.iter_mut().zip(step.bias) {
            *s += bias;
        }
        for j in 0..units {
            z[j] = (xz[j] + pz[j]).sigmoid();
            r[j] = (xr[j] + pr[j]).sigmoid();
            n[j] = (xn[j] + r[j] * s[j]).fast_tanh();
            state[j] = n[j] + z[j] * (state[j] - n[j]);
        }
    }

    #[inline(always)]
    fn back<T: Math>(&self, step: StepBack<T>) {
        let units = step.d_state.len();
        let one = T::one();
        let [z, r, n, s] = parts(step.saved);
        let [dxz, dxr, dxn] = parts_mut(step.dx);
        let [dz, dr, ds] = parts_mut(step.d_product);
        let (before, d_state) = (&step.before[..units], &mut step.d_state[..units]);
        for j in 0..units {
            let dh = d_state[j];
            dz[j] = dh * (before[j] - n[j]) * z[j] * (one - z[j]);
            let dn = dh * (one - z[j]) * (one - n[j] * n[j]);
            dr[j] = dn * s[j] * r[j] * (one - r[j]);
            ds[j] = dn * r[j];
            d_state[j] = dh * z[j];
            (dxz[j], dxr[j], dxn[j]) = (dz[j], dr[j], dn);
        }
        for (d_bias, &ds) in step.d_bias.iter_mut().zip(&*ds) {
            *d_bias += ds;
        }
    }
}
