import { isOutOfReach } from './failures.js';

/**
 * Finds out when a network is gone: that brings no error, only silence, and the operating system may take a quarter of an
 * hour to notice. Statements with a time limit end by it; what may take any time is looked after here.
 */

/** A connection that is looked after. */
export interface Watchable {
  /** Bytes that have come and gone on it. */
  readonly traffic: number;
  /**
   * Asks the server on another connection: whether it waits for belt on this one, or has lost it.
   * @throws what keeps it from asking
   */
  serverWaits(): Promise<boolean>;
  /** Ends it, so that what runs on it fails. */
  cut(): void;
}

/** So long without a byte is worth a look. */
const STALL_MS = 20_000;
const LOOK_MS = 5_000;
/** What was on its way at one look has come by the next. */
const LOOKS = 2;
/** For so long a server may be out of reach: what it is at may outlive that. */
const UNREACHABLE_MS = 60_000;

/**
 * Runs work that may take any time. When nothing has moved on its connections for a while, and each server says that it
 * waits for belt there, or none can be reached for long, they are cut.
 * @param allowance milliseconds without a byte that are nothing unusual here, besides what is so for everybody
 * @throws what `work` throws: after a cut, that the connection was lost
 */
export async function watched<T>(
  connections: readonly Watchable[],
  work: () => Promise<T>,
  allowance: () => number = () => 0,
): Promise<T> {
  const traffic = (): number => connections.reduce((sum, one) => sum + one.traffic, 0);
  let seen = traffic();
  let movedAt = performance.now();
  let waits = 0;
  let outOfReachSince: number | undefined;
  let looking = false;
  let over = false;

  const hasMoved = (): boolean => {
    const now = traffic();
    if (now === seen) return false;
    seen = now;
    movedAt = performance.now();
    waits = 0;
    outOfReachSince = undefined;
    return true;
  };
  const look = async (): Promise<void> => {
    if (looking || hasMoved() || performance.now() - movedAt < STALL_MS + allowance()) return;
    looking = true;
    try {
      const waiting = await Promise.all(connections.map((one) => one.serverWaits()));
      outOfReachSince = undefined;
      waits = waiting.includes(false) ? 0 : waits + 1;
    } catch (error) {
      waits = 0;
      outOfReachSince = isOutOfReach(error) ? (outOfReachSince ?? performance.now()) : undefined;
    } finally {
      looking = false;
    }
    const outOfReach = outOfReachSince !== undefined && performance.now() - outOfReachSince > UNREACHABLE_MS;
    if (over || hasMoved() || !(waits >= LOOKS || outOfReach)) return;
    for (const one of connections) one.cut();
  };

  const timer = setInterval(() => void look(), LOOK_MS);
  try {
    return await work();
  } finally {
    over = true;
    clearInterval(timer);
  }
}
