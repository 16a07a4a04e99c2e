// Sends requests to a provider of AI with an API key of ours. Rule: no credential of the client's goes along with it.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';

export interface AiKeyOptions {
  readonly key: string;
  /** Where the provider looks for keys. */
  readonly dialect: 'anthropic' | 'openai';
}

export function aiKey({ key, dialect }: AiKeyOptions): Policy {
  const [name, value] = dialect === 'anthropic' ? ['x-api-key', key] : ['Authorization', `Bearer ${key}`];
  return {
    name: 'ai-key',
    upstream({ request: { fields } }: Exchange): void {
      fields.remove('authorization');
      fields.remove('x-api-key');
      fields.append(name, value);
    },
    foresee: () => 'sends the API key of the configuration',
  };
}
