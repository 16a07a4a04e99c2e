// The Redis server that nodes share: who could listen. Rule: it is said before somebody relies on it.
import { formatHostPort, isLocalAddress, parseAddress } from '../../core/address.ts';
import { parseStateUrl, type StateServerAddress } from '../../core/state-url.ts';
import type { ProcessConfig } from '../schema/process.ts';
import type { Check, Finding } from './finding.ts';
import { MIN_TOKEN_LENGTH } from './names.ts';

export const checkState: Check = ({ config: { process } }) => {
  if (process.state === 'embedded') return [];
  const place = { severity: 'warning', path: ['process', 'state'], atKey: true } as const;
  const url = parseStateUrl(process.state);
  const isSafe = url === undefined || url.isTls || url.servers.every(isHere);
  if (isSafe) return [];
  const message = 'its password, and the names of users, go to another machine in the clear';
  return [{ ...place, code: 'config_unsafe', message, hint: 'use rediss' }];
};

function isHere({ host, port }: StateServerAddress): boolean {
  return isLocalAddress(formatHostPort(host, port));
}

const IN_NODE = ['process', 'node'] as const;

/** Of the door for other nodes. */
export const checkNode: Check = ({ config: { process } }) => {
  const { node, state } = process;
  if (node === null) return [];
  if (state !== 'embedded') return doorFindings(node);
  const message = 'other nodes are found by process.state of Redis; with the embedded one nobody comes';
  return [{ severity: 'warning', code: 'config_conflict', message, path: IN_NODE, atKey: true }];
};

function doorFindings({ listen, address, secret, tls }: NonNullable<ProcessConfig['node']>): Finding[] {
  const findings: Finding[] = [];
  if (secret.length < MIN_TOKEN_LENGTH) {
    const message = `the secret of the nodes is shorter than ${MIN_TOKEN_LENGTH} characters and can be guessed`;
    findings.push({ severity: 'warning', code: 'config_unsafe', message, path: [...IN_NODE, 'secret'], atKey: true });
  }
  if (!isLocalAddress(listen) && tls === null) {
    const message =
      'what visitors of tunnels and their clients say, and what agents are asked, goes between nodes in the clear';
    const hint = 'set process.node.tls; any certificate will do';
    findings.push({ severity: 'warning', code: 'config_unsafe', message, path: [...IN_NODE, 'listen'], hint });
  }
  const at = parseAddress(listen, { host: '' });
  const isNowhere = at.kind !== 'tcp' || at.host === '' || at.host === '0.0.0.0' || at.host === '::';
  if (isNowhere && address === null) {
    const message = `other nodes cannot find ${listen}`;
    const hint = 'set process.node.address to the host and port by which they reach this one';
    findings.push({ code: 'config_missing', message, path: [...IN_NODE, 'listen'], hint });
  }
  return findings;
}
