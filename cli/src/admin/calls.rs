//! `kmsak admin calls`, which is for tests: each call that the program knows, to be held against the official SDKs' models.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cloud::{all_actions, bare};
use crate::failure::Failure;
use crate::output::print_line;

/// Print each call that the program knows, as JSON
#[derive(Debug, Args)]
pub(super) struct Calls {}

impl Calls {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let calls: Vec<Value> = all_actions()
            .map(|action| {
                let parameters: Vec<Value> = action
                    .parameters
                    .iter()
                    .map(|described| {
                        json!({
                            "name": bare(described),
                            "always": described.contains('*'),
                            "in": if described.contains('&') { "body" } else { "query" },
                        })
                    })
                    .collect();
                json!({
                    "product": action.product.name(),
                    "version": action.product.version(),
                    "action": action.name,
                    "changes": action.changes,
                    "method": if action.get { "GET" } else { "POST" },
                    "parameters": parameters,
                })
            })
            .collect();
        print_line(&format!("{:#}", Value::Array(calls)))?;
        Ok(ExitCode::SUCCESS)
    }
}
