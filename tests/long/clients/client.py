"""A Socket.IO client of python-socketio: joins, speaks, and prints what it hears, one JSON text a line.

Its handlers take one argument, as applications write them: one more would be an error.
"""
import json
import sys

import socketio

url, transport = sys.argv[1:]
client = socketio.Client(reconnection=False)


def show(event, data):
    print(json.dumps({"event": event, "data": data}, default=lambda raw: {"bytes": raw.hex()}), flush=True)


@client.on("user-joined")
def on_joined(data):
    show("user-joined", data)
    client.emit("message", {"text": "olá ü😀"})
    client.emit("message", bytes(range(100)))


@client.on("message")
def on_message(data):
    show("message", data)
    if data.get("message") == "bye":
        client.disconnect()


@client.on("exception")
def on_exception(data):
    show("exception", data)


client.connect(url, transports=[transport])
client.emit("join-room", "sala")
client.wait()
