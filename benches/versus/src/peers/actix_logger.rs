//! actix-web's own `Logger`, written by env_logger: a line of text, without an id.

use crate::case::{ACTIX_LOGGER, Case};
use crate::http::actix;
use crate::peers::{Loop, Peer, Standing};
use crate::sink::Null;
use actix_web::middleware::Logger;

pub static TEXT: Peer = Peer {
    name: ACTIX_LOGGER,
    standing: Standing::Always,
    install: |_| {
        let mut logger = env_logger::Builder::new();
        logger.parse_filters("info").target(env_logger::Target::Pipe(Box::new(Null)));
        Ok(logger.try_init()?)
    },
    call,
    sites: None,
};

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Actix => drives!(actix, Case::Actix, actix::app(actix::user).wrap(Logger::default())),
        Case::ActixLoopback => serves!(actix, actix::app(actix::user).wrap(Logger::default())),
        _ => return None,
    })
}
