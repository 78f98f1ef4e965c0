//! A Socket.IO client of rust_socketio: joins, speaks, and prints what it hears, one JSON text a line.

use rust_socketio::{ClientBuilder, Payload, RawClient, TransportType};
use serde_json::{json, Value};
use std::{env, process, thread, time::Duration};

/// Bytes cannot be printed as JSON: they become {"bytes": their hexadecimal digits}. This library gives attachments apart from the
/// event, so what is binary is shown as the message.
fn show(event: &str, payload: Payload) -> Value {
    let data = match payload {
        Payload::Text(values) => {
            assert_eq!(values.len(), 1, "{event} has {} arguments", values.len());
            values[0].clone()
        }
        Payload::Binary(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"message": {"bytes": digits}})
        }
        #[allow(deprecated)]
        Payload::String(text) => json!(text),
    };
    println!("{}", json!({"event": event, "data": data}));
    data
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let is_polling = args[2] == "polling";
    let transport = if is_polling { TransportType::Polling } else { TransportType::Websocket };
    let client = ClientBuilder::new(args[1].clone())
        .transport_type(transport)
        .reconnect(false)
        .on("open", |_, client: RawClient| client.emit("join-room", json!("sala")).unwrap())
        .on("user-joined", move |payload, client: RawClient| {
            show("user-joined", payload);
            client.emit("message", json!({"text": "olá ü😀"})).unwrap();
            // By WebSocket this library ends at the first binary message that it receives.
            if is_polling {
                client.emit("message", (0..100).collect::<Vec<u8>>()).unwrap();
            }
        })
        .on("exception", |payload, _| {
            show("exception", payload);
        })
        .on("message", |payload, _| {
            if show("message", payload)["message"] == "bye" {
                process::exit(0);
            }
        })
        .on("error", |payload, _| {
            eprintln!("{payload:?}");
            process::exit(2);
        })
        .connect()
        .expect("a connection");
    thread::sleep(Duration::from_secs(600)); // the test ends it sooner
    drop(client);
}
