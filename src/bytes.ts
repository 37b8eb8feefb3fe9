const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A number of bytes as PostgreSQL's pg_size_pretty writes it, but with one decimal: `0 bytes`, `12.3 MB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 10_000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 ? String(Math.round(value)) : value.toFixed(value < 100 ? 1 : 0);
  return `${text} ${UNITS[unit] ?? ''}`;
}

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Reads a size as a person writes it: `50MB`, `1.5 GB`, `800kB`, `4096`; null when it is none. */
export function parseBytes(text: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  const factor = FACTORS[unit?.toLowerCase() ?? ''];
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor);
}
