//! Data that a program has in memory: arrays, as an `.npz` holds them, or the columns of a table. They are read as the
//! file would be, with the same numbers and messages.

use super::npy::{Contents, Header, read_contents};
use super::sheet::{self, Builder, Role, Sheet};
use crate::diagnostic::Result;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Data in memory. Clones are the same data.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Held>);

/// What there is in memory.
#[derive(Debug)]
pub(super) enum Held {
    Arrays(Vec<Array>),
    Table(Vec<Column>),
}

/// An array in memory.
pub struct Array {
    name: String,
    header: Header,
    bytes: Bytes,
}

/// Lends the bytes of an array to a function: its entries one after the other, the last axis innermost.
pub type Bytes = Box<dyn Fn(&mut dyn FnMut(&[u8])) + Send + Sync>;

/// A column of a table in memory.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// A cell for each row.
    pub cells: Cells,
}

/// The cells of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Numbers; NaN is a missing value.
    Numbers(Vec<f64>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// `true` and `false`.
    Booleans(Vec<bool>),
    /// Texts, dates among them as `2024-03-01T13:45:10`; `None` is a missing value.
    Texts(Vec<Option<String>>),
}

impl Array {
    /// An array called `name` of this shape. `kind` is the type of its entries as NumPy writes it: `<f4`, `|u1`, `<U8`.
    pub fn new(name: &str, kind: &str, shape: &[usize], bytes: Bytes) -> Array {
        Array {
            name: name.into(),
            header: Header {
                kind: kind.into(),
                fortran: false,
                shape: shape.to_vec(),
                len: shape.iter().product(),
            },
            bytes,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The entries. The error is a sentence.
    pub(super) fn contents(&self) -> std::result::Result<Contents, String> {
        let mut read = Err("its entries cannot be read".into());
        (self.bytes)(&mut |mut bytes| read = read_contents(&self.header, &mut bytes));
        read
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.header)
    }
}

impl Memory {
    /// Arrays by their names, as those of an `.npz`: `x` and `y`, or those of the model's inputs and targets.
    pub fn arrays(arrays: Vec<Array>) -> Memory {
        Memory(Arc::new(Held::Arrays(arrays)))
    }

    /// A table of columns of one length.
    pub fn table(columns: Vec<Column>) -> Memory {
        Memory(Arc::new(Held::Table(columns)))
    }

    pub(super) fn held(&self) -> &Held {
        &self.0
    }

    /// What messages call it.
    pub fn name(&self) -> &'static str {
        match *self.0 {
            Held::Arrays(_) => ARRAYS,
            Held::Table(_) => TABLE,
        }
    }
}

/// What messages call arrays in memory.
pub(super) const ARRAYS: &str = "the arrays in memory";
/// What messages call a table in memory.
const TABLE: &str = "the table in memory";

/// The same data, not equal data.
impl PartialEq for Memory {
    fn eq(&self, other: &Memory) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The sheet of these columns, as a file's reader makes it. Rows are counted from 0, as a program counts them.
pub(super) fn sheet(columns: &[Column], roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Sheet> {
    let header: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let builders = columns.iter().map(|column| {
        let mut cells = Builder::default();
        match &column.cells {
            Cells::Numbers(all) => all.iter().for_each(|x| cells.push_float(*x)),
            Cells::Integers(all) => all.iter().for_each(|n| cells.push_integer(i128::from(*n))),
            Cells::Booleans(all) => all.iter().for_each(|b| cells.push_boolean(*b)),
            Cells::Texts(all) => all.iter().for_each(|text| match text {
                Some(text) => cells.push_text(text),
                None => cells.push_missing(),
            }),
        }
        (column.name.clone(), cells)
    });
    let builders: Vec<(String, Builder)> = builders.collect();
    let rows = builders.first().map_or(0, |(_, cells)| cells.len());
    let lines = (0..rows as u32).collect();
    sheet::finish(Path::new(TABLE), builders, lines, &roles(&header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Request, Values, facts, load};
    use std::fs;

    fn array(name: &str, kind: &str, shape: &[usize], bytes: Vec<u8>) -> Array {
        Array::new(name, kind, shape, Box::new(move |take| take(&bytes)))
    }

    fn request(memory: Memory) -> Request {
        Request {
            data: memory.name().into(),
            memory: Some(memory),
            ..Request::default()
        }
    }

    #[test]
    fn arrays_in_memory_are_those_of_a_file() {
        let floats = |all: &[f32]| {
            all.iter()
                .flat_map(|x| x.to_le_bytes())
                .collect::<Vec<u8>>()
        };
        let x = array("x", "<f4", &[3, 2], floats(&[0.5, 1.0, 2.0, 3.0, 4.0, 5.0]));
        let y = array("y", "|u1", &[3], vec![0, 1, 1]);
        let memory = request(Memory::arrays(vec![x, y]));
        let data = load(&memory).unwrap();
        assert_eq!(
            (data.train.len, &data.train.inputs, &data.train.targets),
            (
                3,
                &Values::F32(vec![0.5, 1.0, 2.0, 3.0, 4.0, 5.0]),
                &Values::U8(vec![0, 1, 1])
            )
        );
        assert_eq!(facts(&memory).unwrap().input_shape.0, [2]);
        // Of different lengths.
        let x = array("x", "<f4", &[2, 1], floats(&[0.5, 1.0]));
        let y = array("y", "|u1", &[3], vec![0, 1, 1]);
        let failure = load(&request(Memory::arrays(vec![x, y]))).unwrap_err();
        let message = &failure.diagnostics[0];
        assert_eq!(
            (message.code, &message.title[..], &message.notes[0][..]),
            (
                "E0507",
                "`the arrays in memory` holds arrays `x` and `y` of different lengths",
                "`x` is [2, 1], `y` is [3]"
            )
        );
    }

    #[test]
    fn a_table_in_memory_is_that_of_a_csv() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let text = "age,colour,seen,price\n31,red,2024-03-01,1.5\n,blue,2024-03-02,2.5\n45,red,2024-03-05,0.5\n";
        fs::write(&path, text).unwrap();
        let file = Request {
            data: path.display().to_string(),
            ..Request::default()
        };
        let texts = |all: [&str; 3]| Cells::Texts(all.map(|text| Some(text.to_owned())).into());
        let column = |name: &str, cells| Column {
            name: name.into(),
            cells,
        };
        let memory = Memory::table(vec![
            column("age", Cells::Numbers(vec![31.0, f64::NAN, 45.0])),
            column("colour", texts(["red", "blue", "red"])),
            column("seen", texts(["2024-03-01", "2024-03-02", "2024-03-05"])),
            column("price", Cells::Numbers(vec![1.5, 2.5, 0.5])),
        ]);
        let mut file = file;
        file.choices.missing = Some("mean".into());
        let mut memory = request(memory);
        memory.choices = file.choices.clone();
        let (file, memory) = (load(&file).unwrap(), load(&memory).unwrap());
        assert_eq!(memory.train.inputs, file.train.inputs);
        assert_eq!(memory.train.targets, file.train.targets);
        assert_eq!(memory.columns, file.columns);
    }
}
