#![deny(unused_must_use)]

use hyperlog_core::{Json, Limits, Logger, Null, Output, Redaction, Scope, ScopeExt, fields};

fn main() {
    let logger = Logger::current();
    logger.enter();
    Scope::new(logger.clone()).enter();
    logger.with(fields!(answer = 42));
    logger.named("shop");
    Logger::builder();
    Logger::builder().build();
    Logger::builder().level(hyperlog_core::Level::INFO);
    Output::new(Json::new(), Null).name("null");
    Limits::default().text(8);
    Redaction::builder();
    async {}.in_current_scope();
}
