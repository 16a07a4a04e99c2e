// Turns the settings of `compress` into the policy. Rule: what goes in and comes out is counted by encoding, for all places together.
import type { CompressPolicy } from '../../config/schema/policies-compress.ts';
import type { Policy } from '../../contract/policy.ts';
import { compressFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { compress } from '../registry.ts';

export function assembleCompress(settings: CompressPolicy, recorder: MetricsRecorder): Policy {
  const { encodings, types, min_size: minBytes, levels } = settings;
  const { input, output } = compressFamilies(recorder);
  const add = (slot: number, bytes: number): void => {
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + bytes;
  };
  return compress({
    encodings,
    types,
    minBytes,
    levels,
    count: (encoding, taken, given) => {
      add(input[encoding], taken);
      add(output[encoding], given);
    },
  });
}
