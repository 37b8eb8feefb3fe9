import type { Session } from '../../postgres/session.js';
import type { SideName } from './full-table.js';

/** Sessions of both sides, as many on either. */
export type Workers = Readonly<Record<SideName, readonly Session[]>>;

/** One session a side. */
export type WorkerPair = Readonly<Record<SideName, Session>>;

/** Gives each pair of sessions one piece of work after the other. */
export async function inParallel<T>(
  { src, dst }: Workers,
  list: readonly T[],
  work: (sessions: WorkerPair, one: T) => Promise<void>,
): Promise<void> {
  const queue = [...list];
  await everyone(src, async (session, place) => {
    const other = dst[place];
    if (other === undefined) return;
    try {
      for (let one = queue.shift(); one !== undefined; one = queue.shift())
        await work({ src: session, dst: other }, one);
    } catch (error) {
      queue.length = 0;
      throw error;
    }
  });
}

/** Waits for all, also when one fails. */
export async function everyone<T>(list: readonly T[], work: (one: T, place: number) => Promise<void>): Promise<void> {
  const settled = await Promise.allSettled(list.map(work));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
}
