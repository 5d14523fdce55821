import type { MappingService } from './description.ts';
import { fetchPage } from './http.ts';
import { readXml } from './xml.ts';

/** What a service answered to an action (UPnP Device Architecture 1.1 section 3.2). */
export type Answer =
  | { readonly is: 'done'; readonly values: ReadonlyMap<string, string> }
  /** `code`: of UPnP, such as 718. */
  | { readonly is: 'error'; readonly code: number; readonly text: string }
  | { readonly is: 'silent' };

const MOST = 64 * 1024;
/** Characters of one value. */
const LONGEST = 256;

/** Values that go into a message: numbers, and texts that need no escaping. */
export type Values = Readonly<Record<string, string | number>>;

/**
 * Has a service do something. Never rejects.
 * @param total milliseconds
 */
export async function act(
  { type, control }: MappingService,
  from: string,
  action: string,
  values: Values,
  total: number,
): Promise<Answer> {
  const page = await fetchPage({
    url: control,
    from,
    headers: { 'Content-Type': 'text/xml; charset="utf-8"', SOAPAction: `"${type}#${action}"` },
    body: message(type, action, values),
    total,
    most: MOST,
  });
  if (!page) return { is: 'silent' };
  const answer = `${action}Response`;
  const told = new Map<string, string>();
  const fault = new Map<string, string>();
  let isAnswer = false;
  const isRead = readXml(page.body, {
    open(name) {
      if (name === answer) isAnswer = true;
    },
    leaf(name, text, parent) {
      if (text.length > LONGEST) return;
      if (parent === answer) told.set(name, text);
      else if (parent === 'UPnPError') fault.set(name, text);
    },
  });
  if (!isRead) return { is: 'silent' };
  const code = fault.get('errorCode');
  if (!isAnswer && code !== undefined && /^[0-9]{3}$/.test(code))
    return { is: 'error', code: Number(code), text: printable(fault.get('errorDescription') ?? '') };
  return page.status === 200 && isAnswer ? { is: 'done', values: told } : { is: 'silent' };
}

/** Nothing in it needs quoting: {@link Values} are ours. */
function message(type: string, action: string, values: Values): string {
  const given = Object.entries(values).map(([name, value]) => {
    if (!/^[A-Za-z0-9._-]*$/.test(`${value}`)) throw new Error(`${name} would have to be escaped`);
    return `<${name}>${value}</${name}>`;
  });
  return `<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:${action} xmlns:u="${type}">${given.join('')}</u:${action}></s:Body></s:Envelope>`;
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
