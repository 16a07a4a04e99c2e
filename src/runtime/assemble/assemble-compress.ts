// Turns the settings of `compress` into the policy. Rule: what goes in and comes out is counted by encoding, for all places together.
import type { CompressPolicy } from '../../config/schema/policies-compress.ts';
import type { Policy } from '../../contract/policy.ts';
import { compressFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { Copier } from '../../services/cache/copier.ts';
import { compress, compressCopier, type CompressOptions } from '../registry.ts';

export function assembleCompress(settings: CompressPolicy, recorder: MetricsRecorder): Policy {
  return compress(optionsOf(settings, recorder));
}

/** For what a cache keeps. */
export function assembleCopier(settings: CompressPolicy, recorder: MetricsRecorder): Copier {
  return compressCopier(optionsOf(settings, recorder));
}

function optionsOf(settings: CompressPolicy, recorder: MetricsRecorder): CompressOptions {
  const { encodings, types, min_size: minBytes, levels } = settings;
  const { input, output } = compressFamilies(recorder);
  const add = (slot: number, bytes: number): void => {
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + bytes;
  };
  return {
    encodings,
    types,
    minBytes,
    levels,
    count: (encoding, taken, given) => {
      add(input[encoding], taken);
      add(output[encoding], given);
    },
  };
}
