// The logins of providers of AI as they lie in their files, where no Sluice runs. Rule: they are read and nothing else: renewing one is
// for the Sluice that uses it.
import type { Config } from '../../config/config.ts';
import { claudeStore } from '../../services/credentials/claude-store.ts';
import { codexStore } from '../../services/credentials/codex-store.ts';
import { readStore } from '../../services/credentials/store-file.ts';
import { credentialsOf, type ProviderName } from './account-store.ts';

export interface LoginLook {
  readonly provider: ProviderName;
  readonly file: string;
  /** Why it cannot be used; null: it can. */
  readonly fault: string | null;
  /** Since 1970; null: nothing says so. */
  readonly expiresAtMs: number | null;
  readonly canRenew: boolean;
  /** Others than its owner may read it. */
  readonly isOpen: boolean;
}

const FORMATS = { claude: claudeStore, chatgpt: codexStore } as const;
const UNUSABLE = { expiresAtMs: null, canRenew: false, isOpen: false };

export function lookAtLogins(config: Config): Promise<LoginLook[]> {
  if (!config.ai.enabled) return Promise.resolve([]);
  const stores = (['claude', 'chatgpt'] as const).flatMap((provider) =>
    credentialsOf(config, provider).flatMap((credential) =>
      'store' in credential ? [{ provider, file: credential.store }] : [],
    ),
  );
  return Promise.all(stores.map(({ provider, file }) => look(provider, file)));
}

async function look(provider: ProviderName, file: string): Promise<LoginLook> {
  try {
    const { document, isOpen } = await readStore(file);
    const login = FORMATS[provider].read(document);
    if (login === null) return { provider, file, fault: 'nobody is signed in', ...UNUSABLE, isOpen };
    const { expiresAtMs, refreshToken } = login;
    return { provider, file, fault: null, expiresAtMs, canRenew: refreshToken !== '', isOpen };
  } catch (error) {
    return { provider, file, fault: error instanceof Error ? error.message : String(error), ...UNUSABLE };
  }
}
