//! The predictive distribution.

use super::{Kind, Methods};

impl Methods<'_> {
    pub(super) fn prediction(&mut self) {
        self.document.heading("Prediction");
        let points = self.symbols_of(&[Kind::Point, Kind::Free]).join(", ");
        let given = self.given("x");
        if self.random().is_empty() {
            self.document.prose(&format!(
                "A new input's target has the distribution $p(y | {given})$ at the estimates of ${points}$: \
                 no uncertainty of the weights is in it."
            ));
            return;
        }
        let random = self.symbols_of(&[Kind::Weight, Kind::Latent]);
        let drawn: Vec<String> = random
            .iter()
            .map(|symbol| format!("{symbol}^((s))"))
            .collect();
        let drawn = drawn.join(", ");
        let together = if random.len() > 1 {
            format!("({drawn})")
        } else {
            drawn.clone()
        };
        let others = self.symbols_of(&[Kind::Point]);
        let others = others
            .iter()
            .map(|symbol| format!(", {symbol}"))
            .collect::<String>();
        self.document.prose(&format!(
            "The predictive distribution is the mixture over $S$ draws from $q$, made as in training: \
             $$p(y | x, Data) approx 1/S sum_(s=1)^S p(y | x, {drawn}{others}), {together} ~ q.$$"
        ));
        self.document.prose(self.model.summary().prose());
    }
}
