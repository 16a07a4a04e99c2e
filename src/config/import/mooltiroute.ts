// The config.yaml of Mooltiroute: a local proxy that goes through a corporate proxy and a group of exits. Rule: what was
// built in there and is a choice here (the breaker) is written out.

import { SluiceError } from '../../core/errors.ts';
import type { JsonValue } from '../source-tree.ts';
import type { ForeignSection } from './foreign-section.ts';
import {
  defined,
  filled,
  isLoopbackHost,
  listenText,
  logSection,
  metricsSection,
  nameText,
  proxyUrlText,
} from './foreign-values.ts';

type Map = Record<string, JsonValue>;

const STRATEGIES = ['round_robin', 'random', 'weighted', 'least_used'];

export function fromMooltiroute(root: ForeignSection): Map {
  const server = root.section('server');
  const corporate = corporateHop(root.section('corporate_proxy'));
  const exits = exitsHop(root);
  const hops = defined<JsonValue>({ corporate, exits });
  const timeout = server.duration('timeout_seconds');
  if (timeout !== undefined)
    server.change('timeout_seconds', 'bounds connecting and silence apart: timeouts.connect, timeouts.read');
  root.notes.add(
    'hint',
    '',
    'an unset variable was an empty text before, which switched authentication off; now it is an error',
  );
  root.notes.add('hint', '', 'the admin API asks for a token, which is made at the first start');
  root.notes.add('hint', '', 'metrics begin with sluice_ instead of proxy_chain_');
  return defined<JsonValue>({
    log: filled(logSection(root.section('logging'))),
    metrics: filled(metricsSection(root.section('metrics'))),
    limits: filled(defined<JsonValue>({ connections: server.number('max_connections') })),
    timeouts: timeout === undefined ? undefined : { connect: timeout, read: timeout },
    egress: egressSection(root, server, Object.keys(hops)),
    hops: filled(hops),
    gateway: { listen: null },
  });
}

function egressSection(root: ForeignSection, server: ForeignSection, chain: string[]): Map {
  const host = server.text('bind_address', 'host') ?? '127.0.0.1';
  const isLocal = isLoopbackHost(host);
  if (!isLocal) {
    const key = server.has('bind_address') ? 'bind_address' : 'host';
    server.change(key, 'anybody who gets there can use this proxy, as before; "egress.auth: users" asks who they are');
  }
  return defined<JsonValue>({
    listen: listenText(host, server.number('port') ?? 8888),
    allow_open: isLocal ? undefined : true,
    chain,
    retry: retrySection(root.section('retry')),
  });
}

function retrySection(retry: ForeignSection): Map | undefined {
  const retries = retry.number('max_retries');
  const statuses = retry.texts('retry_on_status').map(Number);
  if (retry.flag('enabled') === false) return { attempts: 1 };
  if (typeof retries === 'string') retry.change('max_retries', 'a variable counts the first attempt too now');
  if (typeof retries === 'number' && retries > MOST_RETRIES)
    retry.change('max_retries', 'at most ten attempts are made');
  const attempts = typeof retries === 'number' ? Math.min(retries, MOST_RETRIES) + 1 : retries;
  const good = statuses.filter((status) => Number.isInteger(status) && status >= 200 && status <= 599);
  return filled(defined<JsonValue>({ attempts, on_status: good.length === 0 ? undefined : good }));
}

const MOST_RETRIES = 9;

function corporateHop(proxy: ForeignSection): Map | undefined {
  if (proxy.isEmpty) return undefined;
  const url = proxyUrl(proxy, 'http');
  if (url === undefined) throw unusable('corporate_proxy');
  const isOpen = !proxy.has('username');
  return defined<JsonValue>({ proxy: url, auth: isOpen ? undefined : 'basic', optional: true });
}

/** Left out, its traffic would go past it, and nobody would notice. */
function unusable(section: string): SluiceError {
  const message = `${section} names no proxy that can be used: each needs a host. Put it right, or take the section out`;
  return new SluiceError('config_invalid', { message });
}

function exitsHop(root: ForeignSection): Map | undefined {
  const rotation = root.section('rotation');
  const webshare = root.section('webshare');
  const written = rotation.sections('proxies');
  const members = written.flatMap((proxy, index) => memberOf(proxy, index) ?? []);
  if (written.length > 0 && members.length === 0) throw unusable('rotation.proxies');
  const common = {
    breaker: { failures: 5, successes: 3, open_for: '30s' },
    health: healthSection(root.section('health_check')),
  };
  const single = webshare.isEmpty ? undefined : proxyUrl(webshare, 'http');
  if (!webshare.isEmpty && single === undefined && members.length === 0) throw unusable('webshare');
  if (members.length === 0) {
    rotation.loseIfThere('strategy', 'there is nothing to choose from');
    return single === undefined ? undefined : defined<JsonValue>({ proxy: single, ...common });
  }
  if (single !== undefined) root.lose('webshare', 'the proxies of "rotation" take its place');
  return defined<JsonValue>({ strategy: strategyOf(rotation), proxies: members, ...common });
}

function strategyOf(rotation: ForeignSection): string {
  const written = rotation.text('strategy')?.toLowerCase() ?? 'round_robin';
  if (STRATEGIES.includes(written)) return written;
  rotation.lose('strategy', 'there is no such strategy; it is round_robin now');
  return 'round_robin';
}

function memberOf(proxy: ForeignSection, index: number): Map | undefined {
  const id = nameText(proxy, 'id', `exit-${index + 1}`);
  const protocol = proxy.text('protocol')?.toLowerCase() ?? 'http';
  const isKnown = ['http', 'https', 'socks5', 'socks5h', 'socks4', 'socks4a'].includes(protocol);
  if (!isKnown) proxy.lose('protocol', 'Sluice speaks http, https, socks5 and socks4 with proxies; it is http now');
  const url = proxyUrl(proxy, isKnown ? protocol : 'http');
  const weight = proxy.number('weight');
  const enabled = proxy.flag('enabled');
  return url === undefined
    ? undefined
    : defined<JsonValue>({ id, url, weight, enabled: enabled === false ? false : undefined });
}

function proxyUrl(proxy: ForeignSection, protocol: string): string | undefined {
  const host = proxy.text('host');
  const port = proxy.number('port');
  const username = proxy.text('username');
  const password = proxy.text('password');
  if (host !== undefined) return proxyUrlText({ protocol, host, port, username, password });
  proxy.lose('host', 'a proxy without a host is none');
  return undefined;
}

function healthSection(check: ForeignSection): Map | undefined {
  const health = defined<JsonValue>({
    url: check.text('test_url'),
    interval: check.duration('interval_seconds'),
    timeout: check.duration('timeout_seconds'),
    unhealthy_after: check.number('failure_threshold'),
    healthy_after: check.number('success_threshold'),
  });
  return check.isEmpty || check.flag('enabled') === false ? undefined : health;
}
