import type { Prompts } from '../../src/wizard/prompts.ts';

/** Answers questions from a list: text for input, the value for select, true or false for confirm; `''` is Enter. */
export function scripted(...answers: readonly unknown[]): Prompts & { readonly asked: string[] } {
  const left = [...answers];
  const asked: string[] = [];
  const next = (message: string): unknown => {
    asked.push(message.split('\n')[0] ?? '');
    if (left.length === 0) throw new Error(`No answer is left for: ${message}`);
    return left.shift();
  };
  return {
    asked,
    input: async ({ message, default: fallback, check }) => {
      const typed = String(next(message)) || (fallback ?? '');
      const wrong = check(typed);
      if (wrong !== undefined) throw new Error(`${typed}: ${wrong}`);
      return typed;
    },
    select: async ({ message, choices }) => {
      const wanted = next(message);
      const choice =
        choices.find(({ value }) => value === wanted) ?? (wanted === '' ? choices[0] : undefined);
      if (!choice) throw new Error(`${String(wanted)} is not offered for: ${message}`);
      return choice.value;
    },
    confirm: async ({ message, default: fallback }) => {
      const answer = next(message);
      return answer === '' ? fallback : answer === true;
    },
  };
}
