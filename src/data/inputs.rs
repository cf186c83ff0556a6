//! Data to predict for that has no targets: arrays, tables of as many numbers as a model takes, folders of images.

#[cfg(feature = "images")]
use super::images;
use super::memory::{self, Held};
use super::npz::From;
use super::sheet::{self, Cell, Sheet};
use super::{Dataset, Request, Resolved, Seen, Split, Values, idx_files, npz, resolve};
use crate::diagnostic::Result;
use crate::tensor::Shape;

/// The inputs that `request` names, where they have no targets: an `.npz` with inputs alone, IDX without targets
/// beside it, a folder of images without folders of classes, and for a run that does not know its columns by their
/// names a table of as many columns of numbers as there are features. `None` for any other data.
///
/// # Errors
///
/// As [`load`](super::load).
pub fn inputs_alone(request: &Request, features: &Shape) -> Result<Option<Dataset>> {
    // Of several targets each goes by its name, and need not be there.
    let is_said = request.target.is_some() && request.others.is_empty();
    if is_said || request.test_rows.is_some() {
        return Ok(None);
    }
    let split = match resolve(request)? {
        Resolved::Npz(path) => return npz::inputs(From::File(&path), &npz::Wanted::of(request)),
        Resolved::Memory(memory) => match memory.held() {
            Held::Arrays(arrays) => {
                return npz::inputs(From::Memory(arrays), &npz::Wanted::of(request));
            }
            Held::Table(columns) if request.columns.is_none() => {
                let sheet = memory::sheet(columns, &sheet::read_all);
                sheet.ok().and_then(|sheet| numbers(&sheet, features))
            }
            Held::Table(_) => None,
        },
        Resolved::Idx(path) => {
            let found = idx_files::inputs(&path, request.stream)?;
            return Ok(found.map(|(split, streamed)| alone(request, split, streamed)));
        }
        #[cfg(feature = "images")]
        Resolved::Folder(path) => return images::inputs(&path, request),
        // Columns that go by their names need not be counted.
        Resolved::Sheet(path) if request.columns.is_none() => {
            let sheet = sheet::read(&path, None, &sheet::read_all);
            sheet.ok().and_then(|sheet| numbers(&sheet, features))
        }
        _ => None,
    };
    Ok(split.map(|train| alone(request, train, None)))
}

fn alone(request: &Request, train: Split, streamed: Option<String>) -> Dataset {
    Dataset {
        name: request.data.clone(),
        train,
        test: None,
        file_rows: None,
        columns: None,
        seen: Seen {
            streamed,
            ..Seen::default()
        },
        class_names: vec![],
    }
}

/// A table of exactly as many columns of numbers as there are features; `None` where it is not one, so that the reader
/// of tables with targets says what is wrong.
fn numbers(sheet: &Sheet, features: &Shape) -> Option<Split> {
    if sheet.columns.len() != features.len() {
        return None;
    }
    let cells = (0..sheet.rows()).flat_map(|row| sheet.columns.iter().map(move |c| c.cell(row)));
    let number = |cell| match cell {
        Cell::Number(value) => Some(value),
        Cell::Text(_) => None,
    };
    let inputs: Vec<f64> = cells.map(number).collect::<Option<_>>()?;
    Some(Split {
        inputs: Values::F64(inputs),
        input_shape: features.clone(),
        targets: Values::F64(vec![]),
        target_shape: Shape::new(&[0]),
        len: sheet.rows(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_features_alone_is_taken_as_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, "a,b\n1,2\n3,4\n").unwrap();
        let request = Request {
            data: path.display().to_string(),
            ..Request::default()
        };
        let data = inputs_alone(&request, &Shape::new(&[2])).unwrap().unwrap();
        assert_eq!(
            (data.train.len, data.train.inputs),
            (2, Values::F64(vec![1.0, 2.0, 3.0, 4.0]))
        );
        assert!(inputs_alone(&request, &Shape::new(&[1])).unwrap().is_none());
    }
}
