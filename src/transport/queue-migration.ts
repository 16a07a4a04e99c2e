// Whether connections that wait at a listening socket go on to another one of the same port when it is closed. Linux does so only where it
// is told to, and otherwise resets them. Rule: what we have changed of the system is as it was when we have ended.
import { readFileSync, writeFileSync } from 'node:fs';

const SETTING = '/proc/sys/net/ipv4/tcp_migrate_req';

export interface QueueMigration {
  /** False: a connection that comes in the very moment in which a door closes is reset. */
  readonly isOn: boolean;
  release(): void;
}

const asItIs = (isOn: boolean): QueueMigration => ({ isOn, release: () => {} });

/** Needs the right to change settings of the network where it is off; without it nothing changes. */
export function migrateQueues(file: string = SETTING): QueueMigration {
  try {
    if (readFileSync(file, 'utf8').trim() !== '0') return asItIs(true);
    writeFileSync(file, '1');
  } catch {
    return asItIs(false);
  }
  return { isOn: true, release: () => writeFileSync(file, '0') };
}
