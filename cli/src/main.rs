//! The `kmsak` program: a thin shell over the libraries, one file a subcommand.

mod completions;
mod configuration;
mod credential_process;
mod doctor;
mod emulator;
mod exec;
mod failure;
mod get;
mod log;
mod secret_json;
mod serve;
mod variables;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Plain text and key material pass through many buffers on their way: all of them are wiped when freed.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Managed AccessKeys from Alibaba Cloud KMS
#[derive(Debug, Parser)]
#[command(name = "kmsak", version, after_help = failure::EXIT_CODES)]
struct Program {
    #[command(flatten)]
    log: log::LogArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Get(get::Get),
    Exec(exec::Exec),
    CredentialProcess(credential_process::CredentialProcess),
    Serve(serve::Serve),
    Doctor(doctor::Doctor),
    Emulator(emulator::Emulator),
    Completions(completions::Completions),
    Man(completions::Man),
}

impl Command {
    /// Whether it does one thing and tells what went wrong with it by itself.
    fn is_short(&self) -> bool {
        !matches!(self, Command::Serve(_) | Command::Emulator(_))
    }
}

fn main() -> ExitCode {
    let program = Program::parse();
    program.log.install(program.command.is_short());
    let done = match program.command {
        Command::Get(command) => command.run(),
        Command::Exec(command) => command.run(),
        Command::CredentialProcess(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Emulator(command) => Ok(command.run()),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    done.unwrap_or_else(Failure::report)
}
