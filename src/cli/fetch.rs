//! `bnnc data fetch`: the download of a named data set, and its progress.

#[cfg(feature = "fetch")]
pub(super) use with_https::fetch;
#[cfg(not(feature = "fetch"))]
pub(super) use without_https::fetch;

#[cfg(feature = "fetch")]
mod with_https {
    use crate::cli::terminal::{draws_bars, tell};
    use crate::data::catalog::CatalogEntry;
    use crate::data::fetch::{self, Event};
    use crate::diagnostic::Result;
    use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
    use std::path::{Path, PathBuf};

    /// Downloads what is missing of `entry`; the folder that holds it.
    pub(crate) fn fetch(
        entry: &dyn CatalogEntry,
        directory: &Path,
        mirror: Option<&str>,
    ) -> Result<PathBuf> {
        let mut bar = Bar::default();
        fetch::fetch(entry, directory, mirror, &mut |event| bar.show(event))
    }

    /// The progress of a download: a bar on a terminal, a line a file elsewhere.
    #[derive(Default)]
    struct Bar {
        bar: Option<ProgressBar>,
    }

    impl Bar {
        fn show(&mut self, event: Event) {
            match event {
                Event::Complete { file } => tell!("{file} is there"),
                Event::Progress { file, done, total } => {
                    self.bar
                        .get_or_insert_with(|| start(file, done, total))
                        .set_position(done);
                }
                Event::Fetched { file } => {
                    self.bar.take().inspect(ProgressBar::finish_and_clear);
                    tell!("{file} is fetched, its checksum is right");
                }
                Event::Unpacking { file } => tell!("unpacking {file}"),
            }
        }
    }

    fn start(file: &str, done: u64, total: u64) -> ProgressBar {
        let style = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        let target = match draws_bars() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target)
            .with_message(file.to_string())
            .with_position(done);
        bar.set_style(
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.reset_eta();
        bar
    }
}

#[cfg(not(feature = "fetch"))]
mod without_https {
    use crate::data::catalog::{CatalogEntry, Origin};
    use crate::diagnostic::{Diagnostic, Result};
    use std::path::{Path, PathBuf};

    /// Refuses, and says where the files of `entry` are published and where they belong.
    pub(crate) fn fetch(
        entry: &dyn CatalogEntry,
        directory: &Path,
        mirror: Option<&str>,
    ) -> Result<PathBuf> {
        let mut message = Diagnostic::error("E0511", "this bnnc was built without downloads");
        let base = |url| mirror.unwrap_or(url).trim_end_matches('/');
        let by_hand = match (entry.origin(), entry.folders()) {
            (Some(Origin::Files { url }), [folder, ..]) => Some(format!(
                "download the files of {} to {}",
                base(url),
                directory.join(folder).display()
            )),
            (Some(Origin::Archive { url, archive }), _) => Some(format!(
                "download {}/{} and unpack it in {}",
                base(url),
                archive.name,
                directory.display()
            )),
            _ => None,
        };
        if let Some(text) = by_hand {
            message = message.help(text);
        }
        Err(message
            .help("a build with `--features fetch` can download")
            .into())
    }
}
