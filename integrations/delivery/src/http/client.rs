//! The client: what it is set up with, and one request of it.

use super::address::{Address, Transport};
use super::answer::{Answer, read_retry_after};
use super::dial::Dial;
use super::error::ClientError;
use super::guard::Addresses;
use super::pack::{Compression, Packed};
use super::proxy::Proxy;
use super::resolve::{Resolve, Unresolved};
use super::trust::{self, Verification};
use crate::backend::{DeliveryError, Reply};
use hyperlog_core::report_fault;
use std::fmt;
use std::io::Read;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use ureq::config::AutoHeaderValue;
use ureq::http::header::{CONTENT_ENCODING, RETRY_AFTER};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Response};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, RustlsConnector};
use ureq::{Agent, Body, Timeout};

/// Sends bodies to one address. Connections are kept, one at a time.
pub struct Client {
    agent: Agent,
    address: Address,
    headers: Vec<(HeaderName, HeaderValue)>,
    compression: Compression,
}

impl Client {
    /// Begins to set one up.
    pub fn builder(address: Address) -> ClientBuilder {
        ClientBuilder {
            address,
            headers: Vec::new(),
            transport: Transport::default(),
            addresses: Addresses::default(),
            verification: Verification::default(),
            roots: Vec::new(),
            proxy: Proxy::default(),
            compression: Compression::default(),
            connect_within: Duration::from_secs(5),
            answer_within: Duration::from_secs(30),
        }
    }

    /// The body as it will be sent, compressed or not.
    pub fn pack<'a>(&self, body: &'a [u8]) -> Packed<'a> {
        self.compression.pack(body)
    }

    /// Sends a body with these headers and those that all requests bear, and waits for the answer.
    ///
    /// # Errors
    ///
    /// When there is none in time: nobody knows then whether the body has arrived.
    pub fn post(&self, body: &Packed<'_>, headers: &[(&str, &str)]) -> Result<Answer, DeliveryError> {
        let mut request = self.agent.post(self.address.uri());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let response = request.send(body.bytes()).map_err(|error| self.failed(&error))?;
        Ok(self.read(response))
    }

    /// Sends a body, and says what became of the records in it: by [`Answer::verdict`], or to be tried again where there
    /// was no answer.
    pub fn deliver(&self, body: &Packed<'_>, headers: &[(&str, &str)], accepts: &[u16]) -> Reply {
        match self.post(body, headers) {
            Ok(answer) => answer.verdict(accepts),
            Err(why) => Reply::Retry { after: None, why },
        }
    }

    /// The address it sends to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The status is what counts. A body that does not end, or not as it said it would, is as much as came of it.
    fn read(&self, response: Response<Body>) -> Answer {
        let status = response.status().as_u16();
        let retry_after = header(response.headers(), &RETRY_AFTER);
        let retry_after = retry_after.and_then(|text| read_retry_after(text, SystemTime::now()));
        let mut body = Vec::new();
        let mut reader = response.into_body().into_reader();
        let kept = reader.by_ref().take(MOST_OF_AN_ANSWER).read_to_end(&mut body);
        if kept.is_ok() {
            // To the end, should it be near, so that the connection can be used again.
            drop(reader.read(&mut [0]));
        }
        Answer { status, body, retry_after, origin: self.address.to_string() }
    }

    /// In words of our own: those of the library may hold the address.
    fn failed(&self, error: &ureq::Error) -> DeliveryError {
        let address = &self.address;
        let what = match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => "cannot be connected to in time",
            ureq::Error::Timeout(_) => "did not answer in time",
            ureq::Error::Io(error) => {
                return DeliveryError::new(format!("cannot talk to {address}")).because(words_of(error));
            }
            ureq::Error::Rustls(error) => {
                return DeliveryError::new(format!("cannot talk to {address}")).because(error.to_string());
            }
            ureq::Error::Other(other) => match other.downcast_ref::<Unresolved>() {
                Some(unresolved) => {
                    return DeliveryError::new(format!("cannot connect to {address}")).because(unresolved.to_string());
                }
                None => "cannot be talked to",
            },
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => "did not answer in HTTP",
            ureq::Error::ConnectProxyFailed(_) => "cannot be reached through the proxy",
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => "cannot be sent a request with these headers",
            _ => "cannot be talked to",
        };
        DeliveryError::new(format!("{address} {what}"))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How much of an answer is kept.
const MOST_OF_AN_ANSWER: u64 = 64 * 1024;

/// How long the body of an answer may take: it says little, and the status has come.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// How many bytes are given to a connection at a time, and taken from it.
const AT_A_TIME: usize = 16 * 1024;

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What the system or TLS says of a connection, which know no secrets. What else is said in the same way might.
fn words_of(error: &std::io::Error) -> String {
    let of_tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match (of_tls, error.raw_os_error()) {
        (Some(error), _) => error.to_string(),
        (None, Some(code)) => std::io::Error::from_raw_os_error(code).to_string(),
        (None, None) => error.kind().to_string(),
    }
}

/// Sets up a client. See [the options](super).
#[derive(Clone)]
#[must_use = "there is no client before `build`"]
pub struct ClientBuilder {
    address: Address,
    headers: Vec<(String, String, Told)>,
    transport: Transport,
    addresses: Addresses,
    verification: Verification,
    roots: Vec<Vec<u8>>,
    proxy: Proxy,
    compression: Compression,
    connect_within: Duration,
    answer_within: Duration,
}

