//! Functions that printed code calls and no library has, or has exactly.

use super::{Dialect, Expression, Function};

/// A Python function that a program needs to hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Helper {
    /// The name by which it is called.
    pub name: &'static str,
    /// Its definition, lines from the left margin.
    pub code: &'static str,
}

/// A helper's definitions for PyTorch and JAX.
macro_rules! helper {
    ($name:literal) => {
        [
            Helper {
                name: $name,
                code: include_str!(concat!("helpers/torch/", $name, ".py")),
            },
            Helper {
                name: $name,
                code: include_str!(concat!("helpers/jax/", $name, ".py")),
            },
        ]
    };
}

static SOFTPLUS: [Helper; 2] = helper!("softplus");
static EXP_E1: [Helper; 2] = helper!("exp_e1");
static DAWSON_INTEGRAL: [Helper; 2] = helper!("dawson_integral");

impl Expression {
    /// The functions that its code calls and that the program has to define, each once.
    pub fn helpers(&self, dialect: Dialect) -> Vec<&'static Helper> {
        let calls = |all: &[Function]| {
            self.any(
                &|part| matches!(part, Expression::Call(function, _) if all.contains(function)),
            )
        };
        let used = [
            (&SOFTPLUS, calls(&[Function::Softplus])),
            (&EXP_E1, calls(&[Function::E1, Function::ExpE1])),
            (&DAWSON_INTEGRAL, calls(&[Function::DawsonIntegral])),
        ];
        let [torch, jax] = [0, 1];
        let library = match dialect {
            Dialect::Torch => torch,
            Dialect::Jax => jax,
        };
        let used = used.into_iter().filter(|(_, used)| *used);
        used.map(|(helper, _)| &helper[library]).collect()
    }
}
