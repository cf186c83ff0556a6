//! Networks: layer by layer.

use super::compare;
use crate::support::Examples;

#[test]
fn networks_have_the_loss_of_the_interpreter() {
    let dense = "model test\ninput x: real[3]\ntarget y: real\ndefault { prior = Normal(0, 1), posterior = MeanField, \
                 estimator = reparameterization }\nnetwork {\n dense(4)\n relu\n f = dense(1)\n}\n\
                 observe y ~ Normal(loc = f, scale = 0.5)\nobjective elbo\n";
    compare(dense, &Examples::new(5, 3, 0, 1));
}
