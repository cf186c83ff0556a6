//! ```text
//! i, f, g, o = x_t + h_{t-1}·R, x_t of 4u numbers
//! c_t = σ(f + b_f)·c_{t-1} + σ(i)·tanh(g)        h_t = σ(o)·tanh(c_t)
//! ```
//!
//! Hochreiter and Schmidhuber 1997; with forget gates, Gers et al. 2000. The order of the gates and the one bias, in x_t,
//! are those of Keras. b_f = 1 is a constant, where Keras starts a bias: a prior on the bias is centred where it belongs.
//!
//! Back, with the gates' values i, f, g, o: dc += dh·o·(1 − tanh² c_t), and from it di = dc·g, dg = dc·i,
//! df = dc·c_{t-1}, dc_{t-1} = dc·f; do = dh·tanh c_t; each times the slope of its gate.

use super::Slot;
use super::recurrent::{DIRECTION, DIRECTIONS, RETURNS, Recurrent, UNITS};
use super::scan::{Cell, StepBack, StepForward, parts, parts_mut};
use crate::signature::{Constant, Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Math;

const FORGET_BIAS: Parameter = Parameter {
    name: "forget_bias",
    kind: Kind::Number {
        domain: Domain::Real,
        learnable: false,
    },
    default: Some("1"),
    summary: "what is added to the forget gate, so that a state lasts from the start",
};

/// The cell of long short-term memory.
#[derive(Clone)]
pub(super) struct Lstm {
    forget_bias: f64,
}

impl Recurrent for Lstm {
    const LAYER: &'static Signature = &Signature {
        name: "lstm",
        summary: "long short-term memory along a sequence; one draw of its weights for all steps",
        parameters: &[UNITS, RETURNS, DIRECTIONS, FORGET_BIAS],
    };
    const CELL: &'static Signature = &Signature {
        name: "lstm_cell",
        summary: "the recurrence of `lstm`, on inputs of 4 numbers a unit",
        parameters: &[RETURNS, DIRECTION, FORGET_BIAS],
    };
    const METHODS: [&'static str; 2] = [
        "long short-term memory [@hochreiter1997]",
        "$(i, f, g, o) = x_t + h_(t - 1) R$, $c_t = sigmoid(f + b_f) odot c_(t - 1) + sigmoid(i) odot tanh(g)$, \
         $h_t = sigmoid(o) odot tanh(c_t)$ [@hochreiter1997]",
    ];
    const SLOTS: &'static [Slot] = &[Slot::kernel("[units, 4·units]")];

    fn start(arguments: &Constants) -> String {
        let forget_bias = Constant::Number(arguments.number("forget_bias"));
        format!("$h_0 = c_0 = 0$ and $b_f = {forget_bias}$")
    }

    fn new(arguments: &Constants) -> Self {
        Lstm {
            forget_bias: arguments.number("forget_bias"),
        }
    }
}

impl Cell for Lstm {
    const GATES: usize = 4;
    const MEMORY: usize = 1;
    /// i, f, g, o, c_{t-1} and tanh c_t.
    const SAVED: usize = 6;
    const BIAS: bool = false;

    #[inline(always)]
    fn step<T: Math>(&self, step: StepForward<T>) {
        let units = step.state.len();
        let forget_bias = T::of(self.forget_bias);
        let [xi, xf, xg, xo] = parts(step.x);
        let [pi, pf, pg, po] = parts(step.product);
        let [i, f, g, o, before, squashed] = parts_mut(step.saved);
        let (state, memory) = (&mut step.state[..units], &mut step.memory[..units]);
        for j in 0..units {
            i[j] = (xi[j] + pi[j]).sigmoid();
            f[j] = (xf[j] + pf[j] + forget_bias).sigmoid();
            g[j] = (xg[j] + pg[j]).fast_tanh();
            o[j] = (xo[j] + po[j]).sigmoid();
            before[j] = memory[j];
            memory[j] = f[j] * memory[j] + i[j] * g[j];
            squashed[j] = memory[j].fast_tanh();
            state[j] = o[j] * squashed[j];
        }
    }

    #[inline(always)]
    fn back<T: Math>(&self, step: StepBack<T>) {
        let units = step.d_state.len();
        let one = T::one();
        let [i, f, g, o, before, squashed] = parts(step.saved);
        let [di, df, dg, d_o] = parts_mut(step.d_product);
        let (d_state, d_memory) = (&mut step.d_state[..units], &mut step.d_memory[..units]);
        for j in 0..units {
            let dh = d_state[j];
            let dc = d_memory[j] + dh * o[j] * (one - squashed[j] * squashed[j]);
            di[j] = dc * g[j] * i[j] * (one - i[j]);
            df[j] = dc * before[j] * f[j] * (one - f[j]);
            dg[j] = dc * i[j] * (one - g[j] * g[j]);
            d_o[j] = dh * squashed[j] * o[j] * (one - o[j]);
            d_memory[j] = dc * f[j];
            d_state[j] = T::zero();
        }
        step.dx.copy_from_slice(step.d_product);
    }
}
