import { KINDS } from '../../src/precheck/kinds/index.js';
import { code, escaped, table } from './markdown.js';

/** Every kind of finding of precheck, and what --accept means for it. */
export function precheckPart(): string {
  return table(
    ['code', '', 'what it is', 'setup with `--accept`'],
    KINDS.map(({ code: name, severity, means, accept }) => [
      code(name),
      code(severity),
      escaped(means),
      accept === undefined ? (severity === 'fail' ? 'Cannot be accepted.' : '') : escaped(accept),
    ]),
  );
}
