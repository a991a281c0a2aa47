//! Which addresses a request may go to. An address that somebody else has given must not lead into the own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses a host may resolve to.
///
/// The address that is checked is the one that is connected to: a name that resolves differently the next time gains
/// nothing. Behind a proxy it is the proxy that resolves the name, and that has to guard its network; an address
/// without a name is checked all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addresses {
    /// Those of the internet: not this machine, not private networks, not what documentation and tests use.
    #[default]
    Public,
    /// All of them.
    Any,
}

impl Addresses {
    pub(super) fn allow(self, address: IpAddr) -> bool {
        self == Addresses::Any || is_public(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// All that is set aside for a special purpose by the registry of special-purpose addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            // shared by carriers
            | (100, 64..=127, _)
            // link-local, where clouds keep credentials
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // protocol assignments, documentation, the relays from version 6 to 4
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            // tests, documentation
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            // multicast, reserved, broadcast
            | (224.., ..)
    )
}

/// Of all there are, one eighth is in use; of that, some is set aside, or hides an address of version 4.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // behind a translator
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // protocol assignments, Teredo among them; documentation; tunnels to version 4
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] | [0x2002, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_internet_is_refused() {
        let refused = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.1.2.3",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for address in refused {
            assert!(!Addresses::Public.allow(address.parse().unwrap()), "{address}");
            assert!(Addresses::Any.allow(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_is_of_the_internet_is_allowed() {
        let allowed = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "2001:200::1",
            "64:ff9b::8.8.8.8",
        ];
        for address in allowed {
            assert!(Addresses::Public.allow(address.parse().unwrap()), "{address}");
        }
    }
}
