// The configuration of ai-mux (formerly CCM), in YAML or JSON, the earlier shape with `AnthropicBase` too. Rule: what was open to
// everybody who got there is so on this machine only, and what was not said there keeps the meaning that it had there.

import { takesClaudeLogin } from '../checks/ai-stores.ts';
import type { JsonValue } from '../source-tree.ts';
import type { ForeignSection } from './foreign-section.ts';
import { defined, filled, logLevel, nameText } from './foreign-values.ts';

type Map = Readonly<Record<string, JsonValue>>;

const BASE = ['anthropic_base', 'anthropic_base_url'];
const TOKEN_URL = ['oauth_token_endpoint', 'oauth_token_url', 'token_endpoint', 'token_url'];
const BETA = ['beta_header', 'anthropic_beta', 'beta'];
const CREDENTIAL_FILE = ['credential_path', 'credentials_path', 'credential_file', 'credentials_file'];
/** Keys of the earlier shape, which knew Claude alone. */
const EARLIER = [...BASE, ...TOKEN_URL, ...CREDENTIAL_FILE, ...BETA, 'extra_headers'];

export function fromAimux(root: ForeignSection): Record<string, JsonValue> {
  const users = usersOf(root);
  root.loseIfThere('refresh_check_interval', 'credentials are refreshed shortly before they expire');
  return defined<JsonValue>({
    log: filled(defined({ level: logLevel(root, 'log_level') })),
    users: filled(users),
    egress: { listen: null },
    gateway: defined<JsonValue>({ listen: listenOf(root, users.length > 0), tls: tlsOf(root.section('tls')) }),
    ai: defined<JsonValue>({
      enabled: true,
      auth: users.length > 0 ? undefined : 'none',
      request_timeout: timeoutOf(root),
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

function usersOf(root: ForeignSection): Map[] {
  const names = new Set<string>();
  const users = root.sections('users').flatMap((user, index): Map[] => {
    const one = userOf(user, index, names);
    return one === undefined ? [] : [one];
  });
  if (users.length > 0) {
    root.notes.add('hint', root.pathOf('users'), 'some versions also let in requests without a token; here nobody is');
  }
  return users;
}

function userOf(user: ForeignSection, index: number, names: Set<string>): Map | undefined {
  const wanted = nameText(user, 'name', `user-${index + 1}`);
  const token = user.text('token');
  if (token === undefined) {
    user.lose('token', 'a user without a token cannot get in');
    return undefined;
  }
  const name = names.has(wanted) ? `${wanted}-${index + 1}` : wanted;
  if (name !== wanted) user.change('name', `the name is "${name}" now: each user has one of their own`);
  names.add(name);
  return { name, token, may: ['ai'] };
}

/** Nothing, and 0, meant what is the default there as well as here. */
function timeoutOf(root: ForeignSection): string | undefined {
  const written = root.duration('request_timeout');
  return written !== undefined && /^0+(?:\.0+)?(?:ms|s|m|h)$/.test(written) ? undefined : written;
}

function tlsOf(tls: ForeignSection): Map | undefined {
  const [cert, key] = [tls.text('cert_path', 'cert', 'cert_file'), tls.text('key_path', 'key', 'key_file')];
  const isOn = tls.flag('enabled') === true;
  if (isOn && cert !== undefined && key !== undefined) return { cert, key };
  if (isOn) tls.lose('enabled', 'TLS needs both a certificate and its key');
  else if (cert !== undefined || key !== undefined) {
    tls.notes.add('lost', tls.pathOf(cert === undefined ? 'key_path' : 'cert_path'), 'TLS was not enabled');
  }
  return undefined;
}

function providersOf(root: ForeignSection): Map | undefined {
  const wanted = providersWanted(root);
  for (const name of ['claude', 'chatgpt']) {
    if (!wanted.has(name)) {
      root.change('providers', `/${name} is there, with the credentials of the client alone`);
    }
  }
  return defined<JsonValue>({
    claude: wanted.has('claude') ? claudeOf(root) : undefined,
    chatgpt: wanted.has('chatgpt') ? { credentials: { store: `${stateOf(root)}/chatgpt/auth.json` } } : undefined,
  });
}

function providersWanted(root: ForeignSection): ReadonlySet<string> {
  const listed = root.texts('providers').map((name) => name.toLowerCase());
  for (const name of listed.filter((each) => each !== 'claude' && each !== 'chatgpt')) {
    root.notes.add('lost', root.pathOf('providers'), `"${name}" is no provider that Sluice knows`);
  }
  if (listed.length > 0) return new Set(listed);
  return new Set(root.has(...EARLIER) ? ['claude'] : ['claude', 'chatgpt']);
}

/** Where the logins are. */
function stateOf(root: ForeignSection): string {
  const written = root.text('state_dir');
  if (written !== undefined) return written.replace(/(?<=.)\/+$/, '');
  root.notes.add(
    'hint',
    root.pathOf('state_dir'),
    'not set, so that logins are looked for in ~/.ai-mux; of some versions they are in ~/.aimux',
  );
  return '~/.ai-mux';
}

function claudeOf(root: ForeignSection): Map {
  const base = root.text(...BASE);
  const tokenUrl = root.text(...TOKEN_URL);
  const beta = root.text(...BETA);
  const headers = filled(root.textsByName('extra_headers', 'headers'));
  const file = root.text(...CREDENTIAL_FILE);
  if (base !== undefined && !takesClaudeLogin(base, 'base')) {
    const why = 'a login goes to Anthropic itself, and not to what takes its place: clients send what they have';
    root.notes.add('lost', root.pathOf(written(root, CREDENTIAL_FILE) ?? 'credential_path'), why);
    for (const key of [written(root, TOKEN_URL), written(root, BETA)]) {
      if (key !== undefined) root.lose(key, 'it was for the login');
    }
    return defined<JsonValue>({ base, headers });
  }
  const isTheirs = tokenUrl === undefined || takesClaudeLogin(tokenUrl, 'token_url');
  if (!isTheirs) root.lose(written(root, TOKEN_URL) ?? '', 'a login is renewed by Anthropic itself');
  return defined<JsonValue>({
    base,
    credentials: { store: file ?? `${stateOf(root)}/claude/.credentials.json` },
    token_url: isTheirs ? tokenUrl : undefined,
    beta,
    headers,
  });
}

function written(root: ForeignSection, keys: readonly string[]): string | undefined {
  return keys.find((key) => root.has(key));
}
