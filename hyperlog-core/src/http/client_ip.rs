//! Who sent a request, seen through proxies.
//!
//! What a proxy says counts only if the proxy is trusted, and of a chain only the end that trusted ones added: anybody can
//! send a header. So the chain is read from its right end until somebody stands there who is not trusted.

use crate::http::head::RequestHead;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
///
/// ```
/// use hyperlog_core::http::Network;
///
/// let network: Network = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.20.30.40".parse().unwrap()));
/// assert!(!network.contains("11.0.0.1".parse().unwrap()));
/// # Ok::<(), hyperlog_core::http::NetworkError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address is in this range. An IPv4 address that is written as one of IPv6 is the same.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same_bits(own.to_bits() ^ other.to_bits(), self.bits),
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                self.bits == 0 || differing >> (128 - u32::from(self.bits.min(128))) == 0
            }
            _ => false,
        }
    }
}

fn same_bits(differing: u32, bits: u8) -> bool {
    bits == 0 || differing >> (32 - u32::from(bits.min(32))) == 0
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let error = || NetworkError { text: text.chars().take(64).collect() };
        let address: IpAddr = address.trim().parse().map_err(|_| error())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.trim().parse().ok().filter(|bits| *bits <= most).ok_or_else(error)?,
        };
        Ok(Network { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.bits)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text that names no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    text: String,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:?} is no network: write an address, or one with the length of its prefix, as 10.0.0.0/8",
            self.text
        )
    }
}

impl std::error::Error for NetworkError {}

/// The address of whoever sent a request: the peer's own, or, if that is a trusted proxy's, the rightmost in the chain of
/// `forwarded` or `x-forwarded-for` that is not trusted. Where both are there and name different clients, neither is believed.
pub(crate) fn client_ip(head: &(impl RequestHead + ?Sized), trusted: &[Network]) -> Option<IpAddr> {
    let peer = head.peer()?.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if trusted.is_empty() || !is_trusted(peer) {
        return Some(peer);
    }
    let in_chain = |name: &str, address_in: fn(&str) -> Option<IpAddr>| {
        head.header(name)?;
        let mut client = peer;
        let mut is_settled = false;
        for_each_hop(head, name, |text| {
            if is_settled {
                return;
            }
            match address_in(text) {
                Some(address) => {
                    client = address;
                    is_settled = !is_trusted(address);
                }
                // What stands to the left of garbage was not added by anybody we know.
                None => is_settled = true,
            }
        });
        Some(client)
    };
    let (forwarded, older) = (in_chain("forwarded", address_in_forwarded), in_chain("x-forwarded-for", address_of));
    match (forwarded, older) {
        // Most proxies add to one of them, and let the other pass as whoever stands outside sent it.
        (Some(one), Some(other)) if one != other => Some(peer),
        (one, other) => one.or(other).or(Some(peer)),
    }
}

/// The parts of a list that may stand in several lines, from the right.
fn for_each_hop(head: &(impl RequestHead + ?Sized), name: &str, mut hop: impl FnMut(&str)) {
    let mut lines = [&[][..]; MOST_LINES];
    let mut count = 0;
    head.for_each_header(&mut |header| {
        if header.name == name {
            // The last lines are those that the nearest proxies added.
            lines.rotate_left(usize::from(count == MOST_LINES));
            lines[count.min(MOST_LINES - 1)] = header.value;
            count = (count + 1).min(MOST_LINES);
        }
    });
    let mut left = MOST_HOPS;
    for line in lines[..count].iter().rev() {
        for part in line.rsplit(|byte| *byte == b',') {
            if left == 0 {
                return;
            }
            left -= 1;
            hop(std::str::from_utf8(part).map_or("", str::trim));
        }
    }
}

/// A chain longer than this is no chain of proxies that anybody runs.
const MOST_HOPS: usize = 32;
const MOST_LINES: usize = 8;

