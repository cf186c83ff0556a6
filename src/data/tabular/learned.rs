//! How the columns of a table become numbers, learned from the rows that will be trained on.

use super::Table;
use crate::data::choices::{Order, Rules, categories};
use crate::data::coding::{Code, Coding, Fault};
use crate::data::labels::Labels;
use crate::data::lesson::{self, Lesson};
use crate::data::look::{self, Kind};
use crate::data::refusal::{Refused, no_number, refuse};
use crate::data::sheet::{Column, Decimal};
use crate::data::texts::Texts;
use crate::data::{Request, SequenceInput, labels, names, recipe};
use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use crate::words::{join, list, thousands};
use std::collections::BTreeSet;
use std::path::Path;

/// Whether a column holds texts alone.
fn has_words(kind: Kind) -> bool {
    matches!(kind, Kind::Category | Kind::Identifier | Kind::FreeText)
}

/// Refuses a column of more words than the model has tokens for, one of which stands for words that come later.
fn refuse_small_vocabulary(
    path: &Path,
    column: &str,
    words: usize,
    of: &SequenceInput,
) -> Result<()> {
    let Some(vocabulary) = of.vocabulary.filter(|vocabulary| *vocabulary <= words) else {
        return Ok(());
    };
    let title = format!(
        "the column `{column}` of `{}` has {} different words, and the vocabulary of `{}` has {}",
        path.display(),
        thousands(words),
        of.name,
        thousands(vocabulary)
    );
    Err(Diagnostic::error("E0514", title)
        .note("each word is a token, and one more token stands for words that come later")
        .help(format!("`vocabulary = {}` has room for all", words + 1))
        .into())
}

/// What was learned.
#[derive(Default)]
pub(super) struct Learned {
    /// How the columns are read.
    pub(super) coding: Coding,
    /// What is odd about them.
    pub(super) remarks: Vec<String>,
}

impl Learned {
    /// Adds what was learned of other columns of the same table.
    pub(super) fn extend(&mut self, more: Learned) {
        let (own, coding) = (&mut self.coding, more.coding);
        own.missing_values = coding.missing_values;
        own.decimal_commas.extend(coding.decimal_commas);
        own.percent.extend(coding.percent);
        own.inputs.extend(coding.inputs);
        own.fills.extend(coding.fills);
        own.classes.extend(coding.classes);
        self.remarks.extend(more.remarks);
    }
}

