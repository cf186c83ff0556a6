//! Images that are decoded as they are asked for.

use super::folder::Image;
use super::{Path, PathBuf, decode, whole};
use crate::data::Values;
use crate::data::error::{corrupt, unreadable};
use crate::data::stored::{Kind, Source};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use std::thread;
use std::time::SystemTime;

/// Images of one shape, in their files.
pub(super) struct OnDemand {
    images: Vec<(PathBuf, Stamp)>,
    shape: Shape,
}

/// How long a file is, and when it was written to.
type Stamp = (u64, Option<SystemTime>);

fn stamp(path: &Path) -> Result<Stamp> {
    let found = path
        .metadata()
        .map_err(|error| unreadable(path, "read", &error))?;
    Ok((found.len(), found.modified().ok()))
}

impl OnDemand {
    /// # Errors
    ///
    /// `E0503` for an image that is not there.
    pub(super) fn new(images: &[Image], shape: &Shape) -> Result<OnDemand> {
        let image = |image: &Image| Ok((image.path.clone(), stamp(&image.path)?));
        Ok(OnDemand {
            images: images.iter().map(image).collect::<Result<_>>()?,
            shape: shape.clone(),
        })
    }

    fn decode(&self, row: usize, out: &mut [u8]) -> Result<()> {
        let (path, before) = &self.images[row];
        if stamp(path)? != *before {
            let help = "images are read as they are needed: leave the folder as it is until the program ends";
            let message = corrupt(path, "has changed while the folder was read");
            return Err(message.help(help).into());
        }
        decode::decode(path, &self.shape, out)
    }
}

impl Source for OnDemand {
    fn rows(&self) -> usize {
        self.images.len()
    }

    fn width(&self) -> usize {
        self.shape.len()
    }

    fn kind(&self) -> Kind {
        Kind::U8
    }

    /// On threads of its own: those of a run are at its last minibatch.
    fn read(&self, rows: &[usize]) -> Result<Values> {
        let mut pixels = vec![0; rows.len() * self.width()];
        let threads = thread::available_parallelism().map_or(1, |n| n.get());
        let each = rows.len().div_ceil(threads).max(1);
        let results = thread::scope(|scope| {
            let parts = pixels
                .chunks_mut(each * self.width())
                .zip(rows.chunks(each));
            let spawned = parts.map(|(pixels, rows)| {
                scope.spawn(move || {
                    let images = pixels.chunks_mut(self.width()).zip(rows);
                    let decoded = images.map(|(pixels, row)| self.decode(*row, pixels));
                    decoded.collect::<Vec<_>>()
                })
            });
            let spawned: Vec<_> = spawned.collect();
            let joined = spawned.into_iter().map(|part| part.join());
            joined.collect::<Vec<_>>()
        });
        let mut all = vec![];
        for part in results {
            all.extend(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        whole(all)?;
        Ok(Values::U8(pixels))
    }
}
