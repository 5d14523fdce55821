import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchInterrupts } from '../../src/cli/interrupt.ts';

function watched() {
  const signals = new EventEmitter();
  const told: string[] = [];
  const left: number[] = [];
  let time = 0;
  const watch = watchInterrupts(
    (text) => told.push(text),
    (code) => left.push(code),
    { signals, now: () => time },
  );
  const later = (ms: number): void => {
    time += ms;
  };
  return { ...watch, signals, told, left, later };
}

describe('Ctrl-C', () => {
  it('asks for a safe stop, and says so', () => {
    const { signal, signals, told, left } = watched();
    signals.emit('SIGINT');
    expect(signal.aborted).toBe(true);
    expect(told).toHaveLength(1);
    expect(left).toEqual([]);
  });

  it('pressed again leaves with 130, and says that the run goes on', () => {
    const { signals, told, left, later } = watched();
    signals.emit('SIGINT');
    later(1_000);
    signals.emit('SIGINT');
    expect(left).toEqual([130]);
    expect(told.at(-1)).toContain('goes on');
  });

  it('that arrives twice at once (from the terminal and from npm) counts once', () => {
    const { signals, left, later } = watched();
    signals.emit('SIGINT');
    later(20);
    signals.emit('SIGINT');
    expect(left).toEqual([]);
  });

  it('is nobody’s business after stop', () => {
    const { signals, signal, stop } = watched();
    stop();
    signals.emit('SIGINT');
    expect(signal.aborted).toBe(false);
  });
});
