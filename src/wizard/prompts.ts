export interface Choice<Value> {
  readonly name: string;
  readonly value: Value;
  readonly description?: string;
}

/** The kinds of question the wizard can put to a person. Injected, so that it can be tested without a terminal. */
export interface Prompts {
  /** `check` says what is wrong with what was typed, or nothing. */
  input(question: {
    readonly message: string;
    readonly default?: string;
    check(text: string): string | undefined;
  }): Promise<string>;
  select<Value>(question: {
    readonly message: string;
    readonly choices: readonly Choice<Value>[];
  }): Promise<Value>;
  confirm(question: { readonly message: string; readonly default: boolean }): Promise<boolean>;
}
