// An admin door that a command can find and talk to, with a Sluice behind it that only pretends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { adminDoor } from '../../src/control/admin-door.ts';
import type { DoorStatus } from '../../src/runtime/doors/door.ts';
import { writeRunningFile } from '../../src/runtime/running-file.ts';
import { AdminDesk, TOKEN } from './admin-desk.ts';
import { FakeCli } from './cli-context.ts';

export interface RunningAdmin {
  readonly desk: AdminDesk;
  readonly address: string;
  readonly folder: string;
  /** The environment of a command that is to find it. */
  readonly env: Readonly<Record<string, string>>;
  /** A command line that finds it. */
  readonly cli: () => FakeCli;
}

/** `configEnv`: variables that the Sluice which pretends has its config from. */
export async function runAdmin(
  t: TestContext,
  configEnv: Readonly<Record<string, string>> = {},
): Promise<RunningAdmin> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-admin-'));
  const desk = await AdminDesk.open(configEnv);
  const door = adminDoor('127.0.0.1:0', desk.parts);
  await door.start();
  t.after(async () => {
    await door.close();
    rmSync(folder, { recursive: true });
  });
  const { address } = door;
  writeRunningFile(folder, {
    schema: 'sluice.running/v1',
    pid: process.pid,
    version: '1.2.3',
    started_at: new Date(0).toISOString(),
    doors: [{ name: 'admin', address }],
    token: TOKEN,
  });
  const env = { SLUICE_PROCESS__DATA_DIR: folder };
  return { desk, address, folder, env, cli: () => new FakeCli({ env, cwd: folder }) };
}

/** The Sluice that pretends says that it has these doors. */
export function withDoors({ desk }: RunningAdmin, doors: readonly DoorStatus[]): void {
  const { sluice } = desk.parts;
  const status = sluice.status.bind(sluice);
  Object.assign(sluice, { status: () => ({ ...status(), doors }) });
}
