/** Why a value was refused, and what to write instead. */
export interface Complaint {
  readonly message: string;
  readonly hint?: string;
}

/** A value as it is shown in messages: quoted, control characters escaped, shortened to `limit` characters. */
export function show(value: unknown, limit = 60): string {
  if (typeof value !== 'string') return typeof value === 'number' ? String(value) : kindOf(value);
  const short = value.length > limit ? `${value.slice(0, limit).replace(/[\ud800-\udbff]$/, '')}…` : value;
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What a value is, in the words of whoever writes YAML: `a list`, `nothing`. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' ? `the number ${value}` : 'text';
}
