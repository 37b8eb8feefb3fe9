import type { Envelope } from '../results/envelope.js';

/** The envelope as JSON text, indented, with a line end: what --json prints. */
export function renderJson(envelope: Envelope<object>): string {
  return `${JSON.stringify(envelope, null, 2)}\n`;
}
