import { labCapture } from '../../../src/lab/exec.ts';
import { netnsPath } from '../../../src/lab/places.ts';
import { run } from '../../../src/lab/run.ts';
import { type Manifest, manifestScript, parseManifest } from '../../../src/rehearse/manifest.ts';

/** Reads the manifest of a lab's box; takes a second or two. */
export async function manifestOf(lab: string): Promise<Manifest> {
  const [box, rules] = await Promise.all([
    labCapture({ name: lab, node: 'box', argv: ['sh', '-s'] }, { input: manifestScript.text }),
    // From outside: the box may have no nft any more, and rules none the less.
    run(['nsenter', `--net=${netnsPath(lab, 'box')}`, 'nft', '--stateless', 'list', 'ruleset']),
  ]);
  if (box.code !== 0) throw new Error(`The manifest could not be read: ${box.stderr}`);
  const seen = Buffer.from(rules.stdout).toString('base64');
  return parseManifest(`${box.stdout}\nfirewall ${seen}\n`);
}
