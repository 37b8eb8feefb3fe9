const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Timers of JavaScript know no longer ones. */
const LONGEST_MS = 20 * 86_400_000;

/**
 * Reads a duration as a person writes it: `30s`, `10m`, `1h`, `2d`, `1h30m`.
 * @returns milliseconds, or undefined when it is none, is zero or longer than 20 days
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+[smhd])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  const sum = parts.reduce((total, [, count = '', unit = '']) => total + Number(count) * (UNITS[unit] ?? 0), 0);
  return sum > 0 && sum <= LONGEST_MS ? sum : undefined;
}

/** A span of time in its two largest units: `0.4 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? `${String(hours)} h ${String(minutes % 60)} min`
    : `${String(Math.floor(hours / 24))} d ${String(hours % 24)} h`;
}
