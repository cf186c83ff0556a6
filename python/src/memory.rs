//! NumPy's arrays and the columns of tables, as the library reads them.

use bnnc::data::{self, Array, Cells, Column};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Data that Python has in memory.
#[pyclass(frozen)]
pub struct Memory {
    pub data: data::Memory,
    /// Whether they are the columns of a table; else they are arrays.
    pub is_table: bool,
}

/// An array: its name, the type of its entries as NumPy writes it, its shape, and its bytes.
type Named = (String, String, Vec<usize>, Py<PyArray1<u8>>);

/// Named arrays: of each its name, the type of its entries as NumPy writes it, its shape, and its bytes. They are not
/// copied: a fit or a prediction reads them once, into the type that it works with.
#[pyfunction]
pub fn arrays(all: Vec<Named>) -> Memory {
    let array = |(name, kind, shape, bytes): Named| {
        let lend = move |take: &mut dyn FnMut(&[u8])| {
            Python::attach(|py| {
                let bytes = bytes.bind(py).try_readonly();
                if let Some(bytes) = bytes.as_ref().ok().and_then(|b| b.as_slice().ok()) {
                    take(bytes);
                }
            });
        };
        Array::new(&name, &kind, &shape, Box::new(lend))
    };
    Memory {
        data: data::Memory::arrays(all.into_iter().map(array).collect()),
        is_table: false,
    }
}

/// The named columns of a table: each an array of float64, int64 or bool, or a list of texts and `None`.
#[pyfunction]
pub fn table(columns: Vec<(String, Bound<PyAny>)>) -> PyResult<Memory> {
    let column = |(name, cells): (String, Bound<PyAny>)| {
        Ok(Column {
            cells: self::cells(&name, &cells)?,
            name,
        })
    };
    let columns: PyResult<Vec<Column>> = columns.into_iter().map(column).collect();
    Ok(Memory {
        data: data::Memory::table(columns?),
        is_table: true,
    })
}

fn cells(name: &str, cells: &Bound<PyAny>) -> PyResult<Cells> {
    if let Ok(numbers) = cells.extract::<PyReadonlyArray1<f64>>() {
        return Ok(Cells::Numbers(numbers.as_array().to_vec()));
    }
    if let Ok(numbers) = cells.extract::<PyReadonlyArray1<i64>>() {
        return Ok(Cells::Integers(numbers.as_array().to_vec()));
    }
    if let Ok(numbers) = cells.extract::<PyReadonlyArray1<bool>>() {
        return Ok(Cells::Booleans(numbers.as_array().to_vec()));
    }
    let texts = cells.extract();
    texts.map(Cells::Texts).map_err(|_| {
        PyTypeError::new_err(format!(
            "the column {name} is neither float64, int64 nor bool, nor a list of texts"
        ))
    })
}
