import { parentPort, workerData } from 'node:worker_threads';
import type { ResolverRequest, SideResolver } from './resolver-contract.js';

/** The thread in which one resolver runs for one side: see resolver.ts, which starts it. */

/** What the thread is told. */
export interface ThreadTask extends Omit<ResolverRequest, 'signal'> {
  /** URL of the module. */
  readonly url: string;
}

/** What the thread answers. */
export type ThreadAnswer =
  /** The side, as JSON; undefined when the resolver gave nothing. */
  | { readonly kind: 'resolved'; readonly json: string | undefined }
  | { readonly kind: 'not-loaded'; readonly error: ThreadError }
  | { readonly kind: 'no-export'; readonly exports: readonly string[] }
  | { readonly kind: 'threw'; readonly error: ThreadError }
  /** What it gave cannot be written as JSON. */
  | { readonly kind: 'not-json' };

export interface ThreadError {
  /** The error's class. */
  readonly name: string;
  readonly message: string;
  /** The error's code, where it has one: `ENOENT`, `ERR_MODULE_NOT_FOUND`. */
  readonly code: string | undefined;
}

const port = parentPort;
if (port !== null) {
  const abort = new AbortController();
  port.on('message', () => {
    abort.abort(new Error('the deadline for resolvers has passed'));
  });
  // Else a resolver that waits for what can never come would keep the thread until the deadline.
  port.unref();
  port.postMessage(await work(workerData as ThreadTask, abort.signal));
}

async function work({ url, ...request }: ThreadTask, signal: AbortSignal): Promise<ThreadAnswer> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(url)) as typeof module;
  } catch (error) {
    return { kind: 'not-loaded', error: described(error) };
  }
  const resolve = [module['default'], module['resolve']].find((one) => typeof one === 'function');
  if (resolve === undefined) return { kind: 'no-export', exports: Object.keys(module) };
  let side: unknown;
  try {
    side = await (resolve as SideResolver)({ ...request, signal });
  } catch (error) {
    return { kind: 'threw', error: described(error) };
  }
  if (side === undefined || side === null) return { kind: 'resolved', json: undefined };
  try {
    return { kind: 'resolved', json: JSON.stringify(side) };
  } catch {
    return { kind: 'not-json' };
  }
}

function described(error: unknown): ThreadError {
  if (!(error instanceof Error)) return { name: '', message: String(error), code: undefined };
  const { code } = error as { code?: unknown };
  return { name: error.name, message: error.message, code: typeof code === 'string' ? code : undefined };
}
