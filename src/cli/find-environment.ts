// Asks the running Sluice for its doors and makes an environment of them. Rule: the token of a user comes from the config
// of this machine; the running Sluice tells nobody.

import { asksForUsers } from '../config/checks/doors.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigAnswer, StatusAnswer } from '../control/admin-answers.ts';
import { SluiceError } from '../core/errors.ts';
import { findConfigFiles } from './config-files.ts';
import type { CliContext } from './context.ts';
import { findDaemon } from './find-daemon.ts';
import { proxyEnvironment, type ProxyUser } from './proxy-environment.ts';

export interface EnvironmentOptions {
  readonly config?: readonly string[];
  readonly user?: string;
}

export async function findEnvironment(
  context: CliContext,
  options: EnvironmentOptions,
): Promise<Record<string, string>> {
  const client = await findDaemon(context, options.config);
  const { doors } = await client.get<StatusAnswer>('/api/v1/status');
  const { config } = await client.get<ConfigAnswer>('/api/v1/config');
  const shown = config as unknown as Pick<Config, 'ai' | 'egress' | 'policies'>;
  const { ai } = shown;
  const { claude, chatgpt } = ai.providers;
  const user = options.user === undefined ? undefined : await findUser(context, options.user, options.config);
  if (user === undefined && asksForUsers(shown)) {
    context.stderr.write('sluice: this proxy asks who you are: give a user of its config with --user\n');
  }
  return proxyEnvironment(
    { doors, ai: ai.enabled ? { claude: claude.prefix, chatgpt: chatgpt.prefix } : null },
    { user, noProxy: context.env['NO_PROXY'] ?? context.env['no_proxy'] },
  );
}

async function findUser(context: CliContext, name: string, files?: readonly string[]): Promise<ProxyUser> {
  const { env, cwd } = context;
  const { config } = await loadConfig({ files: findConfigFiles(context, files), env, cwd, ignoreAvailability: true });
  const user = config.users.find((each) => each.name === name);
  if (user === undefined) throw new SluiceError('usage', { message: `The config here has no user "${name}".` });
  if (user.token !== null) return { name, token: user.token };
  const message = `The config here has only the hash of the token of "${name}".`;
  throw new SluiceError('usage', { message });
}
