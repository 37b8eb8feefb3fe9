import { Transform, type TransformCallback } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** More than what all streams together have waiting, as a network brings it. */
const WAITING_BYTES = 4 << 20;

/** A limit of bytes per second that several streams share. */
export class Rate {
  /** When the next byte may pass, on performance.now()'s clock. */
  #free = 0;

  #bytesPerSecond: number;

  /** @param bytesPerSecond Infinity for no limit */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** May be changed while streams are at work: what passes from now on goes at the new rate. */
  set bytesPerSecond(value: number) {
    if (value === this.#bytesPerSecond) return;
    this.#bytesPerSecond = value;
    this.#free = 0;
  }

  /** Milliseconds for which a stream may have to wait for its turn, with many others. */
  get pauseMs(): number {
    return (WAITING_BYTES / this.#bytesPerSecond) * 1000;
  }

  /** Waits until so many bytes may pass. */
  async pass(bytes: number): Promise<void> {
    if (this.bytesPerSecond === Infinity) return;
    const now = performance.now();
    const start = Math.max(now, this.#free);
    this.#free = start + (bytes / this.bytesPerSecond) * 1000;
    if (start > now) await sleep(start - now);
  }

  /** A part of a pipeline that lets bytes through at this rate, and tells of each piece. */
  stream(passed: (bytes: number) => void): Transform {
    return new Transform({
      highWaterMark: 1 << 20,
      transform: (piece: Buffer, _encoding, done: TransformCallback) => {
        passed(piece.length);
        if (this.bytesPerSecond === Infinity) done(null, piece);
        else
          void this.pass(piece.length).then(() => {
            done(null, piece);
          });
      },
    });
  }
}
