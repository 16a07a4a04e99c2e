// Turns what the configuration says of a mirror into a policy. Rule: what happens to copies is counted under the place where the
// mirror stands.
import type { MirrorPolicy } from '../../config/schema/policies-mirror.ts';
import type { Policy } from '../../contract/policy.ts';
import { mirrorFamilies } from '../../telemetry/families.ts';
import { type BackendParts, createBackends } from './assemble-backends.ts';
import { mirror, type MirrorOutcome } from '../registry.ts';

const OUTCOMES: readonly MirrorOutcome[] = ['answered', 'failed', 'too_large', 'too_many', 'cut'];

/** `place` is empty for the policies of all doors. */
export function mirrorOf(settings: MirrorPolicy, place: string, parts: BackendParts): Policy {
  const { to, share, max_body: maxBodyBytes, concurrent: mostAtOnce, timeout: timeoutMs } = settings;
  const name = place === '' ? 'all doors' : place;
  // A copy that fails is no loss.
  const { target } = createBackends({ name: `mirror of ${name}`, to, retry: false }, parts);
  const { recorder } = parts;
  const slotOf = mirrorFamilies(recorder, { mirror: name });
  const slots = new Map(OUTCOMES.map((outcome) => [outcome, slotOf(outcome)]));
  const count = (outcome: MirrorOutcome): void => {
    const slot = slots.get(outcome) ?? 0;
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + 1;
  };
  return mirror({ target, share, maxBodyBytes, mostAtOnce, timeoutMs, count });
}

/** For explanations, which copy nothing. */
export function dryMirrorOf({ to, share }: MirrorPolicy): Policy {
  const urls = to.backends.map(({ url }) => url).join(', ');
  return { name: 'mirror', inDryRun: `copies ${share * 100}% of the requests to ${urls}` };
}
