//! The request that everyone gets: the same headers, the same client and the same reply in both frameworks.

use crate::case::Case;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

pub const ROUTE: &str = "/users/{id}";
pub const REPLY: &str = "user 42, as plain text";

/// No request id among them, so that everyone who gives one has to make it.
pub const HEADERS: [(&str, &str); 3] =
    [("host", "shop.example"), ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"), ("accept", "*/*")];

pub const CLIENT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 7), 51234));

/// What is asked for, and what has to come back.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub path: &'static str,
    pub status: u16,
}

impl Asked {
    pub fn of(case: Case) -> Self {
        match case {
            Case::AxumUnmatched | Case::ActixUnmatched => Self { path: "/nobody/42", status: 404 },
            Case::AxumPanic => Self { path: "/users/42", status: 500 },
            _ => Self { path: "/users/42", status: 200 },
        }
    }
}
