// refusing.mjs KEY CERTIFICATE ADDRESS DIRECTORY: an authority that is DIRECTORY (JSON) but for new orders, which it refuses
// in the way that the path says: /ratelimited/dir, /caa/dir. Prints a line when it listens; ends with its input.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [key, certificate, address, directory] = process.argv.slice(2);
const PORT = 24_300;
const PROBLEMS = {
  ratelimited: [
    429,
    'rateLimited',
    'too many certificates (50) already issued for this exact set of domains',
    '7200',
  ],
  caa: [403, 'caa', 'CAA record for home.test prevents issuance'],
};

const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (asked, answer) => {
  const [, way, what] = asked.url.split('/');
  const problem = PROBLEMS[way];
  if (what === 'dir' && problem) {
    answer.setHeader('content-type', 'application/json');
    const newOrder = `https://${address}:${PORT}/${way}/new-order`;
    return answer.end(JSON.stringify({ ...JSON.parse(directory), newOrder }));
  }
  const [status, type, detail, after] = problem ?? [404, 'malformed', 'nothing here'];
  answer.statusCode = status;
  answer.setHeader('content-type', 'application/problem+json');
  if (after) answer.setHeader('retry-after', after);
  answer.end(JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, status, detail }));
});
server.listen(PORT, address, () => process.stdout.write('listening\n'));
process.stdin.resume();
process.stdin.on('end', () => process.exit());
