// The way of agents to their providers through our own AI gateway. Rule: an agent gets a token that is good for its run only; where the
// gateway passes on the logins of its clients, the agent's own login is one of these.
import type { Config } from '../../config/config.ts';
import { parseAddress } from '../../core/address.ts';
import type { AgentKind } from '../../services/agents/agent-kind.ts';
import type { OpenGateway } from '../../services/agents/agent-settings.ts';
import type { RunTokens } from '../../services/identity/run-tokens.ts';
import type { DoorStatus } from '../doors/door.ts';

export interface AgentGatewayParts {
  readonly config: Config;
  /** As they really listen. */
  readonly doors: readonly DoorStatus[];
  readonly tokens: RunTokens;
}

/** null: the agent goes to its provider by itself. */
export function openAgentGateway(kind: AgentKind, user: string, parts: AgentGatewayParts): OpenGateway | null {
  const { ai, gateway } = parts.config;
  if (kind.provider === null || !ai.enabled || !gateway.own_paths) return null;
  const { prefix, credentials } = ai.providers[kind.provider];
  const keepsLogin = credentials === 'passthrough';
  if (kind.usesSubscription && !keepsLogin) return null;
  const base = gatewayUrl(parts);
  const token = base === null ? null : parts.tokens.issue(user);
  if (base === null || token === null) return null;
  const url = `${base}${prefix}${kind.provider === 'chatgpt' ? '/v1' : ''}`;
  return { access: { url, token: token.token, keepsLogin }, close: () => token.revoke() };
}

/** The first address without TLS that serves more than a way elsewhere, as this machine reaches it. */
export function gatewayUrl({ config, doors }: Pick<AgentGatewayParts, 'config' | 'doors'>): string | null {
  const open = doors.filter(({ name }) => name === 'gateway');
  const at = config.gateway.listen.findIndex(({ tls, redirect_https, address }) => {
    return tls === null && redirect_https === null && parseAddress(address, { host: '' }).kind === 'tcp';
  });
  const url = URL.parse(open[at]?.address ?? '');
  if (url?.protocol !== 'http:') return null;
  const host = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]', '': '127.0.0.1' }[url.hostname] ?? url.hostname;
  return `http://${host}:${url.port === '' ? '80' : url.port}`;
}
