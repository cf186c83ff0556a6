//! Event files, as TensorBoard reads them: the lines of `metrics.jsonl` as scalars.
//!
//! A file is a sequence of records: the length of the data in eight bytes, a masked CRC-32C of these, the data, a masked
//! CRC-32C of the data; all little-endian. The data is an `Event` in the wire format of protocol buffers, of whose
//! fields these are written:
//!
//! ```text
//! Event   { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
//! Summary { repeated Value value = 1; }
//! Value   { string tag = 1; float simple_value = 2; }
//! ```
//!
//! A run that goes on keeps the events of up to its checkpoint's step, with the times that they have: no step is there
//! twice. The file of a run lies in a folder of the run's name, so that several runs can be looked at together.

use super::files::{failed, write_whole};
use super::metrics::{Line, of_target};
use crate::diagnostic::{Diagnostic, Result};
use crate::evaluate::Scores;
use crate::likelihood::ScoreValue;
use crate::terms::Term;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// TensorBoard reads the files whose names contain `tfevents`.
const NAME: &str = "events.out.tfevents.1.bnnc";
/// What the first event says.
const VERSION: &str = "brain.Event:2";

/// The event file of a run under way.
pub struct Events {
    path: PathBuf,
    file: File,
}

impl Events {
    /// The event file in `folder` of the run called `run`, which begins, or goes on after so many steps: later events are
    /// dropped.
    ///
    /// # Errors
    ///
    /// `E0604` where a run that begins would go on with the events of another; `E0601` where the file cannot be written.
    pub fn open(folder: &Path, run: &str, goes_on: Option<u64>) -> Result<Events> {
        let folder = folder.join(run);
        let path = folder.join(NAME);
        fs::create_dir_all(&folder).map_err(|e| failed(&folder, "make the folder", &e))?;
        let before = match path.exists() {
            true => crate::files::read(&path).map_err(|e| failed(&path, "read", &e))?,
            false => vec![],
        };
        let kept: Vec<Record> = (records(&before).into_iter())
            .filter(|record| record.step <= goes_on.unwrap_or(0))
            .collect();
        if goes_on.is_none() && records(&before).len() > kept.len() {
            let title = format!("`{}` holds the events of another run", folder.display());
            return Err(Diagnostic::error("E0604", title)
                .help("name another folder with `--tensorboard`, or delete that one")
                .into());
        }
        let mut contents: Vec<u8> = kept.iter().flat_map(|r| r.bytes).copied().collect();
        if contents.is_empty() {
            contents = record(&event(now(), 0, Content::Version));
        }
        write_whole(&path, &contents)?;
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|error| failed(&path, "write", &error))?;
        Ok(Events { path, file })
    }

    /// Appends the numbers of a line.
    ///
    /// # Errors
    ///
    /// `E0601` where the file cannot be written.
    pub fn write(&mut self, line: &Line) -> Result<()> {
        let bytes = record(&event(now(), line.step, Content::Scalars(&scalars(line))));
        let written = self.file.write_all(&bytes);
        written.map_err(|error| failed(&self.path, "write", &error))
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// The numbers of a line by their tags; what stands before `/` is a section of TensorBoard's page. A line of a step is of
/// a minibatch, one of an epoch of all its examples.
fn scalars(line: &Line) -> Vec<(String, f64)> {
    let kind = if line.kind == "epoch" {
        "epoch"
    } else {
        "batch"
    };
    let mut all = vec![
        (format!("{kind}/loss"), line.loss),
        (format!("{kind}/nll"), line.nll()),
        (format!("{kind}/learning_rate"), line.learning_rate),
        (
            format!("{kind}/examples_per_second"),
            line.examples_per_second,
        ),
    ];
    if line.terms.iter().any(|term| !term.is_data()) {
        all.push((format!("{kind}/other_terms"), line.kl()));
    }
    let further = [
        ("lambda", line.lambda),
        ("gradient_norm", line.gradient_norm),
        ("clipped", line.clipped),
    ];
    for (name, value) in further {
        all.extend(value.map(|value| (format!("{kind}/{name}"), value)));
    }
    for (target, fit) in &line.fits {
        let (word, value) = fit.entry();
        all.push((
            format!("{kind}/{}", of_target(word, target.as_deref())),
            value,
        ));
    }
    let term = |term: &Term| {
        let (name, value) = (&term.name, &term.value);
        [
            (format!("{kind}_scaled/{name}"), value.scaled),
            (format!("{kind}_unscaled/{name}"), value.value),
        ]
    };
    all.extend(line.terms.iter().flat_map(term));
    for (target, scores) in line.validation.iter().flat_map(|validation| &validation.0) {
        let named = |(name, value): (&str, f64)| {
            let name = of_target(name, target.as_deref());
            (format!("validation/{name}"), value)
        };
        all.extend(single(scores).map(named));
    }
    all
}

/// The scores that are single numbers.
fn single(scores: &Scores) -> impl Iterator<Item = (&str, f64)> {
    let own = scores.scores.iter().filter_map(|score| match score.value {
        ScoreValue::Share(x) | ScoreValue::Number(x) => Some((score.name, x)),
        _ => None,
    });
    own.chain([("expected_nll", scores.expected_nll)])
}

/// What an event has beside its time.
enum Content<'a> {
    Version,
    Scalars(&'a [(String, f64)]),
}

/// An `Event` as protocol buffers write it.
fn event(time: f64, step: u64, content: Content) -> Vec<u8> {
    let mut event = vec![0x09];
    event.extend(time.to_le_bytes());
    if step > 0 {
        event.push(0x10);
        varint(step, &mut event);
    }
    match content {
        Content::Version => field(0x1a, VERSION.as_bytes(), &mut event),
        Content::Scalars(scalars) => {
            let mut summary = vec![];
            for (tag, number) in scalars {
                let mut value = vec![];
                field(0x0a, tag.as_bytes(), &mut value);
                value.push(0x15);
                value.extend((*number as f32).to_le_bytes());
                field(0x0a, &value, &mut summary);
            }
            field(0x2a, &summary, &mut event);
        }
    }
    event
}

/// Appends a field of bytes behind its key: the field's number and the wire type 2.
fn field(key: u8, bytes: &[u8], to: &mut Vec<u8>) {
    to.push(key);
    varint(bytes.len() as u64, to);
    to.extend(bytes);
}

/// Appends a whole number, seven bits a byte, the lowest first.
fn varint(mut number: u64, to: &mut Vec<u8>) {
    while number > 0x7f {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Data as a record.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked(data).to_le_bytes());
    record
}

/// The CRC-32C (Castagnoli), turned and shifted so that the sum of data that holds sums is none of theirs.
fn masked(data: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A record of a file that [`Events`] wrote.
struct Record<'a> {
    step: u64,
    bytes: &'a [u8],
}

/// The whole records of a file, up to the first that is damaged or cut off.
fn records(mut file: &[u8]) -> Vec<Record<'_>> {
    let mut found = vec![];
    while let Some(next) = whole(file) {
        found.push(next);
        file = &file[found[found.len() - 1].bytes.len()..];
    }
    found
}

