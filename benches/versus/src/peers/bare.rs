//! Nothing around an app: what everybody else adds to.

use crate::case::{BARE, Case};
use crate::http::{actix, axum};
use crate::peers::{Loop, Peer, Standing};

pub static APP: Peer = Peer { name: BARE, standing: Standing::Base, install: |_| Ok(()), call, sites: None };

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Axum | Case::AxumInfo => drives!(axum, Case::Axum, axum::app(axum::user)),
        Case::AxumUnmatched => drives!(axum, Case::AxumUnmatched, axum::app(axum::user)),
        Case::AxumLoopback => serves!(axum, axum::app(axum::user)),
        Case::Actix | Case::ActixInfo => drives!(actix, Case::Actix, actix::app(actix::user)),
        Case::ActixUnmatched => drives!(actix, Case::ActixUnmatched, actix::app(actix::user)),
        Case::ActixLoopback => serves!(actix, actix::app(actix::user)),
        _ => return None,
    })
}
