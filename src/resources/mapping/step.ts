import { Readable } from 'node:stream';
import { asAgent } from '../../agent/as-agent.ts';
import { AGENT, DECLARATIONS } from '../../agent/places.ts';
import { type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import type { MappingSpec } from '../mapping.ts';
import { declarationOf } from './declaration.ts';
import type { MappingState } from './observe.ts';

/** Seconds that a run waits for the router; after that the agent goes on by itself. */
const PATIENCE = 25;
/** Seconds for taking mappings back. */
const GONE = 12;

/** Writes the declaration, and waits until the agent knows how each port stands; taken back, until the router has forgotten it. */
export function mappingStep(spec: MappingSpec, { sha256 }: MappingState): Step {
  const path = `${DECLARATIONS.ports}/${spec.role}.json`;
  const { text, sha256: wanted } = declarationOf(spec);
  const bytes = Buffer.from(text);
  const blob = {
    name: `mapping-${spec.role}`,
    sha256: wanted,
    size: bytes.length,
    open: () => Readable.from([bytes]),
  };
  const file = sh`"$HW_BLOBS"/${blob.name}`;
  return {
    converged: sh`hw_is_file ${path} ${wanted} 644 root root`,
    unmoved:
      sha256 === '' ? sh`[ ! -e ${path} ] && [ ! -L ${path} ]` : sh`[ -f ${path} ] && [ ! -L ${path} ]`,
    record: sh`hw_keep ${path}`,
    // The agent's new code and unit count only once it has been told of them, which would be at the run's end.
    change: sh`(set +e; hw_deliver "$HW_STATE"/pending/*:*)
hw_put ${file} ${path} 0644 root root || exit 1
hw_lines=$(${agent(['wait', 'ports', `${PATIENCE}`, spec.role], PATIENCE + 10)})
printf '%s\n' "\${hw_lines:-The agent gave no answer about the router.}" | while IFS= read -r hw_line; do hw_say "$hw_line"; done`,
    undo: sh`hw_restore ${path} || exit 1
[ ! -e ${AGENT.main} ] || ${agent(['ports-gone'], GONE)} || :`,
    blobs: [blob],
    remember: 'declared',
  };
}

/** The agent's last words, for `seconds` at most. */
function agent(words: readonly string[], seconds: number): Shell {
  return sh`timeout ${seconds} ${asAgent(words)} 2>&1 </dev/null | tail -n 5`;
}
