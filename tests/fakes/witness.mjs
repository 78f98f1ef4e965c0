// A host and a look at /health in a process of their own: gets { url, token, room, bystander } by IPC; each further message is answered
// with the times since the one before, in ms: { health, feedback, machine } (machine: of the same request to a server that does nothing).
import { setTimeout as delay } from 'node:timers/promises';
import { get } from 'node:http';
import { io } from 'socket.io-client';

const ask = (url) => new Promise((done) => {
  const began = performance.now();
  const request = get(`${url}/health`, { agent: false, timeout: 5000 }, (response) => {
    response.resume().on('end', () => done(response.statusCode === 200 ? performance.now() - began : Infinity));
  });
  request.on('error', () => done(Infinity)).on('timeout', () => request.destroy());
});

const nothing = () => ({ health: [], feedback: [], machine: [], disconnects: 0 });

process.once('message', async ({ url, token, room, bystander }) => {
  let seen = nothing();
  const socket = io(url, { auth: { token }, transports: ['websocket'] });
  socket.on('connect', () => socket.emit('join-room', room));
  socket.on('disconnect', () => seen.disconnects++);
  socket.on('feedback', ({ ts }) => seen.feedback.push(Date.now() - ts));
  process.on('message', () => {
    process.send(seen);
    seen = nothing();
  });
  for (;;) {
    seen.health.push(await ask(url));
    await delay(50);
    seen.machine.push(await ask(bystander));
    await delay(50);
  }
});
