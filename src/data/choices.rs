//! What is said about a table or an archive: which columns or arrays are taken, and how, and which rows are held out.

use super::coding;
use super::names::{items, places};
use super::sheet::{Cell, Decimal};
use crate::diagnostic::{Diagnostic, Result};
use crate::words::list;

/// Choices about a table or an archive, as they were written; see `docs/tables.md` and `docs/data.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// The columns that are inputs; else all that are nothing else.
    pub inputs: Option<String>,
    /// Columns that are left out.
    pub drop: Option<String>,
    /// What stands for missing values: a rule, or `column=rule`, with commas between.
    pub missing: Option<String>,
    /// Cells that mean a missing value, beside the usual ones.
    pub missing_values: Option<String>,
    /// Columns whose values are categories, whatever they look like: `column`, `column=ordinal` or
    /// `column=low<middle<high`.
    pub categories: Option<String>,
    /// How much of the table is held out: a number of rows or a fraction.
    pub test: Option<String>,
    /// The column whose values go whole to one part.
    pub group: Option<String>,
    /// The order of the axes of an array of images: `nhwc` or `nchw`.
    pub layout: Option<String>,
    /// The column that says how many times a row occurs.
    pub weights: Option<String>,
    /// The column that says which sequence, or which time series, a row is a step of.
    pub sequence: Option<String>,
    /// The column that says the order of the rows of a sequence or series.
    pub time: Option<String>,
    /// How many rows of a time series an example takes.
    pub window: Option<String>,
    /// How many rows behind its window a target stands.
    pub horizon: Option<String>,
}

impl Choices {
    /// These, and where they are silent `others`.
    pub fn or(&self, others: &Choices) -> Choices {
        let or = |a: &Option<String>, b: &Option<String>| a.clone().or(b.clone());
        Choices {
            inputs: or(&self.inputs, &others.inputs),
            drop: or(&self.drop, &others.drop),
            missing: or(&self.missing, &others.missing),
            missing_values: or(&self.missing_values, &others.missing_values),
            categories: or(&self.categories, &others.categories),
            test: or(&self.test, &others.test),
            group: or(&self.group, &others.group),
            layout: or(&self.layout, &others.layout),
            weights: or(&self.weights, &others.weights),
            sequence: or(&self.sequence, &others.sequence),
            time: or(&self.time, &others.time),
            window: or(&self.window, &others.window),
            horizon: or(&self.horizon, &others.horizon),
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Choices::default()
    }

    /// The first of those that are said and that are about the columns of a table alone.
    pub(super) fn of_tables(&self) -> Option<&'static str> {
        let all = [
            ("drop", &self.drop),
            ("missing", &self.missing),
            ("missing_values", &self.missing_values),
            ("categories", &self.categories),
            ("group", &self.group),
            ("weights", &self.weights),
            ("sequence", &self.sequence),
            ("time", &self.time),
            ("window", &self.window),
            ("horizon", &self.horizon),
        ];
        let mut said = all.iter().filter(|(_, value)| value.is_some());
        said.next().map(|(key, _)| *key)
    }

    /// The cells that mean a missing value, as they are written.
    pub(super) fn marks(&self) -> Vec<String> {
        let given = self
            .missing_values
            .as_deref()
            .map(items)
            .unwrap_or_default();
        given.into_iter().map(|item| item.name).collect()
    }
}

/// What stands for missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing: they are refused.
    Refuse,
    /// The training part's mean.
    Mean,
    /// The training part's median.
    Median,
    /// A category of its own.
    Category,
    /// The training part's mean, and a column of 0 and 1 that says where.
    Indicator,
}

const RULES: [(&str, Rule); 5] = [
    ("refuse", Rule::Refuse),
    ("mean", Rule::Mean),
    ("median", Rule::Median),
    ("category", Rule::Category),
    ("indicator", Rule::Indicator),
];

/// The rules for missing values.
#[derive(Debug, Default)]
pub(super) struct Rules {
    of_columns: Vec<(usize, Rule)>,
    /// Of columns that are not named.
    general: Vec<Rule>,
}

