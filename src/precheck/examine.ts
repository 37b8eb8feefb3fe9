import type { Finding } from '../results/precheck.js';
import type { Pair } from '../pair/pair.js';
import { ask, type Asked } from './ask.js';
import { readFacts, type Facts, type SideFacts } from './facts.js';
import type { AnyKind } from './kind.js';
import { KINDS } from './kinds/index.js';

const ORDER: readonly Finding['severity'][] = ['fail', 'warn', 'note'];

export interface Examined {
  readonly facts: Facts;
  /** Worst first; among equals as KINDS has them. */
  readonly findings: Finding[];
}

/** Reads both servers, and finds what stands in the way of a migration or is worth knowing before it. Changes nothing. */
export async function examine(pair: Pair, kinds: readonly AnyKind[] = KINDS): Promise<Examined> {
  const facts = await readFacts(pair);
  const [src, dst] = await Promise.all([askSide(facts, facts.src, kinds), askSide(facts, facts.dst, kinds)]);
  const findings: Finding[] = [];
  for (const kind of kinds) {
    const { code, severity, accept } = kind;
    for (const asked of [src, dst]) {
      const reason = asked.failed.get(code);
      if (reason !== undefined) findings.push(notAsked(asked.side, code, reason));
    }
    // Their rows are what their own queries gave.
    const answers = { src: src.rows.get(code) ?? [], dst: dst.rows.get(code) ?? [] } as unknown as {
      src: readonly never[];
      dst: readonly never[];
    };
    for (const found of await kind.judge(facts, answers)) {
      const one = { severity, ...found };
      findings.push({ code, acceptable: one.severity === 'fail' && accept !== undefined, ...one });
    }
  }
  findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return { facts, findings };
}

async function askSide(
  { schemas }: Facts,
  { side, session, server }: SideFacts,
  kinds: readonly AnyKind[],
): Promise<Asked & { side: 'src' | 'dst' }> {
  const { root_user, owner_user, pglogical_user } = side.config;
  const asked = await ask(session, side.name, kinds, {
    schemas,
    roles: [root_user.name, owner_user.name, pglogical_user.name],
    context: { major: session.major, pglogical: server.pglogical_readable },
  });
  return { ...asked, side: side.name };
}

function notAsked(side: 'src' | 'dst', code: string, reason: string): Finding {
  return {
    code: 'not-looked-at',
    severity: 'warn',
    acceptable: false,
    side,
    object: code,
    problem: `could not be asked: ${reason}`,
    remedy: 'Give the root user of the config what it lacks, or look yourself.',
  };
}