impl Table<'_> {
    /// The names of the inputs and targets that have been read and of which `holds` is true.
    fn named(&self, holds: impl Fn(&Column) -> bool) -> BTreeSet<String> {
        let chosen = self.read().filter(|column| holds(column));
        chosen.map(|column| column.name.clone()).collect()
    }

    /// The dropped columns that tell rows apart, and those that say which group or sequence a row is of, and when it was.
    pub(super) fn identifiers(&self) -> Vec<String> {
        let choices = &self.asked.choices;
        let of = |list: &Option<String>| {
            let list = list.as_deref().unwrap_or_default();
            names::resolve(self.header, list).unwrap_or_default()
        };
        let mut group = of(&choices.group);
        for list in [&choices.sequence, &choices.time] {
            let more = of(list).into_iter().filter(|place| !group.contains(place));
            group.extend(more.collect::<Vec<_>>());
        }
        let tells_apart = |place: &usize| {
            let found = look::look(&self.sheet.columns[*place], &[]);
            matches!(found.kind, Kind::Identifier | Kind::FreeText) || found.counts_rows
        };
        let dropped = of(&choices.drop).into_iter().filter(tells_apart);
        let all = group.iter().copied().chain(dropped);
        all.map(|place| self.header[place].clone()).collect()
    }

    /// The classes of a target in the order that `categories` gives them.
    ///
    /// # Errors
    ///
    /// `E0505` for a cell that is none of them.
    fn order_of_target(
        &self,
        place: usize,
        orders: &[(usize, Order)],
    ) -> Result<Option<Vec<String>>> {
        let column = &self.sheet.columns[place];
        let Some((_, order)) = orders.iter().find(|(of, _)| *of == place) else {
            return Ok(None);
        };
        let Order::Given(classes) = order.as_cells(&column.name, column.decimal)? else {
            return Ok(None);
        };
        let known = Labels::of(&classes);
        let marks = self.asked.choices.marks();
        let is_unknown = |cell| known.target(cell, &marks) == Err(Fault::Unseen);
        match column.iter().position(is_unknown) {
            None => Ok(Some(classes)),
            Some(row) => {
                let at = (row, place);
                Err(no_number(self.path, self.sheet, at, Fault::Unlisted, None).into())
            }
        }
    }

    /// A column of texts that is taken for an input of one number.
    fn text_as_number(&self, request: &Request) -> Option<usize> {
        let marks = self.asked.choices.marks();
        let all = self.asked.inputs.iter().zip(&self.asked.chosen.inputs);
        let is_one = |input: usize| {
            let shape = request.inputs.get(input).map(|(_, shape)| shape.len());
            shape == Some(1) && request.sequence(input).is_none()
        };
        let mut of_one = all.filter(|(input, _)| is_one(**input));
        let found = of_one
            .find(|(_, place)| has_words(look::look(&self.sheet.columns[**place], &marks).kind));
        found.map(|(_, place)| *place)
    }

    /// Refuses a column that stands where its model's input takes something else, with what each input takes.
    ///
    /// # Errors
    ///
    /// `E0505` where the model has several inputs.
    fn refuse_order(&self, place: usize, request: &Request) -> Result<()> {
        if request.inputs.len() < 2 {
            return Ok(());
        }
        let taken = self.asked.inputs.iter().zip(&self.asked.chosen.inputs);
        let of_input = |(input, (name, _)): (usize, &(String, Shape))| {
            let own = taken.clone().filter(|(of, _)| **of == input);
            let own: Vec<&String> = own.map(|(_, column)| &self.header[*column]).collect();
            match &own[..] {
                [] => format!("none is left for `{name}`"),
                own => format!("`{name}` takes {}", list(own)),
            }
        };
        let title = format!(
            "column `{}` of `{}` is a text, and its input takes numbers from it",
            self.header[place],
            self.path.display()
        );
        let inputs = request.inputs.iter().enumerate().map(of_input);
        let names = request.inputs.iter().map(|(name, _)| name);
        Err(Diagnostic::error("E0505", title)
            .note(join(inputs.collect(), "and"))
            .help(format!(
                "`--inputs` names the columns in the order of the model's inputs, {}",
                list(names)
            ))
            .into())
    }

    /// How the columns that have been read become numbers.
    ///
    /// # Errors
    ///
    /// `E0505` with all of these columns that cannot be taken as they are, and what to do.
    pub(super) fn learn(&self, training: &[usize], request: &Request) -> Result<Learned> {
        let (chosen, choices) = (&self.asked.chosen, &self.asked.choices);
        let has_steps = self.asked.steps.is_some();
        let predicts = request.predicts;
        // Of a table whose rows are no steps, a sequence stands in a row.
        let own = &self.asked.inputs;
        let in_a_row = |index: usize| request.sequence(own[index]).filter(|_| !has_steps);
        let is_alone = |index: usize| own.iter().filter(|of| **of == own[index]).count() == 1;
        let are_words = has_steps
            && request.inputs.len() == 1
            && request
                .sequence(0)
                .is_some_and(|of| of.vocabulary.is_some());
        let marks = choices.marks();
        let rules = Rules::of(choices.missing.as_deref(), self.header)?;
        let orders = categories(choices.categories.as_deref(), self.header)?;
        let mut coding = Coding {
            missing_values: marks.clone(),
            decimal_commas: self.named(|column| column.decimal == Decimal::Comma),
            percent: self.named(Column::has_percent),
            ..Coding::default()
        };
        let is_read = |place: usize| self.sheet.columns[place].len() == self.sheet.rows();
        let (mut refused, mut remarks) = (vec![], vec![]);
        for (index, &place) in chosen.inputs.iter().enumerate() {
            if !is_read(place) {
                continue;
            }
            let column = &self.sheet.columns[place];
            let found = look::look(column, &marks);
            if let Some(of) = in_a_row(index) {
                let is_text = is_alone(index) && !matches!(found.kind, Kind::Number | Kind::Empty);
                if has_words(found.kind) && (of.vocabulary.is_none() || !is_alone(index)) {
                    self.refuse_order(place, request)?;
                }
                // Numbers in the place of a text, which stands in the place of a number.
                let is_swapped = is_alone(index) && found.kind == Kind::Number && of.steps > 1;
                if is_swapped && let Some(text) = self.text_as_number(request) {
                    self.refuse_order(text, request)?;
                }
                let code = match of.vocabulary.filter(|_| is_text) {
                    None => Code::Step,
                    Some(vocabulary) => {
                        let sizes = [of.steps, vocabulary];
                        let (texts, remark) = Texts::learn(column, training, &marks, sizes);
                        remarks.extend(remark.into_iter().chain(texts.cut(column)));
                        Code::Text(texts)
                    }
                };
                coding.inputs.insert(column.name.clone(), code);
                continue;
            }
            let is_text = !matches!(found.kind, Kind::Number | Kind::Mixed | Kind::Empty);
            if are_words && is_text && found.missing == 0 {
                let words = lesson::values(column, training.iter().copied(), &marks);
                if let Some(of) = request.sequence(0) {
                    refuse_small_vocabulary(self.path, &column.name, words.len(), of)?;
                }
                let code = Code::Token(words);
                coding.inputs.insert(column.name.clone(), code);
                continue;
            }
            let named = orders.iter().find(|(of, _)| *of == place);
            let named = named
                .map(|(_, order)| order.as_cells(&column.name, column.decimal))
                .transpose()?;
            let (order, rule) = recipe::decide(&found, named, |fits| rules.rule(place, fits));
            if recipe::refuses(&found, order.as_ref(), rule) {
                refused.push(Refused {
                    place,
                    found,
                    is_target: false,
                });
                continue;
            }
            remarks.extend(recipe::remark(column, &found, chosen.inputs.len()));
            let lesson = Lesson {
                column,
                look: &found,
                order: order.as_ref(),
                rule,
                training,
                marks: &marks,
            };
            let code = lesson.code();
            if let Some(code) = code {
                coding.inputs.insert(column.name.clone(), code);
            }
            if let Some(fill) = lesson.fill() {
                coding.fills.insert(column.name.clone(), fill);
            }
        }
        for &place in chosen.targets.iter().filter(|place| is_read(**place)) {
            let column = &self.sheet.columns[place];
            let found = look::look(column, &marks);
            let alone = chosen.targets.len() == 1;
            let classes = match self.order_of_target(place, &orders)? {
                Some(classes) => Some(classes),
                None => labels::classes(column, &found, predicts, &marks),
            };
            if let Some(classes) = classes.filter(|_| alone) {
                remarks.extend(labels::unseen(column, &classes, training, &marks));
                coding.classes = classes;
            }
            let is_named = !coding.classes.is_empty();
            let may_miss = self.asked.may_miss;
            let is_number = found.kind == Kind::Number || found.kind == Kind::Empty && may_miss;
            if found.missing > 0 && !may_miss || found.is_half_percent() || !is_number && !is_named
            {
                // What is an input, too, is told once.
                refused.retain(|input: &Refused| input.place != place);
                refused.push(Refused {
                    place,
                    found,
                    is_target: true,
                });
                continue;
            }
            remarks.extend(recipe::remark(column, &found, 1));
        }
        // A text is none of numbers, whatever it holds.
        let Coding {
            percent, inputs, ..
        } = &mut coding;
        percent.retain(|name| !matches!(inputs.get(name), Some(Code::Text(_))));
        match refused.is_empty() {
            true => Ok(Learned { coding, remarks }),
            false => {
                let in_windows = self.asked.in_windows();
                Err(refuse(self.path, self.sheet, &refused, &marks, in_windows).into())
            }
        }
    }
}
