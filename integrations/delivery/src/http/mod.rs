//! One blocking client for every system that speaks HTTP, with the feature `http`.
//!
//! It sends a body to one address and says what came back. What that means for the records is a table,
//! [`Answer::verdict`]; trying again, splitting and counting are the engine's.
//!
//! ```no_run
//! use hyperlog_delivery::http::{Address, Client};
//! use hyperlog_delivery::{Backend, Batch, Reply};
//!
//! /// Sends lines to a collector.
//! struct Collector(Client);
//!
//! impl Backend for Collector {
//!     fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
//!         let lines: Vec<u8> = batch.pieces().flatten().copied().collect();
//!         let body = self.0.pack(&lines);
//!         self.0.deliver(&body, &[("content-type", "application/x-ndjson")], &[200, 204])
//!     }
//! }
//!
//! let address = Address::parse("https://logs.example.com/ingest?token=…")?;
//! let client = Client::builder(address).secret_header("authorization", "Bearer …").build()?;
//! # drop(Collector(client));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | what | by default |
//! |---|---|
//! | addresses | public ones over TLS; [`Addresses::Any`] and [`Transport::PlainAllowed`] allow others |
//! | certificates | those that the system trusts, and [`ClientBuilder::root_certificate`] |
//! | proxy | as `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say |
//! | connecting | 5 s |
//! | a whole request | 30 s, however slowly the other side takes or gives |
//! | an answer | 64 KiB of it are kept |
//! | redirects | none is followed: what was meant for one place is told to no other |
//! | compression | none |
//!
//! Errors name the scheme, the host and the port, and nothing else of an address. No header's value is told at all.
//! The library underneath, `ureq`, tells the facade `log` the path and the query of a request at level trace, and at no
//! other.

mod address;
mod answer;
mod client;
mod dial;
mod error;
mod guard;
mod pack;
mod proxy;
mod resolve;
mod trust;

pub use self::address::{Address, Transport};
pub use self::answer::Answer;
pub use self::client::{Client, ClientBuilder};
pub use self::error::ClientError;
pub use self::guard::Addresses;
pub use self::pack::{Compression, Packed};
pub use self::proxy::Proxy;
pub use self::trust::Verification;
