// proxy.yaml and filters.yaml of the custom proxy: a reverse proxy with a domain filter, a rate limit, a cache and commands.
// Rule: what was always on there and is a choice here (security headers) is written out.

import { isAbsolute } from 'node:path';
import type { JsonValue } from '../source-tree.ts';
import type { ForeignSection } from './foreign-section.ts';
import { defined, filled, isLoopbackHost, listenText, logSection, metricsSection } from './foreign-values.ts';

type Map = Record<string, JsonValue>;

export function fromCustomProxy(root: ForeignSection): Map {
  const server = root.section('server');
  const routing = root.section('routing');
  const cache = cacheSections(root.section('cache'));
  return defined<JsonValue>({
    log: filled(logSection(root.section('logging'))),
    metrics: filled(metricsSection(root.section('metrics'))),
    timeouts: filled(timeoutsSection(server.section('timeouts'))),
    egress: { listen: null },
    gateway: defined<JsonValue>({
      listen: listenOf(server),
      tls: tlsSection(server.section('tls')),
      default_backend: backendUrl(routing, 'default_backend'),
      routes: filled(routing.sections('rules').flatMap((rule) => routeOf(rule) ?? [])),
      policies: policiesOf(root, cache.policy),
    }),
    cache: cache.store,
    exec: execSection(root.section('cli'), isLoopbackHost(hostOf(server))),
  });
}

/** What a filters.yaml alone makes: only the filter. */
export function fromFilters(root: ForeignSection): Map {
  const filter = filterPolicy(root.has('filtering') ? root.section('filtering') : root);
  return filter === undefined ? {} : { gateway: { policies: { filter } } };
}

/** Without one the custom proxy listened everywhere. */
function hostOf(server: ForeignSection): string {
  return server.text('host') ?? '0.0.0.0';
}

function listenOf(server: ForeignSection): string {
  const host = hostOf(server);
  if (!isLoopbackHost(host))
    server.notes.add('hint', server.pathOf('host'), 'the gateway is open to the network, as before');
  return listenText(host, server.number('port') ?? 8080);
}

function tlsSection(tls: ForeignSection): Map | undefined {
  const [cert, key] = [tls.text('cert', 'cert_file', 'cert_path'), tls.text('key', 'key_file', 'key_path')];
  if (tls.isEmpty || tls.flag('enabled') === false) return undefined;
  if (cert === undefined || key === undefined) {
    tls.lose(cert === undefined ? 'cert' : 'key', 'TLS needs a certificate and its key');
    return undefined;
  }
  for (const [name, file] of Object.entries({ cert, key })) {
    if (!/^[/~]/.test(file)) tls.change(name, 'a path that is not absolute starts from the folder of the new file');
  }
  return { cert, key };
}

function timeoutsSection(timeouts: ForeignSection): Record<string, string> {
  return defined({
    connect: timeouts.duration('connect'),
    read: timeouts.duration('read'),
    write: timeouts.duration('write'),
    idle: timeouts.duration('idle'),
  });
}

function routeOf(rule: ForeignSection): Map | undefined {
  const match = rule.section('match');
  const forward = rule.section('forward');
  const to = backendUrl(forward, 'target');
  const host = match.text('host');
  if (to === undefined) {
    rule.lose('forward', 'a rule without a target goes nowhere');
    return undefined;
  }
  const path = match.text('path', 'path_prefix');
  const found = defined<JsonValue>({
    host,
    path: path === undefined || path.includes('*') || !match.has('path_prefix') ? path : `${path.replace(/\/$/, '')}/*`,
    method: filled(match.texts('method', 'methods')),
    header: filled(match.textsByName('header', 'headers')),
  });
  return defined<JsonValue>({ match: filled(found), to });
}

