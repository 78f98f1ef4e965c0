// People who say known speech on LiveKit's own client, all by one clock: a sample that is due is given to the client then, and
// not before. What is said begins with the moment at which the track is published.
import { AudioFrame, AudioSource, LocalAudioTrack, TrackPublishOptions, TrackSource } from '@livekit/rtc-node';
import { atEnd } from '../system/harness.mjs';
import { RATE } from './speech.mjs';

const STEP_MS = 10;
const STEP = (RATE * STEP_MS) / 1000;

const now = () => performance.timeOrigin + performance.now();

// One microphone and what is said into it: `said` has its samples, all channels of a moment together.
export class Line {
  constructor(person, said, { channels = 1, name = 'mic', source = TrackSource.SOURCE_MICROPHONE, dtx = true, red = true } = {}) {
    Object.assign(this, { person, said, channels, name, options: new TrackPublishOptions({ source, dtx, red }), given: 0 });
    this.steps = Math.floor(said.length / channels / STEP);
  }

  async publish() {
    this.source = new AudioSource(RATE, this.channels, 0); // without a queue: what is given is sent
    this.track = LocalAudioTrack.createAudioTrack(this.name, this.source);
    this.publication = await this.person.room.localParticipant.publishTrack(this.track, this.options);
    this.sid = this.publication.sid;
    this.began = now() - STEP_MS; // by the wall clock, of the first sample: a microphone gives what it has just heard
    return this;
  }

  get isOver() {
    return this.isGone || this.given >= this.steps;
  }

  // What is due; silence when all has been said.
  give() {
    const due = Math.floor((now() - this.began) / STEP_MS);
    for (; this.given < due; this.given++) {
      const size = STEP * this.channels;
      const samples = this.isOver ? new Int16Array(size) : this.said.slice(this.given * size, (this.given + 1) * size);
      this.source.captureFrame(new AudioFrame(samples, RATE, this.channels, STEP)).catch(() => {});
    }
  }

  async unpublish() {
    this.isGone = true;
    await this.person.room.localParticipant.unpublishTrack(this.sid);
    await this.source.close();
  }
}

export class Stage {
  constructor(t) {
    this.lines = [];
    this.timer = setInterval(() => this.lines.forEach((line) => line.isGone || line.give()), STEP_MS / 2);
    atEnd(t, () => clearInterval(this.timer));
  }

  // The line is on air when it is published.
  async publish(line) {
    await line.publish();
    this.lines.push(line);
    return line;
  }
}

// Two voices as the channels of one track.
export function stereoOf(left, right) {
  return Int16Array.from({ length: 2 * left.length }, (_, i) => (i % 2 ? right : left)[i >> 1]);
}
