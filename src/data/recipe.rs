//! What is done with an input column: by what it holds, and by what is said of it.

use super::choices::{Order, Rule};
use super::look::{Kind, Look};

/// Whether a column becomes a category, in which order, and what stands for its missing values.
pub(super) fn decide(
    found: &Look,
    named: Option<&Order>,
    rule: impl Fn(fn(Rule) -> bool) -> Rule,
) -> (Option<Order>, Rule) {
    let for_categories = || rule(|rule| rule == Rule::Category);
    if let Some(order) = named {
        return (Some(order.clone()), for_categories());
    }
    match found.kind {
        Kind::Category => (None, for_categories()),
        // With missing values there are three.
        Kind::Boolean if found.missing > 0 && for_categories() == Rule::Category => {
            (Some(Order::None), Rule::Category)
        }
        _ => (None, rule(|rule| rule != Rule::Category)),
    }
}

/// Whether a column cannot be taken as it is.
pub(super) fn refuses(found: &Look, order: Option<&Order>, rule: Rule) -> bool {
    let of_kind = matches!(
        found.kind,
        Kind::Mixed | Kind::Identifier | Kind::FreeText | Kind::Empty
    );
    let is_ordinal = matches!(order, Some(Order::Sorted | Order::Given(_)));
    of_kind && order.is_none() || found.missing > 0 && (rule == Rule::Refuse || is_ordinal)
}
