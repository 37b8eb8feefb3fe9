import type { SideName } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Session } from '../../postgres/session.js';
import type { DoctorFinding } from '../../results/doctor.js';
import type { Direction } from '../direction.js';
import type { DirectionState, SlotState, SubscriptionState } from '../state.js';

/** What is known of a configured direction before anything is looked into: all that the quick checks start from. */
export interface QuickFacts {
  readonly direction: Direction;
  readonly subscription: SubscriptionState;
  /** Null when the provider has no such slot. */
  readonly slot: SlotState | null;
  /** Root sessions on both sides. */
  readonly subscriber: Session;
  readonly provider: Session;
}

/** What the thorough checks know besides. */
export interface Facts extends QuickFacts {
  readonly pair: Pair;
  readonly status: DirectionState['status'];
  /** Belt's own copy, as long as it is not over. */
  readonly copy: DirectionState['copy'];
  /** The apply worker's process, or null when it does not run. */
  readonly workerPid: number | null;
}

/** One question to the servers; answers with what is wrong. It changes nothing that stays. */
export type Check<F = Facts> = (facts: F) => Promise<DoctorFinding[]>;

/** What a check says of one trouble; direction and the rest are filled in by finding(). */
interface Trouble {
  readonly code: string;
  readonly severity: DoctorFinding['severity'];
  readonly side: SideName;
  readonly object: string;
  /** A clause as in belt's error messages: small letter, no full stop. */
  readonly problem: string;
  /** A sentence that tells what to do. */
  readonly remedy: string;
  readonly fixable?: boolean;
}

export function finding({ direction }: { direction: Direction }, trouble: Trouble): DoctorFinding {
  const { code, severity, side, object, problem, remedy, fixable = false } = trouble;
  return { code, severity, direction: direction.name, side, object, problem, remedy, fixable };
}

/** A finding in one sentence, as a reason of something else: problem and remedy. */
export function reasonOf({ problem, remedy }: DoctorFinding): string {
  return `${problem}; ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`.replace(/\.$/, '');
}

const SHOWN = 10;

/** Names for a sentence, the first ten of them. */
export function listNames(names: readonly string[]): string {
  const rest = names.length - SHOWN;
  return names.slice(0, SHOWN).join(', ') + (rest > 0 ? ` and ${String(rest)} more` : '');
}
