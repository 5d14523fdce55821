// client.mjs ADDRESS NAME ROOTS: asks 50 times a second over TLS, each time with a new connection, until its input ends;
// then prints how often, the failures, and how many certificates it saw.
import { readFileSync } from 'node:fs';
import { get } from 'node:https';

const [address, name, roots] = process.argv.slice(2);
const ca = readFileSync(roots, 'utf8');
const failures = [];
const seen = new Set();
let count = 0;
let open = 0;

function ask() {
  count += 1;
  open += 1;
  const asked = get(
    { host: address, servername: name, headers: { host: name }, ca, agent: false, timeout: 10_000 },
    (answer) => {
      seen.add(answer.socket.getPeerCertificate().serialNumber);
      answer.resume();
      answer.on('end', () => {
        open -= 1;
        if (answer.statusCode !== 200) failures.push(`status ${answer.statusCode}`);
      });
    },
  );
  asked.on('timeout', () => asked.destroy(new Error('timeout')));
  asked.on('error', (error) => {
    open -= 1;
    failures.push(error.message);
  });
}

// By the clock: a busy computer is late with its timers, and makes up for it.
const began = Date.now();
const timer = setInterval(() => {
  while (count < (Date.now() - began) / 20) ask();
}, 20);

process.stdin.resume();
process.stdin.on('end', () => {
  clearInterval(timer);
  const wait = setInterval(() => {
    if (open > 0) return;
    clearInterval(wait);
    process.stdout.write(JSON.stringify({ count, failures, certificates: seen.size }));
  }, 50);
});
