import { serverWords, type ServerWords } from '../../postgres/failures.js';
import { qualified } from '../../postgres/quote.js';
import type { Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { finding, type Facts } from './facts.js';
import { nextChanges, type Change } from './next-changes.js';
import { keepOutOfLog } from './quiet.js';
import { keyOf, tryChange } from './try-change.js';

const TRY_LIMITS = { statementTimeout: 10_000, lockTimeout: 2_000 };
const LONGEST_MESSAGE = 200;

/** Not the change's own fault: something else stands in the way, which other checks see. */
const NOT_ITS_FAULT: readonly string[] = [SQLSTATE.lockNotAvailable, SQLSTATE.queryCanceled];

/**
 * The change at which a subscription that is down is stuck. The first transaction that is not applied yet is read from the
 * slot, and its changes are tried on the subscriber as apply does them, in a transaction that is undone.
 */
export async function changeFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscription, slot } = facts;
  if (slot === null || slot.active || slot.wal_status === 'lost' || subscription.sync_status !== 'r') return [];
  const changes = await nextChanges(facts);
  const [first] = changes ?? [];
  if (changes === null || first === undefined) return [];
  const session = await direction.subscriber.open('root', TRY_LIMITS);
  try {
    await session.query('BEGIN');
    await keepOutOfLog(session);
    await session.query("SELECT set_config('session_replication_role', 'replica', true)");
    for (const change of changes) {
      const words = await refusal(session, change);
      if (words === undefined) continue;
      return NOT_ITS_FAULT.includes(words.sqlstate) ? [] : [await tell(facts, change, words)];
    }
    return [];
  } catch (error) {
    // A root that may not act as apply does (no superuser): then nothing can be tried.
    if (serverWords(error)?.sqlstate === SQLSTATE.insufficientPrivilege) return [];
    throw error;
  } finally {
    // Its end undoes everything.
    await session.close();
  }
}

/** Why the server refuses the change, or undefined when it takes it. */
async function refusal(session: Session, change: Change): Promise<ServerWords | undefined> {
  try {
    await tryChange(session, change);
    return undefined;
  } catch (error) {
    const words = serverWords(error);
    if (words === undefined) throw error;
    return words;
  }
}

async function tell(facts: Facts, change: Change, words: ServerWords): Promise<DoctorFinding> {
  const { subscriber } = facts.direction;
  const table = qualified(change.schema, change.table);
  const key = await keyOf(facts.subscriber, change);
  const preposition = { INSERT: 'INSERT into', UPDATE: 'UPDATE of', DELETE: 'DELETE from' }[change.action];
  const { why, remedy } = meaning(words, subscriber.word);
  return finding(facts, {
    code: 'change-refused',
    severity: 'fail',
    side: subscriber.name,
    object: table,
    problem: `the next change, ${preposition} ${table}${key === '' ? '' : ` (${key})`}, is refused by the ${subscriber.toString()}: ${why}`,
    remedy: `${remedy} Then run belt doctor --fix: it starts the worker at once.`,
  });
}

/** The server's refusal in belt's words; the values of rows, which its detail quotes, are left out. */
function meaning(
  { sqlstate, message, constraint, column }: ServerWords,
  word: string,
): { why: string; remedy: string } {
  switch (sqlstate) {
    case SQLSTATE.uniqueViolation:
      return {
        why: `another row there has the same values in unique index "${constraint ?? ''}"`,
        remedy: `Delete or change that other row on the ${word}, or drop the index there until the cutover is over.`,
      };
    case SQLSTATE.notNullViolation:
      return {
        why: `it has no value for column "${column ?? ''}", which is NOT NULL there`,
        remedy: `Give the column a default on the ${word}, or drop its NOT NULL there.`,
      };
    case SQLSTATE.checkViolation:
      return {
        why: `it breaks check constraint "${constraint ?? ''}"`,
        remedy: `Drop that constraint on the ${word}, and add it again after the cutover.`,
      };
    default:
      return {
        why: message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}...` : message,
        remedy: `Mend that on the ${word}.`,
      };
  }
}
