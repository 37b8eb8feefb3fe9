import { formatBytes } from '../bytes.js';
import { formatSeconds } from '../duration.js';
import type { SourceBurden } from '../pglogical/copy-source.js';

/** What the copy may cost the source, and when it is too much. No database in here. */

/** From so long on, or so many transactions, the snapshot is told of; and again at each doubling. */
const SNAPSHOT_SECONDS = 4 * 3600;
const SNAPSHOT_TRANSACTIONS = 20_000_000;

/** From this part of a limit on, its coming is told. */
const NEAR = 0.8;

export type Verdict =
  | { readonly kind: 'warn'; readonly text: string }
  /** Whether the source is to be freed of its WAL by dropping the slot. */
  | { readonly kind: 'stop'; readonly text: string; readonly dropSlot: boolean };

/** The age of the snapshot, as part of what is told of. */
function sizeOf({ snapshot_seconds: seconds, snapshot_transactions: transactions }: SourceBurden): number {
  return Math.max((seconds ?? 0) / SNAPSHOT_SECONDS, (transactions ?? 0) / SNAPSHOT_TRANSACTIONS);
}

/** Whether the snapshot is so old that rows deleted since then pile up on the source. */
export function holdsBackVacuum(burden: SourceBurden): boolean {
  return sizeOf(burden) >= 1;
}

/** Judges what the source bears, look after look; each thing is told once, or when it has grown much. */
export class SourceLimits {
  #toldSnapshot = 0;
  #toldWal = false;
  #toldStatus = 'reserved';
  readonly #toldWaiting = new Set<number>();

  /** @param maxSlotWal bytes of WAL that the slot may hold; undefined for what the server itself allows */
  constructor(private readonly maxSlotWal: number | undefined) {}

  judge(burden: SourceBurden): Verdict[] {
    return [...this.#wal(burden), ...this.#snapshot(burden), ...this.#waiting(burden)];
  }

  #wal({ wal_retained_bytes: held, wal_status: status, safe_wal_bytes: safe }: SourceBurden): Verdict[] {
    if (held === null && status !== 'lost') return [];
    const verdicts: Verdict[] = [];
    const holds = `the slot holds ${formatBytes(held ?? 0)} of WAL on the source`;
    if (status === 'lost') {
      const text = 'the source has thrown away WAL that the slot needs: it has grown beyond max_slot_wal_keep_size';
      return [{ kind: 'stop', text, dropSlot: true }];
    }
    if (this.maxSlotWal !== undefined && (held ?? 0) > this.maxSlotWal) {
      return [
        { kind: 'stop', text: `${holds}, more than --max-slot-wal ${formatBytes(this.maxSlotWal)}`, dropSlot: true },
      ];
    }
    const near = this.maxSlotWal !== undefined && (held ?? 0) > this.maxSlotWal * NEAR;
    const nearServers = safe !== null && safe < ((held ?? 0) + safe) * (1 - NEAR);
    if ((near || nearServers) && !this.#toldWal) {
      this.#toldWal = true;
      const limit = near
        ? `the copy is ended at --max-slot-wal ${formatBytes(this.maxSlotWal)}`
        : `${formatBytes(safe ?? 0)} more, and max_slot_wal_keep_size is reached: the source then throws WAL away, and the copy is lost`;
      verdicts.push({ kind: 'warn', text: `${holds}; ${limit}` });
    }
    if (status === 'unreserved' && this.#toldStatus !== status) {
      verdicts.push({
        kind: 'warn',
        text: `${holds}, which it throws away at its next checkpoint: the copy is lost then`,
      });
    }
    this.#toldStatus = status ?? this.#toldStatus;
    return verdicts;
  }

  #snapshot(burden: SourceBurden): Verdict[] {
    const { snapshot_seconds: seconds, snapshot_transactions: transactions } = burden;
    const size = sizeOf(burden);
    const doublings = size < 1 ? 0 : 1 + Math.floor(Math.log2(size));
    const grown = doublings > this.#toldSnapshot;
    this.#toldSnapshot = doublings;
    if (!grown) return [];
    const text =
      `the copy's snapshot has kept the source from cleaning up deleted rows for ${formatSeconds(seconds ?? 0)} and ` +
      `${String(transactions ?? 0)} transactions; to let it, end the copy when a big table is done, and run setup again: ` +
      'it goes on with a new snapshot';
    return [{ kind: 'warn', text }];
  }

  #waiting({ waiting }: SourceBurden): Verdict[] {
    const fresh = waiting.filter(({ pid }) => !this.#toldWaiting.has(pid));
    for (const { pid } of fresh) this.#toldWaiting.add(pid);
    return fresh.map(({ pid, user, application, seconds }) => ({
      kind: 'warn',
      text:
        `pid ${String(pid)} on the source (${user}${application === '' ? '' : `, ${application}`}) has waited for ` +
        `${formatSeconds(seconds)} for the copy to end: truncating, altering or indexing a table cannot go on before, and ` +
        `others may wait behind it; end it (SELECT pg_terminate_backend(${String(pid)})), or the copy`,
    }));
  }
}
