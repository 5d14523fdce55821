import { InterruptedError } from '../errors.ts';

/** Ctrl-C while connecting: nothing has been touched yet. */
export function interrupted(): InterruptedError {
  return new InterruptedError('Stopped while connecting; nothing was changed.');
}