/// Whether the value of a header may be told by the library underneath.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Openly,
    Never,
}

impl ClientBuilder {
    /// A header that all requests bear.
    pub fn header(mut self, name: &str, value: &str) -> ClientBuilder {
        self.headers.push((name.to_owned(), value.to_owned(), Told::Openly));
        self
    }

    /// A header that all requests bear, whose value is a secret: a token, a key.
    pub fn secret_header(mut self, name: &str, value: &str) -> ClientBuilder {
        self.headers.push((name.to_owned(), value.to_owned(), Told::Never));
        self
    }

    /// Whether the address may be `http://`.
    pub fn transport(mut self, transport: Transport) -> ClientBuilder {
        self.transport = transport;
        self
    }

    /// Which addresses the host may resolve to.
    pub fn addresses(mut self, addresses: Addresses) -> ClientBuilder {
        self.addresses = addresses;
        self
    }

    /// Whether the server has to prove who it is.
    pub fn verification(mut self, verification: Verification) -> ClientBuilder {
        self.verification = verification;
        self
    }

    /// Trusts whom this certificate has signed, too: PEM, of one or several.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> ClientBuilder {
        self.roots.push(pem.into());
        self
    }

    /// Whether requests go through a proxy.
    pub fn proxy(mut self, proxy: Proxy) -> ClientBuilder {
        self.proxy = proxy;
        self
    }

    /// Whether bodies are compressed.
    pub fn compression(mut self, compression: Compression) -> ClientBuilder {
        self.compression = compression;
        self
    }

    /// How long connecting takes at most, TLS included.
    pub fn connect_within(mut self, deadline: Duration) -> ClientBuilder {
        self.connect_within = deadline;
        self
    }

    /// How long a request takes at most, from the look-up of the name to the end of the answer.
    pub fn answer_within(mut self, deadline: Duration) -> ClientBuilder {
        self.answer_within = deadline;
        self
    }

    /// Whether the options agree with each other, as far as that is known before any certificate is read.
    ///
    /// # Errors
    ///
    /// When an option contradicts another or cannot be read.
    pub fn check(&self) -> Result<(), ClientError> {
        self.read_headers()?;
        if !self.address.is_tls() && self.transport == Transport::TlsOnly {
            let what = "the address is http://, where everybody on the way reads along: use https://, or allow it, \
                        by `plain = true` in a configuration and `Transport::PlainAllowed` in code";
            return Err(ClientError::new(what));
        }
        let literal = self.address.host().parse::<IpAddr>();
        if literal.is_ok_and(|address| !self.addresses.allow(address)) {
            return Err(ClientError::new(Unresolved::Refused.to_string()));
        }
        Ok(())
    }

    fn read_headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, ClientError> {
        self.headers.iter().map(|(name, value, told)| read_header(name, value, *told)).collect()
    }

    /// Builds the client. It connects with its first request.
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::check`], or when a certificate or the proxy that the environment names cannot be read.
    pub fn build(self) -> Result<Client, ClientError> {
        self.check()?;
        let proxy = self.proxy.of(&self.address, |name| std::env::var(name).ok())?;
        // With a proxy it is the proxy's name that is looked up here, and the proxy is the operator's own.
        let allowed = if proxy.is_some() { Addresses::Any } else { self.addresses };
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .user_agent(concat!("hyperlog/", env!("CARGO_PKG_VERSION")))
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .timeout_resolve(Some(self.connect_within))
            .timeout_connect(Some(self.connect_within))
            .timeout_recv_body(Some(READ_WITHIN.min(self.answer_within)))
            .timeout_global(Some(self.answer_within))
            .input_buffer_size(AT_A_TIME)
            .output_buffer_size(AT_A_TIME)
            .max_idle_connections(1)
            .max_idle_connections_per_host(1);
        if self.address.is_tls() {
            config = config.tls_config(trust::config(self.verification, &self.roots)?);
        }
        let connector = ().chain(ConnectProxyConnector::default()).chain(Dial).chain(RustlsConnector::default());
        let client = Client {
            headers: self.read_headers()?,
            agent: Agent::with_parts(config.build(), connector, Resolve::new(allowed)),
            compression: self.compression,
            address: self.address,
        };
        if client.address.is_tls() && self.verification == Verification::DangerouslyOff {
            let what = format_args!("{} need not prove who it is: anybody on the way can read along", client.address);
            report_fault("http", what);
        }
        Ok(client)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientBuilder").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What frames a request is the library's to say.
const FRAMING: [&str; 5] = ["connection", "content-encoding", "content-length", "host", "transfer-encoding"];

fn read_header(name: &str, value: &str, told: Told) -> Result<(HeaderName, HeaderValue), ClientError> {
    let name = HeaderName::try_from(name).map_err(|_| ClientError::new("the name of a header is none"))?;
    if FRAMING.contains(&name.as_str()) {
        return Err(ClientError::new(format!("the header `{name}` is not to be set: it comes with the body")));
    }
    let value = HeaderValue::try_from(value);
    let mut value = value.map_err(|_| ClientError::new(format!("the value of the header `{name}` cannot be sent")))?;
    value.set_sensitive(told == Told::Never);
    Ok((name, value))
}
