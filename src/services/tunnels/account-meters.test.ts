import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import type { TunnelLimits } from './account-meter.ts';
import { AccountMeters } from './account-meters.ts';

const COMMON: TunnelLimits = { tunnels: 9, clients: 9, streams: null, requestsPerMinute: null, bytesPerDay: null };

test('what an account may have of its own is in force at once and kept, and the rest is as everybody has it', (t) => {
  const path = join(temporaryFolder(t), 'tunnels.db');
  const first = new TunnelAccountFile(path);
  const meters = new AccountMeters(first.use, COMMON, () => 0);
  const meter = meters.meterOf('a');
  meters.setLimits('a', { tunnels: 1 });
  assert.deepEqual([meter.limits, meters.limitsOf('b')], [{ ...COMMON, tunnels: 1 }, COMMON]);
  meters.follow({ ...COMMON, clients: 3 });
  assert.deepEqual(meter.limits, { ...COMMON, tunnels: 1, clients: 3 });
  first.close();
  const file = new TunnelAccountFile(path);
  t.after(() => file.close());
  const later = new AccountMeters(file.use, COMMON, () => 0);
  assert.equal(later.limitsOf('a').tunnels, 1);
  later.setLimits('a', null);
  assert.deepEqual([later.limitsOf('a'), later.ownLimitsOf('a')], [COMMON, null]);
});

test('what was used today is known again after a restart, until the day is over', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  let now = 5;
  const meters = new AccountMeters(file.use, COMMON, () => now);
  const meter = meters.meterOf('a');
  meter.sessions = 1;
  meter.opened();
  meter.add(10);
  meters.keep();
  assert.equal(meters.meterOf('a'), meter);
  meter.left();
  meter.sessions = 0;
  meters.keep();
  assert.notEqual(meters.meterOf('a'), meter);
  const later = new AccountMeters(file.use, COMMON, () => now);
  assert.deepEqual([later.usedToday('a').bytes, later.meterOf('a').requests], [10, 1]);
  now = 86_400_000;
  assert.equal(later.usedToday('a').bytes, 0);
});
