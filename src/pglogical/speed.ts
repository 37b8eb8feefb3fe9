/** Whole seconds for so many bytes; null when the speed is not known, or nothing moves. */
export function secondsLeft(bytes: number, bytesPerSecond: number | null): number | null {
  return bytesPerSecond === null || bytesPerSecond <= 0 ? null : Math.round(bytes / bytesPerSecond);
}
