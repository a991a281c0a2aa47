//! Nothing around an app: what everybody else adds to.

use crate::case::{BARE, Case};
use crate::http::{actix, axum};
use crate::peers::{Loop, Peer, Standing, hyperlog};
use std::error::Error;
use tower::layer::util::Identity;

pub static APP: Peer = Peer { name: BARE, standing: Standing::Base, install, call, sites: None };

/// What records are added to is the same program without them.
fn install(case: Case) -> Result<(), Box<dyn Error>> {
    if case == Case::AxumRecorder { (hyperlog::JSON.install)(case) } else { Ok(()) }
}

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Axum | Case::AxumInfo => drives!(axum, Case::Axum, axum::app(axum::user)),
        Case::AxumUnmatched => drives!(axum, Case::AxumUnmatched, axum::app(axum::user)),
        Case::AxumRecorder => drives!(axum, Case::AxumRecorder, hyperlog::layered(axum::app(hyperlog::debugs))),
        Case::AxumRouteOff => drives!(axum, Case::Axum, axum::app(axum::user)),
        Case::AxumOff => drives!(axum, Case::Axum, axum::app(axum::user).layer(Identity::new())),
        Case::AxumLoopback => serves!(axum, axum::app(axum::user)),
        Case::Actix | Case::ActixInfo => drives!(actix, Case::Actix, actix::app(actix::user)),
        Case::ActixUnmatched => drives!(actix, Case::ActixUnmatched, actix::app(actix::user)),
        Case::ActixLoopback => serves!(actix, actix::app(actix::user)),
        _ => return None,
    })
}