/// `for=192.0.2.60;proto=http`, where the address may be quoted, bracketed and followed by a port.
fn address_in_forwarded(hop: &str) -> Option<IpAddr> {
    let node = hop.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    address_of(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
}

/// An address, with or without brackets and a port.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address
        .map(|address: IpAddr| address.to_canonical())
        .filter(|address| *address != IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::head::Header;

    struct Request<'a> {
        peer: Option<&'a str>,
        headers: &'a [(&'a str, &'a [u8])],
    }

    impl RequestHead for Request<'_> {
        fn method(&self) -> &str {
            "GET"
        }

        fn path(&self) -> &str {
            "/"
        }

        fn header(&self, name: &str) -> Option<&[u8]> {
            self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
        }

        fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
            self.headers.iter().for_each(|(name, value)| each(Header { name, value, is_sensitive: false }));
        }

        fn peer(&self) -> Option<IpAddr> {
            self.peer.map(|peer| peer.parse().unwrap())
        }
    }

    #[track_caller]
    fn check(peer: &str, headers: &[(&str, &[u8])], expected: &str) {
        let trusted: Vec<Network> =
            ["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"].iter().map(|network| network.parse().unwrap()).collect();
        let request = Request { peer: Some(peer), headers };
        assert_eq!(client_ip(&request, &trusted).unwrap().to_string(), expected, "{peer} {headers:?}");
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        check("192.0.2.1", &[("x-forwarded-for", b"6.6.6.6"), ("forwarded", b"for=6.6.6.6")], "192.0.2.1");
        check("::ffff:192.0.2.1", &[("x-forwarded-for", b"6.6.6.6")], "192.0.2.1");
        let request = Request { peer: Some("10.0.0.1"), headers: &[("x-forwarded-for", b"6.6.6.6")] };
        assert_eq!(client_ip(&request, &[]).unwrap().to_string(), "10.0.0.1");
        let request = Request { peer: None, headers: &[("x-forwarded-for", b"6.6.6.6")] };
        assert_eq!(client_ip(&request, &["0.0.0.0/0".parse().unwrap()]), None);
    }

    #[test]
    fn the_rightmost_that_is_not_trusted_is_the_client() {
        let check = |chain: &str, expected| check("10.0.0.1", &[("x-forwarded-for", chain.as_bytes())], expected);
        check("6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1");
        check("1.1.1.1", "1.1.1.1");
        check("10.0.0.3,10.0.0.2", "10.0.0.3");
        check("1.1.1.1:8080", "1.1.1.1");
        check("[2a00::1]:8080, 10.0.0.2", "2a00::1");
        check("2a00::1, 2001:db8::7", "2a00::1");
        check("[2a00::1]", "2a00::1");
        check("::ffff:1.1.1.1", "1.1.1.1");
        // Garbage ends the chain at what stands to its right.
        check("1.1.1.1, unknown, 10.0.0.2", "10.0.0.2");
        check("1.1.1.1, , 10.0.0.2", "10.0.0.2");
        check("", "10.0.0.1");
        check("\u{e9}", "10.0.0.1");
        check(&"10.0.0.9, ".repeat(10_000), "10.0.0.1");
    }

    #[test]
    fn several_lines_are_one_chain() {
        let lines: [(&str, &[u8]); 2] = [("x-forwarded-for", b"6.6.6.6, 1.1.1.1"), ("x-forwarded-for", b"10.0.0.2")];
        check("10.0.0.1", &lines, "1.1.1.1");
        let many: Vec<(&str, &[u8])> = (0..100).map(|_| ("x-forwarded-for", &b"10.0.0.2"[..])).collect();
        check("10.0.0.1", &many, "10.0.0.2");
    }

    #[test]
    fn the_newer_header_is_read_as_its_standard_says() {
        let check = |forwarded: &str, expected| check("127.0.0.1", &[("forwarded", forwarded.as_bytes())], expected);
        check("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60");
        check("For=\"[2a00::17]:4711\"", "2a00::17");
        check("for=6.6.6.6, for=1.1.1.1, for=10.0.0.2;by=10.0.0.3", "1.1.1.1");
        check("for=_hidden, for=10.0.0.2", "10.0.0.2");
        check("proto=https", "127.0.0.1");
    }

    #[test]
    fn of_two_headers_that_name_different_clients_neither_is_believed() {
        let check = |forwarded: &str, older: &str, expected| {
            let headers = [("forwarded", forwarded.as_bytes()), ("x-forwarded-for", older.as_bytes())];
            check("10.0.0.1", &headers, expected);
        };
        check("for=6.6.6.6", "1.1.1.1", "10.0.0.1");
        check("for=1.1.1.1", "6.6.6.6", "10.0.0.1");
        check("for=_hidden", "6.6.6.6", "10.0.0.1");
        check("for=1.1.1.1", "6.6.6.6, 1.1.1.1", "1.1.1.1");
        check("for=\"1.1.1.1:80\", for=10.0.0.2", "1.1.1.1", "1.1.1.1");
    }

    #[test]
    fn networks_are_read_strictly_and_compared_by_their_prefix() {
        let check = |network: &str, address: &str, expected| {
            let parsed: Network = network.parse().unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), expected, "{network} {address}");
        };
        check("10.0.0.0/8", "10.255.255.255", true);
        check("10.0.0.0/8", "::ffff:10.1.1.1", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.8", false);
        check("::/0", "2001:db8::1", true);
        check("2001:db8::/33", "2001:db8:8000::1", false);
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/", "ten", "10.0.0.0/8/8"] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains("is no network") && error.contains("10.0.0.0/8"), "{error}");
        }
    }
}
