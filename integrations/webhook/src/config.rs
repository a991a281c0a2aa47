//! How a web hook is set up.

use crate::backend::WebhookBackend;
use crate::key::KeyError;
use crate::sign::Signer;
use crate::wire::Shape;
use hyperlog_core::Clock;
use hyperlog_delivery::http::{
    Address, Addresses, Client, ClientBuilder, ClientError, Compression, Proxy, Transport, Verification,
};
use hyperlog_delivery::{DeliveryError, Errors, ExportSink, Exporter, Limits, StartError};
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Sets up an output to a web hook. See [the options](crate#options).
#[must_use = "nothing is sent before `start`"]
pub struct Webhook {
    /// What is wrong is said at the end, so that options can be given in one go.
    client: Result<ClientBuilder, ClientError>,
    /// A header that was given and is not to be.
    refused: Option<&'static str>,
    name: String,
    signer: Result<Signer, KeyError>,
    shape: Shape,
    accepts: Vec<u16>,
    limits: Limits,
    clock: Clock,
}

impl Webhook {
    /// To this URL, whose path and query are taken for secrets and never told.
    pub fn new(url: &str) -> Webhook {
        Webhook {
            client: Address::parse(url).map(Client::builder),
            refused: None,
            name: "webhook".to_owned(),
            signer: Ok(Signer::default()),
            shape: Shape::default(),
            accepts: vec![200, 201, 202, 204],
            limits: default_limits(),
            clock: Clock::system(),
        }
    }

    /// The name it bears in health, in complaints, and as the name of its thread.
    pub fn name(mut self, name: &str) -> Webhook {
        self.name = name.to_owned();
        self
    }

    /// Signs each request by this secret, `whsec_…`. Given twice, as while one secret takes the place of another, there
    /// are two signatures.
    pub fn secret(mut self, secret: &str) -> Webhook {
        self.signer = self.signer.and_then(|mut signer| signer.add_secret(secret).map(|()| signer));
        self
    }

    /// Signs each request by this private key of Ed25519, `whsk_…`.
    #[cfg(feature = "ed25519")]
    pub fn private_key(mut self, key: &str) -> Webhook {
        self.signer = self.signer.and_then(|mut signer| signer.add_private(key).map(|()| signer));
        self
    }

    /// A header that all requests bear. What the web hook says itself is refused: `content-type` and those of the signature.
    pub fn header(self, name: &str, value: &str) -> Webhook {
        self.check_header(name).client(|client| client.header(name, value))
    }

    /// A header that all requests bear, whose value is a secret: a token, a key.
    pub fn secret_header(self, name: &str, value: &str) -> Webhook {
        self.check_header(name).client(|client| client.secret_header(name, value))
    }

    /// How the records of a batch stand in the body.
    pub fn shape(mut self, shape: Shape) -> Webhook {
        self.shape = shape;
        self
    }

    /// The codes by which the receiver says that all has arrived.
    pub fn accepts(mut self, codes: &[u16]) -> Webhook {
        self.accepts = codes.to_vec();
        self
    }

    /// How much is sent at a time, and how long a record waits for others.
    pub fn limits(mut self, limits: Limits) -> Webhook {
        self.limits = limits;
        self
    }

    /// Whether bodies are compressed. What is signed is what is sent, so that a receiver has to check the signature
    /// before it decompresses.
    pub fn compression(self, compression: Compression) -> Webhook {
        self.client(|client| client.compression(compression))
    }

    /// Whether the URL may be `http://`.
    pub fn transport(self, transport: Transport) -> Webhook {
        self.client(|client| client.transport(transport))
    }

    /// Which addresses the host may resolve to.
    pub fn addresses(self, addresses: Addresses) -> Webhook {
        self.client(|client| client.addresses(addresses))
    }

    /// Whether the receiver has to prove who it is.
    pub fn verification(self, verification: Verification) -> Webhook {
        self.client(|client| client.verification(verification))
    }

    /// Trusts whom this certificate has signed, too: PEM, of one or several.
    pub fn root_certificate(self, pem: impl Into<Vec<u8>>) -> Webhook {
        self.client(|client| client.root_certificate(pem))
    }

    /// Whether requests go through a proxy.
    pub fn proxy(self, proxy: Proxy) -> Webhook {
        self.client(|client| client.proxy(proxy))
    }

    /// How long connecting takes at most.
    pub fn connect_within(self, deadline: Duration) -> Webhook {
        self.client(|client| client.connect_within(deadline))
    }

    /// How long a request takes at most, from the look-up of the name to the end of the answer.
    pub fn answer_within(self, deadline: Duration) -> Webhook {
        self.client(|client| client.answer_within(deadline))
    }

    /// By which the time of an attempt is told.
    pub fn clock(mut self, clock: Clock) -> Webhook {
        self.clock = clock;
        self
    }

    /// With two of a name each receiver would go by another.
    fn check_header(mut self, name: &str) -> Webhook {
        self.refused = self.refused.or(OWN_HEADERS.into_iter().find(|own| own.eq_ignore_ascii_case(name)));
        self
    }

    fn client(mut self, set: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Webhook {
        self.client = self.client.map(set);
        self
    }

    /// Whether it can be sent to, as far as its options say: nothing is opened, and no certificate is read.
    ///
    /// # Errors
    ///
    /// When an option contradicts another or cannot be read. What was given is not in the error.
    pub fn check(self) -> Result<(), WebhookError> {
        self.check_refused()?;
        self.client.and_then(|client| client.check()).map_err(Kind::Client)?;
        self.signer.map_err(Kind::Key)?;
        Ok(())
    }

    fn check_refused(&self) -> Result<(), WebhookError> {
        let Some(name) = self.refused else { return Ok(()) };
        let what = format!("the header `{name}` is not to be set: the web hook says it itself");
        Err(Kind::Header(DeliveryError::new(what)).into())
    }

    /// The backend alone, for an [`Exporter`] that is set up by hand.
    ///
    /// # Errors
    ///
    /// As [`Webhook::check`], or when a certificate cannot be read.
    pub fn backend(self) -> Result<WebhookBackend, WebhookError> {
        self.check_refused()?;
        Ok(WebhookBackend {
            client: self.client.and_then(ClientBuilder::build).map_err(Kind::Client)?,
            signer: self.signer.map_err(Kind::Key)?,
            shape: self.shape,
            accepts: self.accepts,
            limits: self.limits,
            clock: self.clock,
            body: Vec::new(),
        })
    }

    /// The exporter, to set up its queue, its retries and where refused records go. Errors are queued like all records:
    /// no call waits for a network, unless [`Exporter::errors`] says so.
    ///
    /// # Errors
    ///
    /// As [`Webhook::backend`].
    pub fn exporter(self) -> Result<Exporter, WebhookError> {
        let name = self.name.clone();
        Ok(Exporter::new(self.backend()?).name(&name).errors(Errors::Queued))
    }

    /// Starts to send.
    ///
    /// # Errors
    ///
    /// As [`Webhook::backend`], or when there is no thread to be had.
    pub fn start(self) -> Result<ExportSink, WebhookError> {
        Ok(self.exporter()?.start().map_err(Kind::Start)?)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Webhook").field("name", &self.name).finish_non_exhaustive()
    }
}

const OWN_HEADERS: [&str; 4] = ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature"];

/// A quarter of a mebibyte or a thousand records, whichever comes first, for which a record waits a second.
fn default_limits() -> Limits {
    const BYTES: usize = 256 * 1024;
    // What stands between two records, and around all of them.
    Limits::default().records(1_000).bytes(BYTES).overhead(1).record_bytes(BYTES - 2).linger(Duration::from_secs(1))
}

/// Why a web hook could not be set up, in words without secrets.
#[derive(Debug)]
pub struct WebhookError(Kind);

#[derive(Debug)]
enum Kind {
    Client(ClientError),
    Header(DeliveryError),
    Key(KeyError),
    Start(StartError),
}

impl From<Kind> for WebhookError {
    fn from(kind: Kind) -> WebhookError {
        WebhookError(kind)
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::Client(_) | Kind::Header(_) => "the web hook cannot be sent to",
            Kind::Key(_) => "the web hook cannot be signed",
            Kind::Start(_) => "the web hook cannot be started",
        })
    }
}

impl Error for WebhookError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Client(error) => Some(error),
            Kind::Header(error) => Some(error),
            Kind::Key(error) => Some(error),
            Kind::Start(error) => Some(error),
        }
    }
}
