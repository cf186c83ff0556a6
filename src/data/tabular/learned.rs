//! How the columns of a table become numbers, learned from the rows that will be trained on.

use super::Table;
use crate::data::choices::{Order, Rules, categories};
use crate::data::coding::{Code, Coding, Fault};
use crate::data::labels::Labels;
use crate::data::lesson::{self, Lesson};
use crate::data::look::{self, Kind, Look};
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
        let marks = choices.marks();
        let mut learner = Learner {
            table: self,
            training,
            request,
            rules: Rules::of(choices.missing.as_deref(), self.header)?,
            orders: categories(choices.categories.as_deref(), self.header)?,
            coding: Coding {
                missing_values: marks.clone(),
                decimal_commas: self.named(|column| column.decimal == Decimal::Comma),
                percent: self.named(Column::has_percent),
                ..Coding::default()
            },
            marks,
            refused: vec![],
            remarks: vec![],
        };
        let is_read = |place: usize| self.sheet.columns[place].len() == self.sheet.rows();
        for (index, &place) in chosen.inputs.iter().enumerate() {
            if is_read(place) {
                learner.input(index, place)?;
            }
        }
        for &place in chosen.targets.iter().filter(|place| is_read(**place)) {
            learner.target(place)?;
        }
        learner.end()
    }
}

/// Learns of a table's columns, one after the other.
struct Learner<'a> {
    table: &'a Table<'a>,
    /// The rows that will be trained on.
    training: &'a [usize],
    request: &'a Request,
    /// The texts that stand for what is missing.
    marks: Vec<String>,
    rules: Rules,
    orders: Vec<(usize, Order)>,
    coding: Coding,
    refused: Vec<Refused>,
    remarks: Vec<String>,
}

impl Learner<'_> {
    /// Learns of the input column number `index`, which stands at `place`.
    fn input(&mut self, index: usize, place: usize) -> Result<()> {
        let asked = self.table.asked;
        let column = &self.table.sheet.columns[place];
        let found = look::look(column, &self.marks);
        let own = &asked.inputs;
        // Of a table whose rows are no steps, a sequence stands in a row.
        let in_a_row = self.request.sequence(own[index]);
        if let Some(of) = in_a_row.filter(|_| asked.steps.is_none()) {
            let is_alone = own.iter().filter(|of| **of == own[index]).count() == 1;
            let code = self.step(place, found.kind, of, is_alone)?;
            self.coding.inputs.insert(column.name.clone(), code);
            return Ok(());
        }
        let is_text = !matches!(found.kind, Kind::Number | Kind::Mixed | Kind::Empty);
        if is_text
            && found.missing == 0
            && let Some(of) = self.of_words()
        {
            let training = self.training.iter().copied();
            let words = lesson::values(column, training, &self.marks);
            refuse_small_vocabulary(self.table.path, &column.name, words.len(), of)?;
            let code = Code::Token(words);
            self.coding.inputs.insert(column.name.clone(), code);
            return Ok(());
        }
        self.number(place, found)
    }

    /// The only input of a table whose rows are steps, where it is one of tokens.
    fn of_words(&self) -> Option<&SequenceInput> {
        let is_alone = self.table.asked.steps.is_some() && self.request.inputs.len() == 1;
        let of = self.request.sequence(0).filter(|_| is_alone)?;
        of.vocabulary.is_some().then_some(of)
    }

    /// How a column becomes a step, or all steps, of a sequence that stands in a row.
    fn step(
        &mut self,
        place: usize,
        kind: Kind,
        of: &SequenceInput,
        is_alone: bool,
    ) -> Result<Code> {
        let (table, request) = (self.table, self.request);
        if has_words(kind) && (of.vocabulary.is_none() || !is_alone) {
            table.refuse_order(place, request)?;
        }
        // Numbers in the place of a text, which stands in the place of a number.
        let is_swapped = is_alone && kind == Kind::Number && of.steps > 1;
        if is_swapped && let Some(text) = table.text_as_number(request) {
            table.refuse_order(text, request)?;
        }
        let is_text = is_alone && !matches!(kind, Kind::Number | Kind::Empty);
        let Some(vocabulary) = of.vocabulary.filter(|_| is_text) else {
            return Ok(Code::Step);
        };
        let column = &table.sheet.columns[place];
        let sizes = [of.steps, vocabulary];
        let (texts, remark) = Texts::learn(column, self.training, &self.marks, sizes);
        self.remarks
            .extend(remark.into_iter().chain(texts.cut(column)));
        Ok(Code::Text(texts))
    }

    /// Learns of a column that becomes one number or several, each by itself.
    fn number(&mut self, place: usize, found: Look) -> Result<()> {
        let column = &self.table.sheet.columns[place];
        let named = self.orders.iter().find(|(of, _)| *of == place);
        let named = named
            .map(|(_, order)| order.as_cells(&column.name, column.decimal))
            .transpose()?;
        let rule = |fits| self.rules.rule(place, fits);
        let (order, rule) = recipe::decide(&found, named, rule);
        if recipe::refuses(&found, order.as_ref(), rule) {
            self.refused.push(Refused {
                place,
                found,
                is_target: false,
            });
            return Ok(());
        }
        let inputs = self.table.asked.chosen.inputs.len();
        self.remarks.extend(recipe::remark(column, &found, inputs));
        let lesson = Lesson {
            column,
            look: &found,
            order: order.as_ref(),
            rule,
            training: self.training,
            marks: &self.marks,
        };
        if let Some(code) = lesson.code() {
            self.coding.inputs.insert(column.name.clone(), code);
        }
        if let Some(fill) = lesson.fill() {
            self.coding.fills.insert(column.name.clone(), fill);
        }
        Ok(())
    }

    /// Learns of the target column at `place`.
    fn target(&mut self, place: usize) -> Result<()> {
        let asked = self.table.asked;
        let column = &self.table.sheet.columns[place];
        let found = look::look(column, &self.marks);
        let classes = match self.table.order_of_target(place, &self.orders)? {
            Some(classes) => Some(classes),
            None => labels::classes(column, &found, self.request.predicts, &self.marks),
        };
        let is_alone = asked.chosen.targets.len() == 1;
        if let Some(classes) = classes.filter(|_| is_alone) {
            let unseen = labels::unseen(column, &classes, self.training, &self.marks);
            self.remarks.extend(unseen);
            self.coding.classes = classes;
        }
        let is_named = !self.coding.classes.is_empty();
        let may_miss = asked.may_miss;
        let is_number = found.kind == Kind::Number || found.kind == Kind::Empty && may_miss;
        if found.missing > 0 && !may_miss || found.is_half_percent() || !is_number && !is_named {
            // What is an input, too, is told once.
            self.refused.retain(|input| input.place != place);
            self.refused.push(Refused {
                place,
                found,
                is_target: true,
            });
            return Ok(());
        }
        self.remarks.extend(recipe::remark(column, &found, 1));
        Ok(())
    }

    /// What was learned of all.
    fn end(mut self) -> Result<Learned> {
        if !self.refused.is_empty() {
            let Table {
                path, sheet, asked, ..
            } = self.table;
            let in_windows = asked.in_windows();
            return Err(refuse(path, sheet, &self.refused, &self.marks, in_windows).into());
        }
        // A text is none of numbers, whatever it holds.
        let Coding {
            percent, inputs, ..
        } = &mut self.coding;
        percent.retain(|name| !matches!(inputs.get(name), Some(Code::Text(_))));
        Ok(Learned {
            coding: self.coding,
            remarks: self.remarks,
        })
    }
}
