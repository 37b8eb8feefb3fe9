import { CheckFailedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { diagnose, type Diagnosis } from '../../pglogical/diagnosis/diagnose.js';
import { repairSteps } from '../../pglogical/diagnosis/repairs.js';
import type { DoctorFields, DoctorFinding } from '../../results/doctor.js';
import type { Outcome } from '../define.js';

interface Options {
  /** Mend what is safe to mend. */
  readonly fix: boolean;
}

/** Finds out why a direction is down or does not move; with --fix, mends what it can and looks again. */
export async function run(pair: Pair, { fix }: Options): Promise<Outcome<DoctorFields>> {
  const first = await look(pair, 'diagnose', 'look for what is wrong');
  const repairs = fix ? repairSteps(pair, first.findings) : [];
  if (repairs.length === 0) return outcome(first, [], 'look');
  await pair.run(repairs);
  if (pair.options.dryRun) return outcome(first, [], 'plan');
  const after = await look(pair, 'diagnose-again', 'look again');
  const left = new Set(after.findings.map(kind));
  const gone = first.findings.filter((one) => one.severity !== 'note' && !left.has(kind(one)));
  return outcome(after, [...new Set(gone.map(({ code }) => code))], 'look');
}

function look(pair: Pair, name: string, title: string): Promise<Diagnosis> {
  return pair.step({ name, title }, (progress) => diagnose(pair, progress));
}

function kind({ direction, code, object }: DoctorFinding): string {
  return JSON.stringify([direction, code, object]);
}

const FIXABLE = {
  look: 'Run the same command with --fix: it mends what is safe to mend. The list of findings says the rest.',
  plan: 'Run the same command without --dry-run: it does what is planned. The list of findings says the rest.',
};

function outcome(
  { forward, back, findings }: Diagnosis,
  fixed: string[],
  mode: keyof typeof FIXABLE,
): Outcome<DoctorFields> {
  const fields: DoctorFields = { forward_replication: forward, back_replication: back, findings, fixed };
  const failed = findings.filter(({ severity }) => severity === 'fail');
  if (failed.length === 0) return { fields };
  const fixable = failed.filter((one) => one.fixable);
  return {
    fields,
    error: new CheckFailedError(failed.map((one) => `${one.direction ?? one.side}: ${one.problem}`).join('; '), {
      hint: fixable.length > 0 ? FIXABLE[mode] : 'Do what the list of findings says, then run belt doctor again.',
      detail: { codes: failed.map(({ code }) => code), fixable: fixable.length },
    }),
  };
}
