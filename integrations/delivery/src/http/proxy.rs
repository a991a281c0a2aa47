//! Whether requests take a detour, as the environment says.

use super::address::Address;
use super::error::ClientError;
use std::net::IpAddr;

/// Whether requests go through a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in capitals or not.
    #[default]
    FromEnvironment,
    /// They go straight to where they belong.
    Off,
}

impl Proxy {
    /// The proxy for an address.
    pub(super) fn of(
        self,
        address: &Address,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<ureq::Proxy>, ClientError> {
        if self == Proxy::Off {
            return Ok(None);
        }
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let either = |name: &str| variable(&name.to_ascii_lowercase()).or_else(|| variable(name));
        let own = match address.is_tls() {
            true => either("HTTPS_PROXY"),
            // Within CGI the one in capitals is what a client sent as the header `proxy`.
            false if variable("REQUEST_METHOD").is_some() => variable("http_proxy"),
            false => either("HTTP_PROXY"),
        };
        let Some(proxy) = own.or_else(|| either("ALL_PROXY")) else { return Ok(None) };
        if either("NO_PROXY").is_some_and(|list| is_exempt(address.host(), &list)) {
            return Ok(None);
        }
        let proxy = ureq::Proxy::new(proxy.trim()).map_err(|_| ClientError::new(UNREADABLE))?;
        match proxy.protocol() {
            ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https => Ok(Some(proxy)),
            _ => {
                Err(ClientError::new("the proxy that the environment names is not one of HTTP, which is all there is"))
            }
        }
    }
}

const UNREADABLE: &str = "the proxy that the environment names is not a URL";

/// Whether a host is among those that are reached without a proxy: itself, or as one below a domain.
fn is_exempt(host: &str, list: &str) -> bool {
    let host = host.trim_end_matches('.');
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.strip_prefix('*').unwrap_or(entry);
        let domain = entry.trim_start_matches('.').trim_end_matches('.');
        if domain.is_empty() {
            // a lone asterisk
            return entry.is_empty();
        }
        let is_below = || {
            let start = host.len().checked_sub(domain.len() + 1);
            start.is_some_and(|start| host.as_bytes()[start] == b'.')
                && host.as_bytes()[host.len() - domain.len()..].eq_ignore_ascii_case(domain.as_bytes())
        };
        host.eq_ignore_ascii_case(domain) || (host.parse::<IpAddr>().is_err() && is_below())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str, environment: &[(&str, &str)]) -> Result<Option<String>, ClientError> {
        let variable =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let proxy = Proxy::FromEnvironment.of(&Address::parse(url).unwrap(), variable)?;
        Ok(proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port())))
    }

    #[test]
    fn the_proxy_is_the_one_of_the_scheme() {
        let both = [("HTTPS_PROXY", "http://one:1"), ("HTTP_PROXY", "http://two:2")];
        assert_eq!(proxy("https://h.example/", &both).unwrap().unwrap(), "one:1");
        assert_eq!(proxy("http://h.example/", &both).unwrap().unwrap(), "two:2");
        assert_eq!(proxy("http://h.example/", &both[..1]).unwrap(), None);
        assert_eq!(proxy("https://h.example/", &[("all_proxy", "one:1")]).unwrap().unwrap(), "one:1");
        assert_eq!(proxy("https://h.example/", &[("HTTPS_PROXY", " ")]).unwrap(), None);
        let cgi = [("HTTP_PROXY", "http://two:2"), ("REQUEST_METHOD", "GET")];
        assert_eq!(proxy("http://h.example/", &cgi).unwrap(), None);
        let address = Address::parse("https://h.example/").unwrap();
        assert!(Proxy::Off.of(&address, |_| Some("http://one:1".to_owned())).unwrap().is_none());
    }

    #[test]
    fn some_hosts_are_reached_without_a_proxy() {
        let cases = [
            ("h.example", true),
            ("H.EXAMPLE", true),
            ("example", true),
            (".example", true),
            ("*.example", true),
            ("*", true),
            ("other, example", true),
            ("ample", false),
            ("other.example", false),
            ("", false),
            (",,", false),
        ];
        for (list, is_exempt) in cases {
            let environment = [("HTTPS_PROXY", "http://one:1"), ("NO_PROXY", list)];
            assert_eq!(proxy("https://h.example/", &environment).unwrap().is_none(), is_exempt, "{list:?}");
        }
        assert!(!super::is_exempt("10.0.0.1", "0.0.1"), "no address is below another");
        assert!(super::is_exempt("10.0.0.1", "10.0.0.1"));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_without_being_told() {
        for value in ["socks5://user:canary@h.example", "http://user:canary@", "canary://h"] {
            let error = proxy("https://h.example/", &[("HTTPS_PROXY", value)]).expect_err(value);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }
}
