//! The `kmsak` program: a thin shell over the libraries, one file a subcommand.

mod admin;
mod agent_client;
mod audit;
mod cloud;
mod completions;
mod configuration;
mod credential_process;
mod doctor;
mod emulator;
mod ending;
mod exec;
mod failure;
mod get;
mod log;
mod mode;
mod output;
mod progress;
mod secret_json;
mod serve;
#[cfg(windows)]
mod service;
mod status;
mod variables;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

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
    Status(status::Status),
    Doctor(doctor::Doctor),
    Admin(admin::Admin),
    Audit(audit::Audit),
    Emulator(emulator::Emulator),
    Completions(completions::Completions),
    Man(completions::Man),
}

impl Command {
    /// What is logged unless `--log-level` says otherwise. A command that does one thing tells by itself what went wrong
    /// with it; one that stays has to tell what goes wrong behind it.
    fn default_log_level(&self) -> log::Most {
        match self {
            Command::Serve(_) | Command::Emulator(_) => log::Most::Info,
            Command::Get(get) if get.stays() => log::Most::Warn,
            Command::Exec(exec) if exec.stays() => log::Most::Warn,
            _ => log::Most::Error,
        }
    }

    /// What failed before the command began, with a code that is the command's to give.
    fn codes(&self, failure: Failure) -> Failure {
        match self {
            Command::Exec(_) => failure.with_code(exec::KMSAK_FAILED),
            _ => failure,
        }
    }
}

fn main() -> ExitCode {
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(error) => return explain(&error),
    };
    if let Err(failure) = program.log.install(program.command.default_log_level()) {
        return program.command.codes(failure).report();
    }
    let done = match program.command {
        Command::Get(command) => command.run(),
        Command::Exec(command) => command.run(),
        Command::CredentialProcess(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Status(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Admin(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Emulator(command) => Ok(command.run()),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    done.unwrap_or_else(Failure::report)
}

/// Help, or what is wrong with the command line. The codes of `exec` are the command's, but for its own three.
fn explain(error: &clap::Error) -> ExitCode {
    // Nobody may be reading.
    let _ = error.print();
    let for_exec = || {
        let matches = Program::command().ignore_errors(true).try_get_matches();
        matches.is_ok_and(|matches| matches.subcommand_name() == Some("exec"))
    };
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if for_exec() => ExitCode::from(exec::KMSAK_FAILED),
        code => ExitCode::from(u8::try_from(code).unwrap_or(2)),
    }
}
