import { RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import type { Finding } from '../results/precheck.js';
import type { AcceptableCode } from './codes.js';
import { examine } from './examine.js';
import { KINDS } from './kinds/index.js';

interface Options {
  /** Whether belt loads the schema; what matters to that alone is not looked at otherwise. */
  readonly schema: boolean;
  /** Whether belt makes the roles that are missing, so that they do not hinder. */
  readonly createRoles: boolean;
  readonly accept: readonly AcceptableCode[];
  /** Why there is nothing to look at any more: the migration is on its way. */
  readonly done: () => Promise<string | null>;
}

/** What a person went on in spite of, for programs. */
export type Accepted = Pick<Finding, 'code' | 'side' | 'object' | 'problem'>;

/**
 * The step that refuses whatever precheck calls a failure, all at once, before anything is touched.
 * @returns the step, and what was accepted by the time it has run
 */
export function requirementsStep(pair: Pair, options: Options): { step: Step; accepted: () => Accepted[] } {
  let accepted: Accepted[] = [];
  const step: Step = {
    name: 'check-requirements',
    title: 'check that both sides are fit, as precheck does',
    readOnly: true,
    done: options.done,
    run: async () => {
      const kinds = KINDS.filter(
        ({ code, schemaOnly }) =>
          (options.schema || schemaOnly !== true) && !(options.createRoles && code === 'role-missing'),
      );
      const failed = (await examine(pair, kinds)).findings.filter(({ severity }) => severity === 'fail');
      const taken: readonly string[] = options.accept;
      const isTaken = ({ code, acceptable }: Finding): boolean => acceptable && taken.includes(code);
      const left = failed.filter((one) => !isTaken(one));
      if (left.length > 0) throw refusal(pair, left);
      accepted = failed.map(({ code, side, object, problem }) => ({ code, side, object, problem }));
      return accepted.length === 0 ? undefined : `accepted: ${codesOf(failed).join(', ')}`;
    },
  };
  return { step, accepted: () => accepted };
}

function codesOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ code }) => code))];
}

/** How many are told in words; the JSON has all. */
const TOLD = 20;

function refusal({ config: { dc }, db }: Pair, findings: readonly Finding[]): RefusedError {
  const told = findings.slice(0, TOLD).map(({ side, object, problem }) => `${side}: ${object} ${problem}`);
  const more = findings.length > TOLD ? `; and ${findings.length - TOLD} more` : '';
  const acceptable = codesOf(findings.filter((one) => one.acceptable));
  const all = acceptable.length === codesOf(findings).length;
  const remedies = [...new Set(findings.slice(0, TOLD).map(({ remedy }) => remedy))];
  return new RefusedError(
    `${findings.length === 1 ? 'a requirement is' : `${findings.length} requirements are`} not met: ${told.join('; ')}${more}`,
    {
      hint:
        `${remedies.join('\n')}\n` +
        (acceptable.length === 0
          ? `"belt precheck ${dc} ${db}" shows them all; nothing has been changed.`
          : `"belt precheck ${dc} ${db}" shows them all; nothing has been changed. ` +
            `To go on in spite of ${all ? 'them' : 'some'}: --accept ${acceptable.join(',')}`),
      detail: {
        codes: codesOf(findings),
        acceptable,
        findings: findings.map(({ code, side, object, problem, remedy }) => ({ code, side, object, problem, remedy })),
      },
    },
  );
}
