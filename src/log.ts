import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { printableLines } from './printable.js';

/** One run's log file for one database. */
export interface Log {
  /** Adds a line with the time before it. Never throws: a full disk must not end a migration. */
  write(line: string): void;
  close(): Promise<void>;
}

const SILENT: Log = { write: () => undefined, close: () => Promise.resolve() };

/**
 * Opens `logs/DC/DB/<time>-<command>.log` in the project folder. Where it cannot be made, the run goes on without.
 * @param cwd the migration project folder
 */
export async function openLog(cwd: string, dc: string, db: string, command: string): Promise<Log> {
  const folder = join(cwd, 'logs', dc, db);
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('.', '');
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(join(folder, `${time}-${command}.log`), 'a', 0o600);
    let queue: Promise<unknown> = Promise.resolve();
    return {
      write: (line) => {
        const stamped = `${new Date().toISOString()} ${printableLines(line)}\n`;
        queue = queue.then(() => file.write(stamped)).catch(() => undefined);
      },
      close: async () => {
        await queue;
        await file.close().catch(() => undefined);
      },
    };
  } catch {
    return SILENT;
  }
}
