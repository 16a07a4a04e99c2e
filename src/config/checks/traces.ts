// The section `traces`. Rule: spans that are sent to a door of ours which is no way to a collector would be lost; by the gateway they may
// well go, where a route leads to one.
import { doorBehind } from './doors.ts';
import type { Check } from './finding.ts';

export const checkTraces: Check = ({ config: { traces, egress, admin, metrics } }) => {
  if (traces.endpoint === null) return [];
  const others = [...egress.listen, ...[admin.listen, metrics.listen].filter((listen) => listen !== null)];
  const door = doorBehind(traces.endpoint, others);
  if (door === undefined) return [];
  const message = `this is Sluice itself, which listens on ${door}: there is no collector`;
  return [{ code: 'config_conflict', message, path: ['traces', 'endpoint'] }];
};