/** Targets may have been written as host:port. */
function backendUrl(section: ForeignSection, key: string): string | undefined {
  const written = section.text(key);
  if (written === undefined || /^(?:https?:\/\/|\$\{)/i.test(written)) return written;
  if (!/^[^\s/]+$/.test(written)) {
    section.lose(key, 'expected an http or https URL');
    return undefined;
  }
  return `http://${written}`;
}

function policiesOf(root: ForeignSection, cache: Map | undefined): Map {
  const security = root.section('security');
  const limits = security.section('rate_limiting');
  const rate = limits.number('requests_per_second') ?? 100;
  // Ours is at least one.
  const burst = limits.number('burst') ?? 200;
  const hasLimit = !limits.isEmpty && limits.flag('enabled') !== false;
  return defined<JsonValue>({
    filter: filterPolicy(security.section('filtering')),
    rate_limit: hasLimit ? { per: 'client_ip', rate: `${rate}/s`, burst: burst === 0 ? 1 : burst } : undefined,
    cache,
    headers: headersPolicy(security),
  });
}

function headersPolicy(security: ForeignSection): Map {
  const policy = security.text('csp', 'content_security_policy');
  if (policy === undefined) return { security: true };
  return { security: true, response: { set: { 'Content-Security-Policy': policy } } };
}

function filterPolicy(filtering: ForeignSection): Map | undefined {
  const { blocked, allowed } = listsOf(filtering);
  const mode = filtering.text('mode')?.toLowerCase() === 'allowlist' ? 'allowlist' : 'blocklist';
  const [used, unused, key] = mode === 'allowlist' ? [allowed, blocked, 'blocked'] : [blocked, allowed, 'allowed'];
  if (unused.length > 0) {
    filtering.notes.add('lost', filtering.pathOf(`domains.${key}`), `with the mode ${mode} only the other list counts`);
  }
  if (filtering.isEmpty || filtering.flag('enabled') === false) return undefined;
  return { mode, domains: used.flatMap((domain) => domainPattern(domain, filtering) ?? []) };
}

function listsOf(filtering: ForeignSection): { readonly blocked: string[]; readonly allowed: string[] } {
  const domains = filtering.section('domains');
  return {
    blocked: [...domains.texts('blocked'), ...filtering.texts('blocked', 'blocklist')],
    allowed: [...domains.texts('allowed'), ...filtering.texts('allowed', 'allowlist')],
  };
}

function domainPattern(written: string, filtering: ForeignSection): string | undefined {
  const domain = written.startsWith('.') ? `*${written}` : written;
  if (/^(?:\*\.)?[^\s*/:?[\](){}|^$\\]+$/.test(domain)) return domain;
  filtering.notes.add(
    'lost',
    filtering.pathOf('domains'),
    `"${written}" is no domain: only "*." in front stands for more`,
  );
  return undefined;
}

function cacheSections(cache: ForeignSection): { readonly policy: Map | undefined; readonly store: Map | undefined } {
  const store = defined<JsonValue>({
    max_memory: cache.text('max_memory'),
    default_ttl: cache.duration('default_ttl'),
  });
  const isOn = !cache.isEmpty && cache.flag('enabled') !== false;
  return { policy: isOn ? {} : undefined, store: filled(store) };
}

function execSection(cli: ForeignSection, isLocal: boolean): Map | undefined {
  const commands = cli.texts('allowed_commands');
  const absolute = commands.filter((command) => isAbsolute(command) || command.startsWith('${'));
  for (const command of commands.filter((each) => !absolute.includes(each))) {
    cli.notes.add(
      'lost',
      cli.pathOf('allowed_commands'),
      `"${command}" is not an absolute path, such as /usr/bin/${command}`,
    );
  }
  const isOpenToAll = cli.flag('enabled') === true && !isLocal;
  if (isOpenToAll) {
    cli.change('enabled', 'off until there are `users` who may `exec`: here anybody on the network could run commands');
  }
  const exec = defined<JsonValue>({
    enabled: isOpenToAll ? false : cli.flag('enabled'),
    allowed_commands: filled(absolute),
    max_concurrent: cli.number('max_concurrent'),
    timeout: cli.duration('process_timeout'),
  });
  return filled(exec);
}
