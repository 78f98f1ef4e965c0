// A server that does nothing, in a process of its own: what it takes to ask it is what the machine takes. Tells its port by IPC.
import { createServer } from 'node:http';

const server = createServer((request, response) => response.end('{}'));
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
