//! Receivers over TLS: those that prove who they are, and those that do not.

use crate::fake::{Fake, LONG, ok};
use crate::output::{at_once, start, webhook_to};
use hyperlog_webhook::{Verification, Webhook};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A receiver whose certificate is for this name and as old as that, signed by an authority or by itself.
fn receiver(name: &str, until: i32, authority: Option<&Authority>) -> Fake {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = match authority {
        Some(authority) => params.signed_by(&key, authority).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let wrap = move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(std::io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    };
    Fake::wrapped(Box::new(wrap), |_| ok())
}

fn to(fake: &Fake) -> Webhook {
    webhook_to(&format!("https://localhost:{}/hook", fake.address.port()))
}

#[track_caller]
fn check_refused(webhook: Webhook, fake: &Fake, expected: &str) {
    let wire = start(webhook.exporter().unwrap().retry(at_once()));
    wire.log("one");
    let begun = Instant::now();
    while wire.handle.health().failures == 0 {
        assert!(begun.elapsed() < LONG, "{:?}", wire.handle.health());
        std::thread::yield_now();
    }
    let told = wire.handle.health().last_error.unwrap().what;
    assert!(told.contains(expected), "{told}");
    assert_eq!(wire.close(Duration::from_millis(50)), (0, 1));
    assert_eq!(fake.seen().len(), 0, "nothing was said to a stranger");
}

#[track_caller]
fn check_believed(webhook: Webhook, fake: &Fake) {
    let wire = start(webhook.exporter().unwrap().retry(at_once()));
    wire.log("one");
    wire.log("two");
    wire.flush();
    assert_eq!(fake.seen().iter().flat_map(|seen| seen.messages()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(wire.close(LONG), (2, 0));
}

#[test]
fn a_receiver_that_signed_for_itself_is_refused() {
    let fake = receiver("localhost", 2099, None);
    check_refused(to(&fake), &fake, "UnknownIssuer");
}

#[test]
fn a_receiver_that_a_stranger_signed_for_is_refused() {
    let (ours, theirs) = (authority(), authority());
    let fake = receiver("localhost", 2099, Some(&theirs));
    check_refused(to(&fake), &fake, "UnknownIssuer");
    check_refused(to(&fake).root_certificate(ours.pem()), &fake, "invalid peer certificate");
}

#[test]
fn a_receiver_whose_certificate_has_expired_is_refused() {
    let authority = authority();
    let fake = receiver("localhost", 2021, Some(&authority));
    check_refused(to(&fake).root_certificate(authority.pem()), &fake, "expired");
}

#[test]
fn a_receiver_whose_certificate_is_for_another_host_is_refused() {
    let authority = authority();
    let fake = receiver("elsewhere.example", 2099, Some(&authority));
    check_refused(to(&fake).root_certificate(authority.pem()), &fake, "not valid for name");
}

#[test]
fn a_receiver_is_believed_whose_authority_is_trusted() {
    let authority = authority();
    let fake = receiver("localhost", 2099, Some(&authority));
    check_believed(to(&fake).root_certificate(authority.pem()), &fake);
}

#[test]
fn with_verification_dangerously_off_anybody_is_believed() {
    let fake = receiver("elsewhere.example", 2021, None);
    check_believed(to(&fake).verification(Verification::DangerouslyOff), &fake);
}

#[test]
fn a_receiver_that_speaks_no_tls_is_refused() {
    let fake = Fake::start(|_| ok());
    let wire = start(to(&fake).connect_within(Duration::from_millis(500)).exporter().unwrap().retry(at_once()));
    wire.log("one");
    let begun = Instant::now();
    while wire.handle.health().failures == 0 {
        assert!(begun.elapsed() < LONG, "{:?}", wire.handle.health());
        std::thread::yield_now();
    }
    assert_eq!(wire.close(Duration::from_millis(50)), (0, 1));
    assert_eq!(fake.seen().len(), 0);
}
