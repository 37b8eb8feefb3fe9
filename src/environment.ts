/**
 * What belt takes from the process it runs in. cli.ts makes it; everything else gets it handed down, so that tests can
 * give another and no module reads `process` by itself.
 */
export interface Environment {
  /** The migration project folder. */
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Aborts at Ctrl-C and when the process is asked to end. */
  readonly signal: AbortSignal;
}
