import type { InitialLoad } from '../pglogical/progress.js';

/** What a copy waits for, as far as others hold locks: `waits for a lock held by pid 4711 on the source`; null when none do. */
export function lockWaits(blockedBy: InitialLoad['blocked_by']): string | null {
  if (blockedBy.length === 0) return null;
  const who = blockedBy.map(
    ({ side, pid }) => `pid ${String(pid)} on the ${side === 'src' ? 'source' : 'destination'}`,
  );
  return `waits for a lock held by ${who.join(', ')}`;
}
