// The reference: Node's socket.io with the same two events, its port on standard output.
import http from 'node:http';
import { Server } from 'socket.io';

const server = http.createServer();
// No heartbeat falls into the measured time, here or there.
const io = new Server(server, { transports: ['websocket'], pingInterval: 600000 });
const event = {
  t: 0, id: 'mwrsswtr-1g1x2p', type: 'volume_baixo', severity: 'critical', meetingId: 'RM_bench',
  participantId: 'bob', window: { start: 1795349606774, end: 1795349609774 },
  message: 'bob: quase inaudível; aumente o ganho imediatamente.',
  tips: ['Aumente o ganho de entrada', 'Aproxime-se do microfone'],
  metadata: { rmsDbfs: -36.97945032927197, speechCoverage: 1 }, seq: 1,
};

io.on('connection', (socket) => {
  socket.on('join', () => socket.join('room'));
  socket.on('blast', (rounds, intervalUs) => {
    const round = () => {
      // Nanoseconds as a number lose their last digits, and keep their length.
      event.t = Number(process.hrtime.bigint());
      io.to('room').emit('feedback', event);
      if (--rounds > 0) setTimeout(round, intervalUs / 1000);
    };
    setTimeout(round, intervalUs / 1000);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
