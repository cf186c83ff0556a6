//! Sweeps: many runs of a model from one file, as a grid or as random draws of its constants and settings, on folds or
//! random test parts of the data.
//!
//! ```toml
//! model = "line.bnn"            # or a list of them
//! config = "line.toml"          # else the run file of each model's name beside it
//! data = "t.csv"                # else what the run file says
//! target = "y"
//! folds = 5                     # or splits = 20 and test = 0.2, or test_rows = "test_*.txt"
//! samples = 50                  # draws that the table's scores are averaged over
//! sort = "nll"
//!
//! [grid]                        # every combination
//! set.width = [8, 16]
//! learning_rate = [0.01, 0.001]
//! seed = [0, 1, 2]
//!
//! [random]                      # and with each of them so many draws
//! draws = 20
//! seed = 1
//! clip_norm = { low = 0.1, high = 10.0, log = true }
//!
//! [[case]]                      # settings that go together
//! name = "small"
//! set.depth = 1
//! epochs = 10
//! ```

mod axis;
mod file;
mod settings;
mod splits;
mod task;

pub use axis::{Axis, Range, Value};
pub use file::{Case, Random, Seed, Split, Sweep};
pub use splits::{Rows, folds, listed, random};
pub use task::{HeldOut, Task, tasks};
