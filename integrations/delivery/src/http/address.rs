//! Where requests go, of which no more than the origin is ever told.

use super::error::ClientError;
use std::fmt;
use ureq::http::Uri;
use ureq::http::uri::Scheme;

/// A URL, whose path and query may hold a secret: neither `Debug` nor `Display` tells more than scheme, host and port.
///
/// ```
/// use hyperlog_delivery::http::Address;
///
/// let address = Address::parse("https://hooks.example.com/T0/B1?token=secret")?;
/// assert_eq!(address.to_string(), "https://hooks.example.com:443");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
}

/// Whether records may go over the wire as everybody on the way can read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// They go over TLS.
    #[default]
    TlsOnly,
    /// They go as the address says: `http://` is allowed.
    PlainAllowed,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// When it is none, is neither `https` nor `http`, or holds a user name or a password, which belong into a header:
    /// see [`ClientBuilder::secret_header`](super::ClientBuilder::secret_header). What was read is not in the error.
    pub fn parse(url: &str) -> Result<Address, ClientError> {
        let uri: Uri = url.parse().map_err(|_| ClientError::new("the address is not a URL"))?;
        let Some(authority) = uri.authority() else {
            return Err(ClientError::new("the address is not a URL with a scheme and a host"));
        };
        if uri.scheme() != Some(&Scheme::HTTPS) && uri.scheme() != Some(&Scheme::HTTP) {
            return Err(ClientError::new("the address is neither https:// nor http://"));
        }
        if authority.as_str().contains('@') {
            let what = "the address holds a user name or a password: send them as a secret header instead";
            return Err(ClientError::new(what));
        }
        if authority.host().is_empty() || authority.as_str().ends_with(':') {
            return Err(ClientError::new("the address has no host, or a port that is none"));
        }
        // What follows the host and is no port within bounds would be passed over in silence otherwise.
        let has_port = authority.as_str().len() > authority.host().len();
        if has_port && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(ClientError::new("the port of the address is none"));
        }
        Ok(Address { uri })
    }

    /// Whether it is `https`.
    pub fn is_tls(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// The host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        bare(self.uri.host().unwrap_or_default())
    }

    /// The port, said or not.
    pub fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 })
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls() { "https" } else { "http" };
        write!(formatter, "{scheme}://{}:{}", self.uri.host().unwrap_or_default(), self.port())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

/// A host without the brackets that an IPv6 address bears in a URL.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_its_origin_and_nothing_else() {
        let cases = [
            ("https://h.example/p?q=canary", "https://h.example:443"),
            ("http://h.example:8080/canary", "http://h.example:8080"),
            ("https://[2001:db8::1]/canary", "https://[2001:db8::1]:443"),
            ("https://h.example", "https://h.example:443"),
        ];
        for (url, told) in cases {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.to_string(), told);
            assert_eq!(format!("{address:?}"), format!("Address({told})"));
        }
        assert_eq!(Address::parse("https://[2001:db8::1]:9/").unwrap().host(), "2001:db8::1");
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_told() {
        let refused = [
            "",
            "canary",
            "/canary",
            "ftp://canary.example/",
            "https://user:canary@h.example/",
            "https://canary@h.example/",
            "https://@h.example/canary",
            "https://h.example:/canary",
            "https://h.example:0/canary",
            "https://h.example:70000/canary",
            "https:///canary",
            "https://h.example/canary with blanks",
        ];
        for url in refused {
            let error = Address::parse(url).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }
}
