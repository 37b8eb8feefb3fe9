import { Transform, type TransformCallback } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A limit of bytes per second that several streams share. */
export class Rate {
  /** When the next byte may pass, on performance.now()'s clock. */
  #free = 0;

  /** @param bytesPerSecond Infinity for no limit; may be changed while streams are at work */
  constructor(public bytesPerSecond: number) {}

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
