//! A client of HTTP/2, which opens streams and resets them.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request};

/// One connection.
#[derive(Clone)]
pub(crate) struct Connection(SendRequest<Bytes>);

/// A request whose response is still to come.
pub(crate) struct Asked {
    response: ResponseFuture,
    stream: SendStream<Bytes>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

/// Holds a conversation on one connection, which ends with it.
pub(crate) fn converse<T>(address: SocketAddr, act: impl AsyncFnOnce(Connection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("it can be set");
        let mut client = h2::client::Builder::new();
        client.initial_window_size(1 << 20).initial_connection_window_size(1 << 20);
        let (sender, connection) = client.handshake(stream).await.expect("it speaks the same");
        let connection = tokio::spawn(connection);
        let acted = tokio::time::timeout(Duration::from_secs(20), act(Connection(sender))).await;
        connection.abort();
        acted.expect("the server answers")
    })
}

impl Connection {
    pub(crate) async fn ask(&mut self, path: &str, id: &str) -> Asked {
        self.ask_with(path, id, &[]).await
    }

    async fn ask_with(&mut self, path: &str, id: &str, headers: &[(&str, &str)]) -> Asked {
        let mut request = Request::get(format!("http://localhost{path}")).header("x-request-id", id);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        std::future::poll_fn(|context| self.0.poll_ready(context)).await.expect("the server takes more");
        let (response, stream) = self.0.send_request(request.body(()).expect("it is valid"), true).expect("it is open");
        Asked { response, stream }
    }

    pub(crate) async fn send(&mut self, path: &str, id: &str) -> Reply {
        self.ask(path, id).await.reply().await
    }

    pub(crate) async fn send_with(&mut self, path: &str, id: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask_with(path, id, headers).await.reply().await
    }
}

impl Asked {
    /// Lets go of the stream. The server hears of it before anything that is sent later.
    pub(crate) fn reset(mut self) {
        self.stream.send_reset(Reason::CANCEL);
    }

    /// Waits for the first bytes of the body, then lets go of the stream.
    pub(crate) async fn reset_at_first_chunk(mut self) -> Bytes {
        let response = (&mut self.response).await.expect("the server answers");
        let mut body = response.into_body();
        let chunk = body.data().await.expect("there is a chunk").expect("it comes whole");
        self.stream.send_reset(Reason::CANCEL);
        chunk
    }

    pub(crate) async fn reply(self) -> Reply {
        let (head, mut body) = self.response.await.expect("the server answers").into_parts();
        let bytes = read(&mut body).await;
        let trailers = body.trailers().await.expect("it ends well");
        Reply { status: head.status.as_u16(), headers: head.headers, body: bytes, trailers }
    }
}

async fn read(body: &mut RecvStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.expect("it comes whole");
        body.flow_control().release_capacity(chunk.len()).expect("it was taken");
        bytes.extend_from_slice(&chunk);
    }
    bytes
}
