//! `resshift`: the command line.

#[cfg(not(target_family = "wasm"))]
mod cli;

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

/// Pages use the library.
#[cfg(target_family = "wasm")]
fn main() {}
