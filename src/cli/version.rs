//! `bnnc --version`: the release, the commit it was built from and the machine it was built for.

use std::sync::OnceLock;

/// The commit that the program was built from.
static COMMIT: OnceLock<Option<&'static str>> = OnceLock::new();

/// Says the commit, once.
pub fn built_from(commit: Option<&'static str>) {
    COMMIT.get_or_init(|| commit);
}

/// `0.1.0 (1a2b3c4d5e6f, x86_64-unknown-linux-gnu)`
pub(super) fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let commit = COMMIT.get().copied().flatten();
        let commit = commit.map_or(String::new(), |commit| format!("{}, ", &commit[..12]));
        format!("{} ({commit}{})", env!("CARGO_PKG_VERSION"), target())
    })
}

/// The name that Rust has for the machine.
fn target() -> String {
    let arch = std::env::consts::ARCH;
    let abi = if cfg!(target_env = "msvc") {
        "-msvc"
    } else if cfg!(target_env = "musl") {
        "-musl"
    } else if cfg!(target_env = "gnu") {
        "-gnu"
    } else {
        ""
    };
    match std::env::consts::OS {
        "macos" => format!("{arch}-apple-darwin"),
        "windows" => format!("{arch}-pc-windows{abi}"),
        os => format!("{arch}-unknown-{os}{abi}"),
    }
}
