//! The switch that makes TLS worthless does not go unsaid.

use hyperlog_core::on_fault;
use hyperlog_webhook::{Proxy, Verification, Webhook};
use std::sync::{Arc, Mutex};

#[test]
fn verification_that_is_dangerously_off_is_told_once_for_each_output() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    on_fault(move |fault| listener.lock().unwrap().push(fault.to_string()));
    let webhook = || Webhook::new("https://h.example/canary").proxy(Proxy::Off);

    drop(webhook().backend());
    assert!(told.lock().unwrap().is_empty(), "nothing is wrong with {:?}", Verification::Full);

    let backend = webhook().verification(Verification::DangerouslyOff).backend().unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("https://h.example:443") && told[0].contains("prove who it is"), "{told:?}");
    assert!(!told[0].contains("canary"));
    drop(backend);
}
