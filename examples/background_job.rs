//! What about work that is no request? A scope gives a job its fields, and a recording its flight recorder.
//!
//! `cargo run --example background_job` runs two jobs, of which one fails, and ends.

use std::time::Duration;

use hyperlog::{Level, Logger, Recording, Scope, ScopeExt, debug, error, fields, info};

#[tokio::main]
async fn main() {
    for account in [3, 7] {
        run(account).await;
    }
}

async fn run(account: u32) {
    // What the level would stop is held back, and shown if the job fails.
    let recording = Recording::new(&Logger::current(), Level::DEBUG);
    // All records of the job bear these fields, in whatever it calls and awaits.
    let scope = Scope::new(recording.logger().with(fields!(job = "synchronise", account)));
    let synchronised = synchronise(account).in_scope(scope.clone()).await;

    let _entered = scope.enter();
    match synchronised {
        Ok(()) => info!("synchronised"),
        Err(problem) => {
            recording.tell();
            error!(problem, "not synchronised");
        }
    }
}

async fn synchronise(account: u32) -> Result<(), &'static str> {
    debug!("asking the bank");
    tokio::time::sleep(Duration::from_millis(1)).await;
    debug!(balance = account * 100, "the bank answered");
    if account == 7 { Err("the accounts differ") } else { Ok(()) }
}
