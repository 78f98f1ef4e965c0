// A Socket.IO client of zishang520: joins, speaks, and prints what it hears, one JSON text a line.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/zishang520/socket.io/clients/engine/v3/transports"
	"github.com/zishang520/socket.io/clients/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// Bytes cannot be printed as JSON: they become {"bytes": their hexadecimal digits}.
func printable(value any) any {
	switch v := value.(type) {
	case types.BufferInterface:
		return map[string]any{"bytes": hex.EncodeToString(v.Bytes())}
	case []byte:
		return map[string]any{"bytes": hex.EncodeToString(v)}
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			out[key] = printable(item)
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, printable(item))
		}
		return out
	}
	return value
}

func show(event string, args []any) any {
	if len(args) != 1 {
		log.Fatalf("%s has %d arguments", event, len(args))
	}
	data := printable(args[0])
	line, err := json.Marshal(map[string]any{"event": event, "data": data})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
	return data
}

func main() {
	options := socket.DefaultOptions()
	options.SetReconnection(false)
	if os.Args[2] == "polling" {
		options.SetTransports(types.NewSet(transports.Polling))
	} else {
		options.SetTransports(types.NewSet(transports.WebSocket))
	}
	client, err := socket.Connect(os.Args[1], options)
	if err != nil {
		log.Fatal(err)
	}
	client.On("connect", func(...any) { client.Emit("join-room", "sala") })
	client.On("user-joined", func(args ...any) {
		show("user-joined", args)
		bytes := make([]byte, 100)
		for i := range bytes {
			bytes[i] = byte(i)
		}
		client.Emit("message", map[string]any{"text": "olá ü😀"})
		client.Emit("message", bytes)
	})
	client.On("exception", func(args ...any) { show("exception", args) })
	client.On("message", func(args ...any) {
		data, _ := show("message", args).(map[string]any)
		if data["message"] == "bye" {
			os.Exit(0)
		}
	})
	client.On("disconnect", func(args ...any) { log.Fatal("disconnected: ", args) })
	time.Sleep(10 * time.Minute) // the test ends it sooner
}
