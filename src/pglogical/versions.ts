/** pglogical before 2.4.5 makes its slot with a syntax that providers from PostgreSQL 17 on refuse. */
const FIRST_FOR_17 = [2, 4, 5] as const;

/** A pglogical version, for instance `2.4.2`, as numbers. */
export function parseVersion(version: string): number[] {
  return version.split('.').map(Number);
}

/** Whether version `a` comes before version `b`. */
export function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, part] of b.entries()) {
    const own = a[index] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}

/**
 * Whether pglogical of this version can subscribe to a provider of this PostgreSQL by its own means.
 * Source: pglogical_sync.c, use_failover_slot; upstream issue 501.
 */
export function canMakeSlotOn(version: readonly number[], providerMajor: number): boolean {
  return providerMajor < 17 || !isBefore(version, FIRST_FOR_17);
}
