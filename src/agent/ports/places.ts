import { AGENT, DECLARATIONS, STATE } from '../places.ts';
import type { PortsPlaces } from './keep.ts';

/** On the host. */
export const PORTS_PLACES: PortsPlaces = {
  declarations: DECLARATIONS.ports,
  state: STATE.ports,
  ledger: `${AGENT.home}/state/ports-ledger.json`,
  secret: `${AGENT.home}/state/router-secret`,
};
