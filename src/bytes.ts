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
