import type { DumpSchemaFields } from '../../results/dump-schema.js';
import type { Envelope } from '../../results/envelope.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/** A row per file, with what stands in it. */
export function render(envelope: Envelope<DumpSchemaFields>, style: Style): string {
  const { chalk } = style;
  const rows = envelope.results.flatMap(({ db, success, detail }) => {
    const files = detail?.files ?? [];
    if (!success || files.length === 0) return [[db, chalk.red('failed')]];
    return files.map(({ path, objects }, index) => [
      index === 0 ? db : '',
      index === 0 ? chalk.green('done') : '',
      path,
      String(objects),
    ]);
  });
  return renderTable(['database', 'dump-schema', 'file', 'objects'], rows, style);
}
