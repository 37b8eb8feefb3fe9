/** Whole seconds for so many bytes, 0 only for none; null when the speed is not known, or nothing moves. */
export function secondsLeft(bytes: number, bytesPerSecond: number | null): number | null {
  return bytesPerSecond === null || bytesPerSecond <= 0 ? null : Math.ceil(bytes / bytesPerSecond);
}
