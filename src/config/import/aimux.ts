// The configuration of ai-mux (formerly CCM), in YAML or JSON, the earlier shape with `AnthropicBase` too. Rule: without
// users it was open to everybody who got there; that is possible on this machine only, so the door moves to loopback.

import type { JsonValue } from '../source-tree.ts';
import type { ForeignSection } from './foreign-section.ts';
import { defined, filled, logLevel, nameText } from './foreign-values.ts';

type Map = Record<string, JsonValue>;

export function fromAimux(root: ForeignSection): Map {
  const users = root.sections('users').flatMap((user, index) => userOf(user, index) ?? []);
  root.loseIfThere('refresh_check_interval', 'credentials are refreshed shortly before they expire');
  return defined<JsonValue>({
    log: filled(defined({ level: logLevel(root, 'log_level') })),
    users: filled(users),
    egress: { listen: null },
    gateway: defined<JsonValue>({ listen: listenOf(root, users.length > 0), tls: tlsOf(root.section('tls')) }),
    ai: defined<JsonValue>({
      enabled: true,
      auth: users.length > 0 ? undefined : 'none',
      request_timeout: root.duration('request_timeout'),
      providers: providersOf(root),
    }),
  });
}

function listenOf(root: ForeignSection, hasUsers: boolean): string {
  const written = root.text('listen', 'listen_addr', 'addr') ?? ':8080';
  if (hasUsers || /^(?:127\.|localhost:|\[::1\])/.test(written)) return written;
  root.change('listen', 'only this machine gets there now, because without users it would be open to everybody');
  return `127.0.0.1:${/:([^:]*)$/.exec(written)?.[1] ?? '8080'}`;
}

function userOf(user: ForeignSection, index: number): Map | undefined {
  const name = nameText(user, 'name', `user-${index + 1}`);
  const token = user.text('token');
  if (token !== undefined) return { name, token, may: ['ai'] };
  user.lose('token', 'a user without a token cannot get in');
  return undefined;
}

function tlsOf(tls: ForeignSection): Map | undefined {
  const [cert, key] = [tls.text('cert_path', 'cert', 'cert_file'), tls.text('key_path', 'key', 'key_file')];
  if (tls.isEmpty || tls.flag('enabled') === false || cert === undefined || key === undefined) return undefined;
  return { cert, key };
}

function providersOf(root: ForeignSection): Map | undefined {
  const state = root.text('state_dir') ?? '~/.ai-mux';
  const wanted = root.texts('providers').map((name) => name.toLowerCase());
  for (const name of wanted.filter((each) => each !== 'claude' && each !== 'chatgpt')) {
    root.notes.add('lost', root.pathOf('providers'), `"${name}" is no provider that Sluice knows`);
  }
  const isOn = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  for (const name of ['claude', 'chatgpt']) {
    if (!isOn(name))
      root.notes.add(
        'changed',
        root.pathOf('providers'),
        `/${name} is there, with the credentials of the client alone`,
      );
  }
  return defined<JsonValue>({
    claude: isOn('claude') ? claudeOf(root, state) : undefined,
    chatgpt: isOn('chatgpt') ? { credentials: { store: `${state}/chatgpt/auth.json` } } : undefined,
  });
}

function claudeOf(root: ForeignSection, state: string): Map {
  const store = root.text('credential_path', 'credentials_path', 'credential_file', 'credentials_file');
  return defined<JsonValue>({
    base: root.text('anthropic_base', 'anthropic_base_url'),
    credentials: { store: store ?? `${state}/claude/.credentials.json` },
    token_url: root.text('oauth_token_endpoint', 'oauth_token_url', 'token_endpoint', 'token_url'),
    beta: root.text('beta_header', 'anthropic_beta', 'beta'),
    headers: filled(root.textsByName('extra_headers', 'headers')),
  });
}
