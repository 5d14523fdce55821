import type { CertificateDeclaration, CertificateState } from '../declared.ts';
import { FORMAT } from '../declared.ts';
import { causeOf } from './causes.ts';
import type { CertificateContext } from './context.ts';
import { type Declared, readDeclarations } from './declared.ts';
import { backOff } from './due.ts';
import { OwnFailure } from './failure.ts';
import { issue } from './issue.ts';
import { alone } from './lock.ts';
import { writeNext } from './next.ts';
import { handOver } from './pair.ts';
import { iso, nextOf, planRenewal } from './plan-renewal.ts';
import { readState, writeIssued, writeState } from './state.ts';
import { whyDue } from './why-due.ts';

/** How one certificate stands after a run. */
export interface Renewed {
  readonly name: string;
  readonly did: 'issued' | 'nothing' | 'failed';
  /** For people; what to do next where it failed. */
  readonly text: string;
  /** ISO 8601: when to look again. */
  readonly next: string;
}

/** Seconds to wait for another run. */
const PATIENCE = 600;

/**
 * One run: issues and renews what is due, one after the other. A failure of one does not hinder the others.
 * @param options.now also what is not due yet, and what failed a moment ago
 * @param options.names only these
 * @throws when declarations can't be read, or another run does not end
 */
export function renewDue(
  context: CertificateContext,
  { now = false, names }: { readonly now?: boolean; readonly names?: readonly string[] } = {},
): Promise<readonly Renewed[]> {
  return alone(context.places.lock, PATIENCE, async () => {
    const began = Date.now();
    const declared = await readDeclarations(context.places);
    const wanted = declared.filter(({ name }) => !names || names.length === 0 || names.includes(name));
    const done: Renewed[] = [];
    for (const one of wanted) done.push(await renewOne(context, one, now));
    await writeNext(context.places, began, await Promise.all(declared.map((one) => lookAt(context, one))));
    return done;
  });
}

/** When a certificate is to be looked at again. */
async function lookAt({ places }: CertificateContext, { name, digest }: Declared): Promise<string> {
  const state = await readState(places, name);
  return state?.declared === digest ? state.next : iso(Date.now());
}

async function renewOne(context: CertificateContext, declared: Declared, now: boolean): Promise<Renewed> {
  const { places, say } = context;
  const { name, digest } = declared;
  const state = await readState(places, name);
  try {
    if ('fault' in declared)
      throw new OwnFailure(
        'bad-declaration',
        'What is declared of this certificate was not understood. Apply the host file again.',
        declared.fault,
      );
    const { declaration } = declared;
    const why = now ? 'asked for' : await whyDue(context, declaration, digest, state);
    if (why === undefined && state) return await notDue(context, declaration, digest, state);
    say(`${name}: ${why}`);
    return await renew(context, declaration, digest);
  } catch (error) {
    return await failed(context, declared, state, error);
  }
}

async function renew(
  context: CertificateContext,
  declaration: CertificateDeclaration,
  digest: string,
): Promise<Renewed> {
  const { places, say } = context;
  const { name, names, directory } = declaration;
  const { pair, notBefore, notAfter, serial } = await issue(context, declaration);
  await handOver(places, name, pair);
  await writeIssued(places, name, pair.chain);
  const renewal = await planRenewal(context, declaration, { notBefore, notAfter });
  const at = iso(Date.now());
  await writeState(places, {
    format: FORMAT,
    name,
    declared: digest,
    tried: at,
    next: nextOf(renewal),
    failures: 0,
    renewal,
    issued: { at, notBefore: iso(notBefore), notAfter: iso(notAfter), serial, names, directory },
    verdict: { state: 'issued' },
  });
  const text = `issued by ${declaration.authority}, valid until ${iso(notAfter)}`;
  say(`${name}: ${text}; to be renewed at ${renewal.at}`);
  return { name, did: 'issued', text, next: nextOf(renewal) };
}

/** Asks the CA again when it wants to be, and answers a declaration that changed in nothing that a certificate shows. */
async function notDue(
  context: CertificateContext,
  declaration: CertificateDeclaration,
  digest: string,
  state: CertificateState,
): Promise<Renewed> {
  const { issued, renewal, verdict, name } = state;
  const asks = issued && verdict.state === 'issued' && (renewal?.askAgain ?? '~') <= iso(Date.now());
  const lifetime = {
    notBefore: Date.parse(issued?.notBefore ?? ''),
    notAfter: Date.parse(issued?.notAfter ?? ''),
  };
  const planned = asks ? await planRenewal(context, declaration, lifetime, renewal) : renewal;
  const next = planned && verdict.state === 'issued' ? nextOf(planned) : state.next;
  if (asks || digest !== state.declared)
    await writeState(context.places, {
      ...state,
      declared: digest,
      next,
      ...(planned ? { renewal: planned } : {}),
    });
  if (verdict.state === 'failed')
    return { name, did: 'nothing', text: `${verdict.text} It is tried again at ${next}.`, next };
  return {
    name,
    did: 'nothing',
    text: `valid until ${issued?.notAfter}, to be renewed at ${planned?.at}`,
    next,
  };
}

/** The old certificate stays, and what is known of it. */
async function failed(
  { places, say }: CertificateContext,
  declared: Declared,
  state: CertificateState | undefined,
  error: unknown,
): Promise<Renewed> {
  const { name, digest } = declared;
  const about =
    'declaration' in declared
      ? declared.declaration
      : { authority: 'the authority', names: [name], challenge: { type: 'http-01' as const } };
  const { id, text, detail, retryAfter } = causeOf(error, about);
  const failures = (state?.declared === digest ? state.failures : 0) + 1;
  const next = iso(Date.now() + backOff(failures, Math.random(), retryAfter));
  await writeState(places, {
    format: FORMAT,
    name,
    declared: digest,
    tried: iso(Date.now()),
    next,
    failures,
    ...(state?.issued ? { issued: state.issued } : {}),
    ...(state?.renewal ? { renewal: { at: state.renewal.at } } : {}),
    verdict: { state: 'failed', cause: id, text, detail },
  });
  say(`${name}: ${text} (${id}: ${detail}) Next try at ${next}.`);
  return { name, did: 'failed', text: `${text} (${detail})`, next };
}
