import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from './harness.mjs';
import { audio, closeTrack, finishedWav, openTrack } from './egress.mjs';

test("the old backend's literal URLs still work", async (t) => {
  const server = await startServer(t, { env: { PROSA_ENV: 'development' } });
  const cases = [
    ['roomName=sala+1&participant=bob%3Ax+y&trackId=TR_ab.c&meetingId=RM_1&sampleRate=48000&channels=1&groupSeconds=2', 'RM_1', 'sala_1_bob_x_y_TR_ab.c'],
    ['room=sala&participant=ana&track=TR_2&sampleRate=48000&channels=1', 'sala', 'sala_ana_TR_2'],
    ['roomName=sala', 'sala', 'sala_participant_track'],
    ['roomName=sala&participant=ana&trackId=TR_3&sampleRate=44100.9', 'sala', 'sala_ana_TR_3'],
  ];
  for (const [query, folder, name] of cases) {
    await t.test(query, async () => {
      const pcm = audio(960);
      const socket = await openTrack(server, query);
      socket.send(pcm);
      await closeTrack(socket);
      const wav = await finishedWav(server, name.replace(/.*_(TR_.*|track)$/, '$1'), { bytes: pcm.length });
      assert.equal(wav.folder, folder);
      assert.ok(wav.file.endsWith(`Z_${name}.wav`), wav.file);
      assert.ok(wav.data.equals(pcm));
    });
  }
});
