import { QueryError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { back, forward, type Direction } from '../direction.js';
import { presence } from '../extension.js';
import { applyWorkerPid, readDirection, slotName, type DirectionState, type DirectionStatus } from '../state.js';
import { changeFindings } from './change.js';
import { connectionFindings } from './connection.js';
import { copyFindings } from './copy.js';
import { finding, type Check, type Facts } from './facts.js';
import { lockFindings } from './locks.js';
import { logFindings } from './log.js';
import { quickFindings, workerNotRunning } from './quick.js';
import { roleFindings } from './role.js';
import { rowSecurityFindings } from './row-security.js';
import { workerFindings } from './server.js';
import { catchUpFindings, leftoverFindings, originFindings, readerFindings, walFindings } from './slot.js';
import { tableFindings } from './tables.js';
import { versionFindings } from './versions.js';

/** Everything that takes more than a question or two. */
const THOROUGH: readonly Check[] = [
  workerFindings,
  lockFindings,
  roleFindings,
  connectionFindings,
  versionFindings,
  readerFindings,
  catchUpFindings,
  originFindings,
  walFindings,
  tableFindings,
  rowSecurityFindings,
  changeFindings,
  logFindings,
];

/** What can keep belt's own copy, or what follows it, from running: its subscription sleeps, and keys come later. */
const WHILE_COPYING: readonly Check[] = [
  lockFindings,
  roleFindings,
  connectionFindings,
  versionFindings,
  walFindings,
  tableFindings,
  rowSecurityFindings,
];

export interface Diagnosis {
  readonly forward: DirectionStatus;
  readonly back: DirectionStatus;
  /** Worst first. */
  readonly findings: DoctorFinding[];
}

const ORDER: readonly DoctorFinding['severity'][] = ['fail', 'warn', 'note'];

/** Asks both servers everything that could keep a direction from running. */
export async function diagnose(pair: Pair, progress: (text: string) => void): Promise<Diagnosis> {
  const ways = { forward: forward(pair), back: back(pair) };
  const there = await readDirection(ways.forward);
  const home = await readDirection(ways.back);
  progress('forward');
  const findings = await examine(pair, ways.forward, there);
  progress('back');
  findings.push(...(await examine(pair, ways.back, home)));
  return {
    forward: there.status,
    back: home.status,
    findings: findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)),
  };
}

async function examine(pair: Pair, direction: Direction, state: DirectionState): Promise<DoctorFinding[]> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const { subscription, slot, status } = state;
  if (subscription === null) {
    const { there, loaded } = await presence(subscriber);
    return there && loaded ? leftoverFindings({ direction, provider }, await slotName(subscriber, direction)) : [];
  }
  const facts: Facts = {
    direction,
    subscription,
    slot,
    subscriber,
    provider,
    pair,
    status,
    copy: state.copy,
    workerPid: await applyWorkerPid(subscriber, direction.subscription),
  };
  const found =
    state.copy === null ? await quickFindings(facts, state.copyLost) : await copyFindings(facts, state.copy);
  // One after the other: they share the sessions.
  for (const check of state.copy === null ? THOROUGH : WHILE_COPYING) found.push(...(await tryCheck(check, facts)));
  // Without a cause: the worker itself, and where its own reason stands.
  if (status === 'down' && !found.some(({ severity }) => severity === 'fail')) found.push(workerNotRunning(facts));
  return found;
}

/** A server in trouble may refuse one question, or let it wait for a lock: the others are asked all the same. */
async function tryCheck(check: Check, facts: Facts): Promise<DoctorFinding[]> {
  try {
    return await check(facts);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const { direction } = facts;
    return [
      finding(facts, {
        code: 'not-looked-at',
        severity: 'note',
        side: error.detail?.['side'] === 'src' ? 'src' : 'dst',
        object: direction.subscription,
        problem: `something could not be looked at: ${error.message}`,
        remedy: 'Mend the rest of what is found, then run belt doctor again.',
      }),
    ];
  }
}
