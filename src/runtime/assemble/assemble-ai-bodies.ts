// Where it is written what providers of AI are asked and answer. Rule: nowhere, unless the configuration asks for it; then into a file in the
// data folder, opened anew with every configuration that comes into force.
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Policy } from '../../contract/policy.ts';
import { BodyLog, type WriteBodies } from '../../telemetry/body-log.ts';
import { credentialsOf, type ProviderName } from '../accounts/account-store.ts';
import { aiBodies } from '../registry.ts';

const FILE = 'ai-bodies.log';

/** null: nowhere. Throws when the file cannot be opened. */
export function openBodyLog({ ai, log, process: { data_dir: folder } }: Config): BodyLog | null {
  return ai.enabled && log.ai_bodies ? BodyLog.open(join(folder, FILE)) : null;
}

export function bodiesOf(config: Config, provider: ProviderName, write: WriteBodies | null): Policy[] {
  if (write === null || !config.log.ai_bodies) return [];
  return [aiBodies({ provider, write, secrets: secretsOf(config) })];
}

function secretsOf(config: Config): string[] {
  const keys = (['claude', 'chatgpt'] as const)
    .flatMap((provider) => credentialsOf(config, provider))
    .map((credential) => ('api_key' in credential ? credential.api_key : null));
  const all = [...config.users.map(({ token }) => token), ...keys, config.admin.token];
  return all.filter((secret) => secret !== null && secret !== '') as string[];
}
