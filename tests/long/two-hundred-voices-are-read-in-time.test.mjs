// 200 tracks begin to speak at the same moment; the service takes 20 connections a second. Not a sample is lost, and once
// all are connected each block or frame arrives within 300 ms of its last sample's sending, which comes before its flush.
import { test } from 'node:test';
import { crowd } from '../system/crowd.mjs';
import { releaseBinary } from '../system/harness.mjs';
import { undisturbed } from '../system/undisturbed.mjs';

for (const generation of ['v0', 'v1'])
  test(`${generation}: 200 tracks in real time`, (t) =>
    undisturbed(t, (t) => crowd(t, generation, { tracks: 200, own: 8, within: 300, file: releaseBinary }), { strict: true }));
