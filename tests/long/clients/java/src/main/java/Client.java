import io.socket.client.IO;
import io.socket.client.Socket;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.json.JSONArray;
import org.json.JSONObject;

/** A Socket.IO client of the official library: joins, speaks, and prints what it hears, one JSON text a line. */
public class Client {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    /** Bytes cannot be printed as JSON: they become {"bytes": their hexadecimal digits}. */
    private static Object printable(Object value) throws Exception {
        if (value instanceof byte[]) {
            StringBuilder digits = new StringBuilder();
            for (byte b : (byte[]) value) digits.append(String.format("%02x", b));
            return new JSONObject().put("bytes", digits.toString());
        }
        if (value instanceof JSONObject) {
            JSONObject object = (JSONObject) value, out = new JSONObject();
            for (Iterator<String> keys = object.keys(); keys.hasNext();) {
                String key = keys.next();
                out.put(key, printable(object.get(key)));
            }
            return out;
        }
        if (value instanceof JSONArray) {
            JSONArray out = new JSONArray();
            for (int i = 0; i < ((JSONArray) value).length(); i++) out.put(printable(((JSONArray) value).get(i)));
            return out;
        }
        return value;
    }

    private static void show(String event, Object[] args) {
        try {
            if (args.length != 1) throw new IllegalArgumentException(event + " has " + args.length + " arguments");
            OUT.println(new JSONObject().put("event", event).put("data", printable(args[0])));
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    public static void main(String[] args) throws Exception {
        IO.Options options = new IO.Options();
        options.transports = new String[] {args[1]};
        options.reconnection = false;
        Socket socket = IO.socket(args[0], options);
        socket.on(Socket.EVENT_CONNECT, connected -> socket.emit("join-room", "sala"));
        socket.on("user-joined", heard -> {
            show("user-joined", heard);
            byte[] bytes = new byte[100];
            for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) i;
            try {
                socket.emit("message", new JSONObject().put("text", "olá ü😀"));
            } catch (Exception error) {
                System.exit(1);
            }
            socket.emit("message", (Object) bytes);
        });
        socket.on("exception", heard -> show("exception", heard));
        socket.on("message", heard -> {
            show("message", heard);
            if ("bye".equals(((JSONObject) heard[0]).opt("message"))) System.exit(0);
        });
        socket.on(Socket.EVENT_DISCONNECT, why -> {
            System.err.println("disconnected: " + why[0]);
            System.exit(2);
        });
        socket.connect();
    }
}
