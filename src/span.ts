/** A number of seconds in the largest unit that fits, for people: `3 minutes`. Of a negative one its size. */
export function span(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ] as const;
  const size = Math.abs(seconds);
  const [unit, noun] = units.find(([smallest]) => size >= smallest) ?? [1, 'second'];
  const number = Math.round(size / unit);
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
