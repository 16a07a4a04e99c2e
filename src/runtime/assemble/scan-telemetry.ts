// What one thread counts and notes of scans. Rule: everything is counted; the log is told of a find or a fault at once, and of the
// same again by the number, so that nobody can fill it.
import type { Exchange } from '../../contract/exchange.ts';
import { scanFamilies, type ScanFamilies } from '../../telemetry/families.ts';
import type { LogFields } from '../../telemetry/application-log.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { ThrottledLog } from '../../telemetry/throttled-log.ts';
import type { ScanEars } from '../registry.ts';

export function scanEars(recorder: MetricsRecorder, notes: Pick<ThrottledLog, 'warn'>): ScanEars {
  const doors = new Map<string, ScanFamilies>();
  const familiesOf = (door: string): ScanFamilies => {
    const families = doors.get(door) ?? scanFamilies(recorder, { door });
    doors.set(door, families);
    return families;
  };
  const count = (slot: number): void => {
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + 1;
  };
  return {
    clean({ door }, direction, waitMs) {
      const families = familiesOf(door);
      count(families.verdicts(direction, 'clean'));
      recorder.observe(families.wait(direction), waitMs / 1000);
    },
    infected(exchange, direction, signature) {
      const { door, route, client } = exchange;
      count(familiesOf(door).verdicts(direction, 'infected'));
      notes.warn({
        key: `infected ${door} ${route} ${direction} ${client.address} ${signature}`,
        fields: { ...whereabouts(exchange), direction, signature },
        message: 'infected content was stopped',
      });
    },
    failed(exchange, direction, { reason, detail, passes }) {
      const { door, route } = exchange;
      const families = familiesOf(door);
      count(families.verdicts(direction, 'error'));
      count(families.errors(direction, reason));
      notes.warn({
        key: `scan ${door} ${route} ${direction} ${reason} ${passes}`,
        fields: { ...whereabouts(exchange), direction, reason, detail },
        message: passes ? 'content was let through without a scan' : 'content was refused, for it was not scanned',
      });
    },
    skipped({ door }) {
      count(familiesOf(door).verdicts('connection', 'skipped'));
    },
  };
}

function whereabouts({ id, door, route, client }: Exchange): LogFields {
  return { request_id: id, door, route, 'client.address': client.address };
}