impl Rules {
    /// Reads `mean`, `age=median, site=category`.
    ///
    /// # Errors
    ///
    /// `E0506` for a word that is no rule, or a column that is not there.
    pub(super) fn of(text: Option<&str>, header: &[String]) -> Result<Rules> {
        let mut rules = Rules::default();
        for item in text.map(items).unwrap_or_default() {
            let word = item.value.as_deref().unwrap_or(&item.name);
            let Some((_, rule)) = RULES.iter().find(|(name, _)| *name == word) else {
                let title = format!("`{word}` is no rule for missing values");
                return Err(Diagnostic::error("E0506", title)
                    .note(format!(
                        "the rules are {}",
                        list(RULES.map(|(name, _)| name))
                    ))
                    .into());
            };
            match (item.value.is_some(), &places(header, &item)[..]) {
                (false, _) => rules.general.push(*rule),
                (true, []) => return Err(no_column(header, &item.name, "missing").into()),
                (true, found) => rules
                    .of_columns
                    .extend(found.iter().map(|place| (*place, *rule))),
            }
        }
        Ok(rules)
    }

    /// The rule of a column, of those that `fits` says are for its kind.
    pub(super) fn rule(&self, place: usize, fits: impl Fn(Rule) -> bool) -> Rule {
        let own = self
            .of_columns
            .iter()
            .rev()
            .find(|(column, _)| *column == place);
        let general = || self.general.iter().copied().find(|rule| fits(*rule));
        own.map(|(_, rule)| *rule)
            .filter(|rule| fits(*rule))
            .or_else(general)
            .unwrap_or(Rule::Refuse)
    }
}

/// A column that a choice names is not there.
pub(super) fn no_column(header: &[String], name: &str, key: &str) -> Diagnostic {
    let title = format!("there is no column `{name}`, which `{key}` names");
    let message =
        Diagnostic::error("E0506", title).note(format!("the columns are {}", list(header)));
    match crate::diagnostic::nearest(name, header.iter().map(String::as_str)) {
        Some(near) => message.help(format!("the nearest name is `{near}`")),
        None => message,
    }
}

/// How the values of a category become numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// They have none: a column of 0 and 1 for each.
    None,
    /// They are counted in the order of their names.
    Sorted,
    /// They are counted in this order.
    Given(Vec<String>),
}

impl Order {
    /// The values of a list read as the cells of the column `name` are: `01` is 1 there, too.
    ///
    /// # Errors
    ///
    /// `E0506` for two that are one then.
    pub(super) fn as_cells(&self, name: &str, decimal: Decimal) -> Result<Order> {
        let Order::Given(written) = self else {
            return Ok(self.clone());
        };
        let mut values: Vec<String> = vec![];
        for text in written {
            let value = coding::name(Cell::read(text, decimal));
            if values.contains(&value) {
                let title = format!("`categories` lists `{text}` twice for the column `{name}`");
                return Err(Diagnostic::error("E0506", title)
                    .note(format!("a cell `{text}` is read as `{value}`"))
                    .into());
            }
            values.push(value);
        }
        Ok(Order::Given(values))
    }
}

/// The columns that are categories whatever they look like, with the order of their values.
///
/// # Errors
///
/// `E0506` for a column that is not there.
pub(super) fn categories(text: Option<&str>, header: &[String]) -> Result<Vec<(usize, Order)>> {
    let mut all = vec![];
    for item in text.map(items).unwrap_or_default() {
        let order = match item.value.as_deref() {
            None | Some("one_hot") => Order::None,
            Some("ordinal") => Order::Sorted,
            Some(values) => Order::Given(values.split('<').map(|v| v.trim().to_owned()).collect()),
        };
        match &places(header, &item)[..] {
            [] => return Err(no_column(header, &item.name, "categories").into()),
            found => all.extend(found.iter().map(|place| (*place, order.clone()))),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_general_or_of_columns() {
        let header = ["age".to_owned(), "site".to_owned()];
        let rules = Rules::of(Some("mean, category, age=median"), &header).unwrap();
        let of_number = |rule| rule != Rule::Category;
        assert_eq!(rules.rule(0, of_number), Rule::Median);
        assert_eq!(rules.rule(1, |rule| rule == Rule::Category), Rule::Category);
        assert_eq!(rules.rule(1, of_number), Rule::Mean);
        assert_eq!(
            Rules::of(None, &header).unwrap().rule(0, of_number),
            Rule::Refuse
        );
        let told = |text| {
            Rules::of(Some(text), &header).unwrap_err().diagnostics[0]
                .title
                .clone()
        };
        assert_eq!(told("avg"), "`avg` is no rule for missing values");
        assert_eq!(
            told("aeg=mean"),
            "there is no column `aeg`, which `missing` names"
        );
        let order = categories(Some("site=low<high"), &header).unwrap();
        assert_eq!(
            order,
            [(1, Order::Given(vec!["low".into(), "high".into()]))]
        );
    }
}
