// Listens as the host of a room: node listener.mjs SERVER ROOM [TOKEN]
// @ts-check
import { io } from 'socket.io-client';

/** @typedef {import('./prosa-http').components['schemas']['Feedback']} Feedback */
/** @typedef {import('./prosa-events').components['schemas']['Exception']} Exception */

const [server = 'http://localhost:3001', room = 'daily', token] = process.argv.slice(2);
const socket = io(server, { auth: { token, recovery: true } });
let last = 0; // the number of the newest feedback: after a restart what came meanwhile is played back

socket.on('connect', () => {
  console.log(`listening to ${room}`);
  socket.emit('join-room', { room: `feedback:${room}`, ...(last > 0 && { after: last }) });
});
socket.on('feedback', (/** @type {Feedback} */ { severity, message, tips, seq }) => {
  last = Math.max(last, seq ?? 0);
  console.log(`${severity}: ${message}`, ...tips.map((tip) => `\n  → ${tip}`));
});
socket.on('exception', (/** @type {Exception} */ { message }) => console.error(message));
socket.on('connect_error', ({ message }) => console.error(`no connection: ${message}`));
