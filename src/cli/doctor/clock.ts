// Whether the clock of this machine is right, by what servers say the time is. Rule: one server may be wrong; the one in the middle of
// several is hardly ever.
import { failure, type Finding, ok, skipped, warning } from './finding.ts';

/** Servers tell the time in whole seconds, and answers take their time. */
const WRONG_MS = 5_000;
/** Certificates, tokens and signed requests stand about so much. */
const VERY_WRONG_MS = 60_000;

export function checkClock(aheadMs: readonly number[]): Finding {
  if (aheadMs.length === 0) return skipped('clock', '', 'no server has told the time');
  const sorted = aheadMs.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const offMs = Math.abs(middle);
  if (offMs < WRONG_MS)
    return ok('clock', '', `agrees with ${sorted.length === 1 ? 'one server' : `${sorted.length} servers`}`);
  const said = `${Math.round(offMs / 1000)} s ${middle > 0 ? 'ahead of' : 'behind'} what servers say`;
  const hint = 'set the clock: timedatectl set-ntp true';
  return offMs < VERY_WRONG_MS ? warning('clock', '', said, hint) : failure('clock', '', said, hint);
}
