// Agents that are switched on: whether anybody reaches them, who could guess a way in, and their way to the providers. Rule: whoever runs
// agents runs programs here, so that a token that can be guessed is an error.
import { parseAddress } from '../../core/address.ts';
import type { Config } from '../config.ts';
import type { Check, Finding } from './finding.ts';
import { MIN_TOKEN_LENGTH } from './names.ts';

export const checkAgentUse: Check = ({ config }) => {
  if (!config.agents.enabled) return [];
  const { gateway } = config;
  const isReached = gateway.listen.length > 0 && gateway.own_paths;
  return [...guessable(config), ...(isReached ? ownWay(config) : [unreached(config)])];
};

function unreached({ gateway }: Config): Finding {
  const why = gateway.own_paths ? 'the gateway has no door' : 'gateway.own_paths is false';
  return {
    severity: 'warning',
    code: 'config_conflict',
    message: `nobody can reach the agents: ${why}`,
    path: ['agents', 'enabled'],
  };
}

function guessable({ users }: Config): Finding[] {
  return users.flatMap(({ name, token, may }, index): Finding[] => {
    if (token === null || token.length >= MIN_TOKEN_LENGTH || !may.includes('agents')) return [];
    const message = `the token of "${name}", who may run agents, has fewer than ${MIN_TOKEN_LENGTH} characters and can be guessed`;
    return [{ code: 'config_unsafe', message, path: ['users', index, 'token'], atKey: true }];
  });
}

/** They are pointed at an address where they need no certificate. */
function ownWay({ ai, gateway }: Config): Finding[] {
  const isPlain = gateway.listen.some(({ tls, redirect_https: to, address }) => {
    return tls === null && to === null && parseAddress(address, { host: '' }).kind === 'tcp';
  });
  if (!ai.enabled || isPlain) return [];
  return [
    {
      severity: 'warning',
      code: 'config_conflict',
      message: 'agents go to their providers by themselves: gateway.listen has no address without TLS for them',
      path: ['agents', 'enabled'],
      hint: 'add one on loopback, such as 127.0.0.1:8081',
    },
  ];
}