fn whole(file: &[u8]) -> Option<Record<'_>> {
    let length = u64::from_le_bytes(file.get(..8)?.try_into().ok()?);
    let end = usize::try_from(length).ok()?.checked_add(12)?;
    let data = file.get(12..end)?;
    let sum = u32::from_le_bytes(file.get(end..end.checked_add(4)?)?.try_into().ok()?);
    (sum == masked(data)).then_some(())?;
    // Behind the time's nine bytes the step, if it is not 0.
    let step = match data.get(9..) {
        Some([0x10, rest @ ..]) => {
            let bytes = rest.iter().take(10).enumerate();
            let mut step = 0;
            for (place, byte) in bytes {
                step |= u64::from(byte & 0x7f) << (7 * place).min(63);
                if byte & 0x80 == 0 {
                    break;
                }
            }
            step
        }
        _ => 0,
    };
    Some(Record {
        step,
        bytes: &file[..end + 4],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::TermValue;
    use crate::likelihood::Fit;

    /// What `RecordWriter` of TensorBoard 2.21 writes of these events.
    const BY_TENSORBOARD: &str = "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c\
        3c00000000000000c8b7a35209000000000000024010ac022a2e0a110a0a65706f63682f6c6f7373150000003f0a190a126570\
        6f63685f7363616c65642f6b6c28612915000050c0c66763ba";

    #[test]
    fn records_are_those_of_tensorboard() {
        let scalars = [
            ("epoch/loss".into(), 0.5),
            ("epoch_scaled/kl(a)".into(), -3.25),
        ];
        let mut found = record(&event(1.5, 0, Content::Version));
        found.extend(record(&event(2.25, 300, Content::Scalars(&scalars))));
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, BY_TENSORBOARD);
    }

    fn line(step: u64) -> Line {
        let value = TermValue {
            value: 8.0,
            scale: 0.25,
            scaled: 2.0,
        };
        let term = |name: &str| Term {
            name: name.into(),
            symbol: None,
            value,
        };
        Line {
            kind: "step",
            step,
            epoch: 0.5,
            learning_rate: 0.1,
            loss: 4.0,
            lambda: Some(1.0),
            terms: vec![term("nll"), term("kl(a.kernel)")],
            fits: vec![(Some("age".into()), Fit::Rmse(0.5))],
            gradient_norm: None,
            clipped: None,
            examples_per_second: 10.0,
            seconds: 0.1,
            measured: vec![],
            validation: None,
        }
    }

    #[test]
    fn a_line_has_every_term_scaled_and_not() {
        let all = scalars(&line(3));
        let found = |tag: &str| all.iter().find(|(own, _)| own == tag).map(|(_, x)| *x);
        assert_eq!(found("batch_scaled/kl(a.kernel)"), Some(2.0));
        assert_eq!(found("batch_unscaled/kl(a.kernel)"), Some(8.0));
        assert_eq!(found("batch/other_terms"), Some(2.0));
        assert_eq!(found("batch/rmse(age)"), Some(0.5));
    }

    #[test]
    fn a_run_that_goes_on_has_each_step_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = Events::open(folder.path(), "r", None).unwrap();
        (1..=300).for_each(|step| events.write(&line(step)).unwrap());
        let path = folder.path().join("r").join(NAME);
        let before = fs::read(&path).unwrap();
        // What a crash cut off.
        fs::write(&path, &before[..before.len() - 5]).unwrap();
        let mut events = Events::open(folder.path(), "r", Some(200)).unwrap();
        events.write(&line(201)).unwrap();
        let after = fs::read(&path).unwrap();
        let steps: Vec<u64> = records(&after).iter().map(|record| record.step).collect();
        assert_eq!(steps, (0..=201).collect::<Vec<u64>>());
        // With their times.
        let kept = records(&before)[..=200]
            .iter()
            .map(|r| r.bytes.len())
            .sum::<usize>();
        assert_eq!(before[..kept], after[..kept]);
        let refused = Events::open(folder.path(), "r", None).err().unwrap();
        assert_eq!(refused.diagnostics[0].code, "E0604");
        assert_eq!(fs::read(&path).unwrap(), after);
    }
}
