//! What is done with an input column: by what it holds, and by what is said of it.

use super::choices::{Order, Rule};
use super::look::{Kind, Look};
use super::names;
use super::sheet::Column;
use crate::words::{plural, short};

/// Whether a column becomes a category, in which order, and what stands for its missing values.
pub(super) fn decide(
    found: &Look,
    named: Option<Order>,
    rule: impl Fn(fn(Rule) -> bool) -> Rule,
) -> (Option<Order>, Rule) {
    let for_categories = || rule(|rule| rule == Rule::Category);
    if let Some(order) = named {
        return (Some(order), for_categories());
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
    found.is_half_percent()
        || of_kind && order.is_none()
        || found.missing > 0 && (rule == Rule::Refuse || is_ordinal)
}

/// What is odd about a column of numbers that is taken as it is, `beside` others.
pub(super) fn remark(column: &Column, found: &Look, beside: usize) -> Option<String> {
    let name = &column.name;
    if let Some((value, count)) = found.sentinel {
        let times = plural(count, "time");
        return Some(format!(
            "column `{name}` holds {} {times}, far outside its other values: if that means a missing value, \
             `--missing-values={value}` says so",
            if value.abs() < 1e6 {
                value.to_string()
            } else {
                short(value)
            }
        ));
    }
    (found.counts_rows && beside > 1).then(|| {
        let flag = names::for_shell(&names::written(name));
        format!("column `{name}` counts the rows: `--drop {flag}` leaves it out, and `predict` copies it")
    })
}
