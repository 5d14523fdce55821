import Handlebars from 'handlebars';
import { UserError } from '../errors.ts';
import { type Quoter, Unquotable } from './quoting/format.ts';
import { quotingFormats } from './quoting.generated.ts';
import { checkTemplate } from './template-syntax.ts';

/**
 * Renders a config file. Values are written by the quoting helpers of `src/compose/quoting/`; a bare `{{value}}` may only
 * be a plain word or a number, so that forgetting a helper is an error and never a hole. Pure.
 * @param name path of the template, for messages: `templates/site/server.conf.hbs`
 * @param data plain objects, lists, text, finite numbers and booleans
 * @throws {UserError} naming template and line, for a mistake in the template, a value that is missing, and a value that
 *   would break out of its place
 */
export function renderTemplate(name: string, text: string, data: Readonly<Record<string, unknown>>): string {
  const quoters: ReadonlyMap<string, Quoter> = new Map(
    Object.values(quotingFormats).flatMap((helpers) => Object.entries<Quoter>(helpers)),
  );
  const environment = Handlebars.create();
  for (const builtIn of Object.keys(environment.helpers)) environment.unregisterHelper(builtIn);
  for (const [helper, quoter] of quoters) environment.registerHelper(helper, placed(name, quoter));
  for (const [helper, block] of Object.entries(blocks)) environment.registerHelper(helper, block(name));
  const known = [...quoters.keys(), ...Object.keys(blocks)];
  try {
    const template = environment.compile(checkTemplate(name, text, [...quoters.keys()]), {
      strict: true,
      noEscape: true,
      knownHelpersOnly: true,
      knownHelpers: Object.fromEntries(known.map((helper) => [helper, true])),
    });
    return template(plain(data, 'data') as object, {
      allowProtoPropertiesByDefault: false,
      allowProtoMethodsByDefault: false,
    });
  } catch (error) {
    if (error instanceof UserError || !isHandlebarsError(error)) throw error;
    const [message = ''] = error.message.replace(/ - \d+:\d+$/, '').split('\n');
    throw refusal(name, error.lineNumber, message);
  }
}

/**
 * Reads a template without rendering it.
 * @throws {UserError} naming template and line, for what no template may hold
 */
export function readTemplate(name: string, text: string): void {
  const quoters = Object.values(quotingFormats).flatMap((helpers) => Object.keys(helpers));
  checkTemplate(name, text, quoters);
}

/** Every helper is called with its value, its source text and its line, which `checkTemplate` puts there. */
type PlacedHelper = (value: unknown, source: string, line: number) => string;
type BlockHelper = (
  this: unknown,
  value: unknown,
  source: string,
  line: number,
  options: Handlebars.HelperOptions,
) => string;

function placed(name: string, quoter: Quoter): PlacedHelper {
  return (value, source, line) => {
    try {
      return quoter(value);
    } catch (error) {
      if (!(error instanceof Unquotable)) throw error;
      throw refusal(name, line, `${source} cannot be written: ${error.message}`);
    }
  };
}

/** In place of Handlebars' own, which take whatever is missing for empty. */
const blocks: Readonly<Record<string, (name: string) => BlockHelper>> = {
  each: (name) =>
    function each(list, source, line, { fn }) {
      if (!Array.isArray(list)) throw refusal(name, line, `${source} needs a list`);
      return list.map((item: unknown) => fn(item, { blockParams: [item] })).join('');
    },
  if: (name) =>
    function ifBlock(value, source, line, { fn, inverse }) {
      return truth(name, value, source, line) ? fn(this) : inverse(this);
    },
  unless: (name) =>
    function unless(value, source, line, { fn, inverse }) {
      return truth(name, value, source, line) ? inverse(this) : fn(this);
    },
};

function truth(name: string, value: unknown, source: string, line: number): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  throw refusal(name, line, `${source} needs true or false, text or a list`);
}

function refusal(file: string, line: number | undefined, message: string): UserError {
  return new UserError({ message, at: { file, ...(line === undefined ? {} : { line }) } });
}

function isHandlebarsError(error: unknown): error is Error & { readonly lineNumber?: number } {
  return error instanceof Error && 'lineNumber' in error;
}

/** A copy that holds data and nothing else. */
function plain(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item, index) => plain(item, `${path}[${index}]`));
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError(`${path} is given to a template and is not plain data`);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, plain(item, `${path}.${key}`)]),
    );
  }
  if (value === null || value === undefined || ['string', 'number', 'boolean'].includes(typeof value))
    return value;
  throw new TypeError(`${path} is given to a template and is a ${typeof value}`);
}
