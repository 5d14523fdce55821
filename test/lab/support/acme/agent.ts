/** The part of the agent that is about certificates, as a program of its own: `renew [--now]`, `often TIMES`, `revoke`, `account-key`, `wait`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rollAccountKey } from '../../../../src/agent/certificates/account-key.ts';
import { isWaiting } from '../../../../src/agent/certificates/pair.ts';
import { certificatePlaces } from '../../../../src/agent/certificates/places.ts';
import { renewDue } from '../../../../src/agent/certificates/renew.ts';
import { revoke } from '../../../../src/agent/certificates/revoke.ts';
import { waitForCertificate } from '../../../../src/agent/certificates/wait.ts';

const NAME = 'blog';
const context = {
  places: certificatePlaces(),
  say: (line: string) => process.stdout.write(`${line}\n`),
};

switch (process.argv[2]) {
  case 'renew': {
    const done = await renewDue(context, { now: process.argv.includes('--now') });
    process.exitCode = done.some(({ did }) => did === 'failed') ? 1 : 0;
    break;
  }
  case 'often':
    for (let left = Number(process.argv[3]); left > 0; left -= 1) {
      const [done] = await renewDue(context, { now: true });
      if (done?.did !== 'issued') process.exitCode = 1;
      while (await isWaiting(context.places, NAME)) await sleep(20);
    }
    break;
  case 'revoke':
    await revoke(context, NAME, 'superseded');
    break;
  case 'account-key':
    await rollAccountKey(context);
    break;
  default:
    process.stdout.write(`${(await waitForCertificate(context.places, NAME, 5)).line}\n`);
}
