import { labDown } from '../../../src/lab/down.ts';
import { labCapture } from '../../../src/lab/exec.ts';
import type { NodeName, Release } from '../../../src/lab/places.ts';
import { labUp } from '../../../src/lab/up.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from '../support/hostwright.ts';

export const LAB = 'firewall-test';

const HOST_FILE = `host: attic
connect: { lab: ${LAB} }
roles:
  firewall: {}
  blog: { recipe: site, source: ./public }
`;

/** A lab with a host file that makes the box a web server for the LAN. */
export interface LabBox {
  readonly folder: WorkingFolder;
  /** A script of shell on a node, which must succeed; its output. */
  on(node: NodeName, script: string): Promise<string>;
  /** Applies without checking and gives the summary; fails the test when the run failed. */
  apply(...words: readonly string[]): Promise<Record<string, unknown>>;
  /** Ids that a plan would change. */
  changes(): Promise<readonly string[]>;
  down(): Promise<void>;
}

export async function labBox(release: Release): Promise<LabBox> {
  await labUp({ name: LAB, release, report: () => undefined });
  const folder = workingFolder({ 'host.yaml': HOST_FILE, 'public/index.html': 'from the site\n' });
  return {
    folder,
    on: async (node, script) => {
      const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv: ['sh', '-c', script] });
      if (code !== 0) throw new Error(`${node}: exit ${code} of\n${script}\n${stderr}`);
      return stdout;
    },
    apply: async (...words) => {
      const finished = await hostwright(['apply', '--yes', '--no-check', '--json', ...words], folder.path);
      const summary = summaryOf(finished);
      if (summary.failed !== 0) throw new Error(`${finished.stdout}\n${finished.stderr}`);
      return summary;
    },
    changes: async () => {
      const { stdout, stderr } = await hostwright(['plan', '--json'], folder.path);
      if (stdout === '') throw new Error(stderr);
      return (JSON.parse(stdout) as { changes: { id: string }[] }).changes.map(({ id }) => id);
    },
    down: async () => {
      folder.remove();
      await labDown({ name: LAB, report: () => undefined });
    },
  };
}

/** Open TCP ports of a machine, as nmap sees them. Dropped packets are not repeated: on these cables none gets lost. */
export async function openPorts(
  box: LabBox,
  from: NodeName,
  address: string,
  ports = '1-65535',
): Promise<string[]> {
  const six = address.includes(':') ? '-6 ' : '';
  const text = await box.on(
    from,
    `nmap ${six}-n -Pn -sS -p ${ports} --max-retries 1 --min-rate 8000 -oG - ${address}`,
  );
  return Array.from(text.matchAll(/(\d+)\/open\/tcp/g), ([, port = '']) => port);
}
