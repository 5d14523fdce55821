import { BY_HAND } from '../../agent/places.ts';
import { portSentence, type ToldPort, type ToldPorts, unmapped } from '../../agent/told/ports.ts';
import { askAgent } from '../../agent/told/read.ts';
import type { HostSession } from '../../apply/session.ts';
import { routerTable } from '../../check/router-table.ts';
import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';

/** Options that every word of `hostwright ports` takes. */
export interface PortsWords {
  readonly file?: string;
}

/** `hostwright ports list`. */
export async function listPorts(context: Context, { file }: PortsWords): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    const session = await run.open({ attach: false });
    const agent = await askAgent(session);
    const told = agent.ports;
    const wishes = [...agent.wishes.values()].flat();
    if (context.globals.json)
      return context.json({
        v: 1,
        host: run.host.name,
        wanted: Object.fromEntries(agent.wishes),
        ...(told === undefined ? {} : { router: told }),
      });
    if (wishes.length === 0) {
      await run.say(
        'The router is asked for no port of this host. A role asks for its own with expose: internet; for any other: hostwright ports open 25565/tcp',
      );
      return;
    }
    if (told === undefined) {
      await run.say(
        'The agent has told nothing of the router yet. See what it does: systemctl status hostwright-agent',
      );
      return;
    }
    for (const one of told.ports) await run.say(`  ${lineOf(one, told)}`);
    const missing = unmapped(wishes, told);
    if (missing.length > 0) await run.say(`\n${routerTable(missing, addressOf(session, told), told.router)}`);
  });
}

function lineOf(one: ToldPort, told: ToldPorts): string {
  const role = one.role === BY_HAND ? 'opened by hand' : one.role;
  return `${role}: ${portSentence(one, told)}`;
}

function addressOf({ facts }: HostSession, { address }: ToldPorts): string {
  return address ?? facts.network.main?.addresses.find(({ family }) => family === 4)?.address ?? '';
}
